"""What each store of a run would do again is done once: compiling statements, making the tables.

A server opens its store once; a run of the tests opens some thousand of them.
"""

from __future__ import annotations

import functools
import os
import tempfile
from pathlib import Path

from bot.adapters.store import sqlite
from bot.adapters.store.migration import migrate_sqlite
from bot.adapters.store.statements import Statement


def begin() -> None:
    """Share from now on; tests of migrations call `migrate_sqlite` themselves."""
    Statement.compile = functools.cache(Statement.compile)  # type: ignore[method-assign]
    sqlite.migrate_sqlite = _migrate  # type: ignore[attr-defined]


def _migrate(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        migrate_sqlite(path)  # it is there already, or there is something to be told
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(_made())


@functools.cache
def _made() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.db"
        migrate_sqlite(path)
        return path.read_bytes()
