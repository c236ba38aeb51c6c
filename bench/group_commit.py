"""A writer thread on one SQLite file that commits together what waits together."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from pathlib import Path
from typing import NamedTuple

Statement = tuple[str, tuple[str | int, ...]]


class Write(NamedTuple):
    """One transaction waiting for its commit."""

    statements: tuple[Statement, ...]
    future: asyncio.Future[int]


class GroupCommit:
    """A front for one event loop, and the thread that owns the connection.

    A batch that fails fails for all who wait in it: enough for a floor, where nothing may fail.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self._path = path
        self._schema = schema
        self._queue: queue.SimpleQueue[Write | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="floor-writer", daemon=True)

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(self._schema)
        self._thread.start()

    async def close(self) -> None:
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        self._connection.close()

    async def commit(self, *statements: Statement) -> int:
        """Return the id of the row that was inserted last, once all statements are on disk."""
        future: asyncio.Future[int] = self._loop.create_future()
        self._queue.put(Write(statements, future))
        return await future

    def _write(self) -> None:
        while (write := self._queue.get()) is not None:
            batch: list[Write] = [write]
            with contextlib.suppress(queue.Empty):
                while (write := self._queue.get_nowait()) is not None:
                    batch.append(write)
            self._commit(batch)
            if write is None:  # it ended the batch, and this thread
                return

    def _commit(self, batch: list[Write]) -> None:
        cursor = self._connection.cursor()
        rows: list[int] = []
        error: sqlite3.Error | None = None
        try:
            cursor.execute("BEGIN IMMEDIATE")
            for statements, _ in batch:
                for statement, parameters in statements:
                    if cursor.execute(statement, parameters).rowcount != 1:
                        raise sqlite3.IntegrityError("A cycle took a step out of order.")
                rows.append(cursor.lastrowid or 0)
            cursor.execute("COMMIT")
        except sqlite3.Error as failure:
            error = failure
            self._connection.rollback()
        self._loop.call_soon_threadsafe(_resolve, batch, rows, error)


def _resolve(batch: list[Write], rows: list[int], error: sqlite3.Error | None) -> None:
    for i, write in enumerate(batch):
        if write.future.done():
            continue
        if error is not None:
            write.future.set_exception(error)
        else:
            write.future.set_result(rows[i])
