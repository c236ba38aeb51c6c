"""One server process at a time on an SQLite file, held by an advisory lock beside it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from bot.domain.errors import Conflict, Unavailable


class ServerLock:
    """An flock: the operating system drops it when the process dies, however it dies."""

    def __init__(self, database: Path) -> None:
        # By whatever links it is reached, it is one file, and SQLite follows them too.
        database = database.resolve()
        self._path = database.with_name(database.name + ".lock")
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock, or raise `Conflict` or `Unavailable` with a sentence for the operator."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise Unavailable(
                f"The folder {self._path.parent} cannot be written ({error.strerror}). Make it "
                "this user's, or set DATA_DIR or DATABASE_URL to another place.",
                code="data_folder",
            ) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise Conflict(
                f"Another Handraise server is using {self._path.with_suffix('')}. Stop it first, "
                "give this one another DATA_DIR, or set DATABASE_URL to a PostgreSQL database, "
                "which several servers can share.",
                code="database_in_use",
            ) from None
        self._descriptor = descriptor

    def release(self) -> None:
        """Let the next server in."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
