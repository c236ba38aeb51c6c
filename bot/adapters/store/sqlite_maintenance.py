"""Maintenance of an SQLite file beside its server: without the server's lock, one at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from bot.adapters.store.journal import Heads
from bot.adapters.store.migration import check_sqlite
from bot.adapters.store.sqlite_connection import SqliteConnection, translated
from bot.domain.errors import Unavailable

T = TypeVar("T")

BUSY_TIMEOUT_MS = 10_000
"""How long a write waits for the server's; each of those takes milliseconds."""


class SqliteMaintenance:
    """Implements `Maintenance` on one connection."""

    def __init__(self, path: Path, heads: Heads) -> None:
        if not path.is_file():  # SQLite would make it
            raise Unavailable(
                f"There is no database at {path}. Start the server once, or set DATABASE_URL or "
                "DATA_DIR to the server's."
            )
        try:
            with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_MS / 1000)) as connection:
                check_sqlite(connection)
            self._file = SqliteConnection(
                path, {}, heads, writes=True, busy_timeout=BUSY_TIMEOUT_MS
            )
        except sqlite3.Error:
            raise Unavailable(
                f"The database file {path} cannot be used. Check that it is this user's, and that "
                "it is a database."
            ) from None

    def read(self, function: Callable[..., T], /, *args: Any) -> T:
        """Run a function that only reads, on one snapshot."""
        return self._transact("BEGIN", "ROLLBACK", function, args)

    def write(self, function: Callable[..., T], /, *args: Any) -> T:
        """Run `function(transaction, *args)` and return its result after the commit."""
        return self._transact("BEGIN IMMEDIATE", "COMMIT", function, args)

    def close(self) -> None:
        """Close the connection."""
        self._file.close()

    def _transact(
        self, begin: str, end: str, function: Callable[..., T], args: tuple[Any, ...]
    ) -> T:
        file = self._file
        try:
            file.cursor.execute(begin)
            try:
                file.transaction.forget()
                file.transaction.begin()
                result = function(file.transaction, *args)
                file.transaction.end()
                file.cursor.execute(end)
            finally:
                if file.connection.in_transaction:
                    file.connection.rollback()
            return result
        except sqlite3.Error as error:
            raise translated(error) from None
