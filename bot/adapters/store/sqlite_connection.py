"""One connection to an SQLite file, and what its driver's errors mean."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

from bot.adapters.store.journal import Heads
from bot.adapters.store.runner import Runner
from bot.adapters.store.statements import SQLITE, Compiled, Statement
from bot.adapters.store.transaction import StoreTransaction
from bot.domain.errors import Conflict, HandraiseError, Unavailable
from bot.service.ports.store import NOT_WRITABLE

log = logging.getLogger(__name__)

_NO_ROOM = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR")
LOG_BYTES = 64 * 1024 * 1024
CHECKPOINT_PAGES = 4_000
"""After how many pages the log is copied into the file: 4 MB, as is usual; ours are small."""


class SqliteConnection:
    """A connection with the pragmas that the store relies on, and its transaction object."""

    def __init__(
        self,
        path: Path,
        compiled: dict[Statement, Compiled],
        heads: Heads,
        *,
        writes: bool,
        busy_timeout: int,
    ) -> None:
        """`busy_timeout` is in milliseconds, while another process writes."""
        self.connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        self.cursor = self.connection.cursor()
        self.cursor.execute(f"PRAGMA busy_timeout = {busy_timeout}")
        self.cursor.execute("PRAGMA journal_mode = WAL")
        self.cursor.execute("PRAGMA synchronous = FULL")
        self.cursor.execute("PRAGMA foreign_keys = ON")
        # What is erased is gone from the file, too, whatever this SQLite was compiled with.
        self.cursor.execute("PRAGMA secure_delete = ON")
        if writes:
            # After a burst the log's file shrinks again; checkpoints come by themselves.
            self.cursor.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
            self.cursor.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        else:
            self.cursor.execute("PRAGMA query_only = ON")
        # Where this one writes, it has the file to itself from BEGIN IMMEDIATE on.
        runner = Runner(self.cursor, SQLITE, compiled, is_exclusive=writes)
        self.transaction = StoreTransaction(runner, heads)
        self._seen = self._version()

    def forget_if_changed(self) -> None:
        """Forget what is known when another connection has written since; in a transaction."""
        seen = self._version()
        if seen != self._seen:
            self._seen = seen
            self.transaction.forget()

    def _version(self) -> int:
        self.cursor.execute("PRAGMA data_version")
        version: int = self.cursor.fetchone()[0]
        return version

    def close(self) -> None:
        """Close it; a transaction that is open is rolled back."""
        self.connection.close()


def translated(error: BaseException) -> HandraiseError:
    """Return the error that leaves this adapter; the driver's text stays in the log."""
    log.error("the database refused: %s: %s", type(error).__name__, error)
    if isinstance(error, sqlite3.IntegrityError):
        return Conflict("This clashes with what is stored already. Look at it again.")
    name = getattr(error, "sqlite_errorname", None) or ""
    sentence = "The database cannot be used just now. Try again in a moment."
    return Unavailable(sentence, code=NOT_WRITABLE if name.startswith(_NO_ROOM) else None)
