"""The embedded store: one writer thread that commits what waits together, and reading threads.

Functions that wait at the same moment share one commit, each in a savepoint, since the fsync is
what costs (measured: only group commit gains from concurrency).
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from bot.adapters.store.announcements import Announcements, follow, resolve
from bot.adapters.store.journal import Heads
from bot.adapters.store.migration import migrate_sqlite
from bot.adapters.store.runner import Entangled
from bot.adapters.store.serverlock import ServerLock
from bot.adapters.store.sqlite_connection import SqliteConnection, translated
from bot.adapters.store.statements import Compiled, Statement
from bot.adapters.store.transaction import Announcement
from bot.domain.chain import Signer
from bot.domain.errors import HandraiseError, Unavailable
from bot.service.ports.store import Listener, Topic

T = TypeVar("T")

BATCH = 128
"""Functions that may share a commit: bounded, so that the first does not wait for all."""
PATIENCE = 0.02
"""Seconds that a function may wait for another's commit to share, where its caller allows it."""
READERS = 3
BUSY_TIMEOUT_MS = 5_000


class _Job:
    """One function waiting for the writer, and its waiter."""

    __slots__ = (
        "announcements",
        "arguments",
        "error",
        "function",
        "future",
        "loop",
        "result",
        "then",
    )

    def __init__(
        self,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        then: Callable[[Any], None] | None,
    ) -> None:
        self.function = function
        self.arguments = arguments
        self.loop = loop
        self.then = then
        self.future: asyncio.Future[Any] = loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None
        self.announcements: dict[Announcement, None] = {}


class _Savepoint:
    """Where a function of a batch began to write; most write only at their end and need none."""

    __slots__ = ("_cursor", "_is_set")

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor
        self._is_set = False

    def set(self) -> None:
        """Begin it."""
        self._cursor.execute("SAVEPOINT one")
        self._is_set = True

    def release(self) -> None:
        """Keep what was written since."""
        if self._is_set:
            self._cursor.execute("RELEASE one")

    def undo(self) -> None:
        """Take back what was written since."""
        if self._is_set:
            self._cursor.execute("ROLLBACK TO one")
            self._cursor.execute("RELEASE one")


class SqliteStore:
    """Implements the port `Store` on one SQLite file, for one server process."""

    def __init__(
        self, path: Path, *, journal_key: bytes = b"", former_journal_keys: Sequence[bytes] = ()
    ) -> None:
        """`journal_key` signs the journal's heads; without one they prove nothing."""
        self._path = path
        self._heads = Heads(Signer(journal_key, former_journal_keys))
        self._lock = ServerLock(path)
        self._compiled: dict[Statement, Compiled] = {}
        self._queue: queue.SimpleQueue[list[_Job] | None] = queue.SimpleQueue()
        self._announcements = Announcements()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._local = threading.local()
        self._opened: list[SqliteConnection] = []
        self._writer: SqliteConnection | None = None
        self._thread: threading.Thread | None = None
        self._is_open = False
        self._patient: list[_Job] = []

    async def open(self) -> None:
        """Take the file for this process and start the writer; `Conflict` when another has it."""
        self._lock.acquire()
        try:
            await asyncio.to_thread(migrate_sqlite, self._path)
            writer = await asyncio.to_thread(self._connect, writes=True)
        except BaseException:
            self._lock.release()
            raise
        self._writer = writer
        self._thread = threading.Thread(
            target=self._write, args=(writer,), name="store-writer", daemon=True
        )
        self._thread.start()
        self._is_open = True

    async def close(self) -> None:
        """Finish what waits, then close; what comes meanwhile is refused."""
        self._is_open = False
        self._hurry()
        thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            await asyncio.to_thread(thread.join)
        await asyncio.to_thread(self._readers.shutdown)
        # The writer goes last: who closes a database last empties its log into it.
        writer, self._writer = self._writer, None
        for connection in (*self._opened, *([writer] if writer else [])):
            await asyncio.to_thread(connection.close)
        self._opened.clear()
        self._lock.release()

    async def run(
        self, function: Callable[..., T], /, *args: Any, then: Callable[[T], None] | None = None
    ) -> T:
        """Run `function(transaction, *args)`; return its result after the commit."""
        if not self._is_open:
            raise Unavailable("The database is closed.")
        job = _Job(function, args, asyncio.get_running_loop(), then)
        patient, self._patient = self._patient, []
        self._queue.put([job, *patient])
        result: T = await job.future
        return result

    async def run_soon(
        self, function: Callable[..., T], /, *args: Any, then: Callable[[T], None] | None = None
    ) -> T:
        """Run as `run` does, in the next commit that somebody makes, or after `PATIENCE`."""
        if not self._is_open:
            raise Unavailable("The database is closed.")
        loop = asyncio.get_running_loop()
        job = _Job(function, args, loop, then)
        if not self._patient:
            loop.call_later(PATIENCE, self._hurry)
        self._patient.append(job)
        result: T = await job.future
        return result

    def _hurry(self) -> None:
        """Give the writer what waited long enough."""
        patient, self._patient = self._patient, []
        if patient:
            self._queue.put(patient)

    async def read(self, function: Callable[..., T], /, *args: Any) -> T:
        """Run a function that only reads, on a connection of its own."""
        if not self._is_open:
            raise Unavailable("The database is closed.")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, function, args)

    def listen(self, topic: Topic, listener: Listener) -> Callable[[], None]:
        """Call `listener` for each announcement of `topic`; return how to stop."""
        return self._announcements.listen(topic, listener)

    def broadcast(self, key: str) -> None:
        """Send an ephemeral announcement; there is only this server."""
        self._announcements.tell([(Topic.EPHEMERAL, key)])

    async def check(self) -> None:
        """Raise `Unavailable` unless the database answers a read."""
        await self.read(lambda tx: tx.people.get(""))

    def _connect(self, *, writes: bool) -> SqliteConnection:
        return SqliteConnection(
            self._path, self._compiled, self._heads, writes=writes, busy_timeout=BUSY_TIMEOUT_MS
        )

    def _read(self, function: Callable[..., T], args: tuple[Any, ...]) -> T:
        connection: SqliteConnection | None = getattr(self._local, "connection", None)
        try:
            if connection is None:
                connection = self._connect(writes=False)
                self._local.connection = connection
                self._opened.append(connection)
            # One snapshot for the whole function, however many statements it runs.
            connection.cursor.execute("BEGIN")
            try:
                connection.transaction.open()
                connection.transaction.begin()
                result = function(connection.transaction, *args)
                connection.transaction.finish()
                connection.transaction.end()  # which finds out who wanted to write
                return result
            finally:
                connection.connection.rollback()
        except sqlite3.Error as error:
            raise translated(error) from None

    def _write(self, writer: SqliteConnection) -> None:
        """Take jobs until there are no more."""
        stopping = False
        while not stopping:
            first = self._queue.get()
            if first is None:
                break
            jobs = first
            while len(jobs) < BATCH:
                try:
                    more = self._queue.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    stopping = True
                    break
                jobs.extend(more)
            self._commit(writer, jobs)
            with contextlib.suppress(RuntimeError):  # the loop was closed, and nobody waits
                jobs[0].loop.call_soon_threadsafe(self._settle, jobs)

    def _commit(self, writer: SqliteConnection, jobs: list[_Job]) -> None:
        """Commit the jobs together, or each alone when that fails: a full disk for one must not
        lose its neighbours.
        """
        if not self._try_commit(writer, jobs) and len(jobs) > 1:
            for job in jobs:
                self._try_commit(writer, [job])

    def _try_commit(self, writer: SqliteConnection, jobs: list[_Job]) -> bool:
        """Return False when each should be tried alone."""
        cursor = writer.cursor
        alone = len(jobs) == 1
        try:
            cursor.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            # Another process writes for longer than the busy timeout: each alone would wait again.
            _fail(jobs, translated(error))
            return True
        try:
            writer.forget_if_changed()
            writer.transaction.open()
            for job in jobs:
                self._run_one(writer, job, alone=alone)
            # What they left to be written is of all of them: if that fails, which nothing should
            # make it, the batch is off.
            writer.transaction.end()
            cursor.execute("COMMIT")
        except Entangled:
            writer.connection.rollback()
            writer.transaction.fail()
            return False
        except BaseException as error:  # noqa: BLE001 - this thread must outlive whatever it is
            # Some errors (disk full, I/O) have rolled everything back already.
            if writer.connection.in_transaction:
                writer.connection.rollback()
            writer.transaction.fail()
            _fail(jobs, translated(error))
            return False
        return True

    def _run_one(self, writer: SqliteConnection, job: _Job, *, alone: bool) -> None:
        transaction = writer.transaction
        savepoint = _Savepoint(writer.cursor)
        transaction.begin(None if alone else savepoint.set)
        job.error = None
        try:
            job.result = job.function(transaction, *job.arguments)
            transaction.finish()
        except (Entangled, sqlite3.OperationalError):
            raise  # not this function's own trouble: the whole batch is off
        except BaseException as error:  # noqa: BLE001 - handed to the waiter
            job.error = translated(error) if isinstance(error, sqlite3.Error) else error
            job.result = None
            transaction.undo()
            if alone:
                writer.cursor.execute("ROLLBACK")
                writer.cursor.execute("BEGIN")  # so that the commit has something to end
            else:
                savepoint.undo()
            return
        savepoint.release()
        job.announcements = transaction.announcements

    def _settle(self, jobs: list[_Job]) -> None:
        """Wake the waiters, tell the listeners, then do what is to follow.

        In this order: what one function stopped must not be what another began.
        """
        announcements: dict[Announcement, None] = {}
        for job in jobs:
            resolve(job.future, job.result, job.error)
            if job.error is None and job.announcements:
                announcements.update(job.announcements)
        self._announcements.tell(announcements)
        for job in jobs:
            if job.then is not None and job.error is None:
                follow(job.then, job.result)


def _fail(jobs: list[_Job], error: HandraiseError) -> None:
    """Give each waiter an error of its own: raised in two places, one would collect both traces."""
    for job in jobs:
        job.error = type(error)(error.message, code=error.code)
        job.result = None
        job.announcements = {}
