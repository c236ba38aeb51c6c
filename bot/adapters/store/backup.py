"""Copies of an embedded database: made while the server writes, checked, and put back.

PostgreSQL has tools of its own for this, which do it better.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from bot.adapters.store.migration import check_sqlite
from bot.adapters.store.opening import SQLITE_URL
from bot.adapters.store.serverlock import ServerLock
from bot.domain.errors import Conflict, Invalid, Unavailable

_SIDE_FILES = ("-wal", "-shm")


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """A copy that was checked; its size is in bytes."""

    path: Path
    size: int


def back_up(url: str, target: Path, *, replace: bool = False) -> Copy:
    """Copy the database to `target` as it is at one moment, and check the copy.

    Whatever was acknowledged before is in it. Raises `Invalid` for PostgreSQL, `Conflict` when
    there is a file already, `Unavailable` when something cannot be read or written.
    """
    source = _file(url)
    if target.exists() and not replace:
        raise Conflict(f"There is a file {target} already: name another, or add --replace.")
    partial = target.with_name(target.name + ".partial")
    try:
        if not source.is_file():
            raise Unavailable(f"There is no database at {source}: check DATA_DIR or DATABASE_URL.")
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(source, timeout=30)) as connection:
            check_sqlite(connection)
            with closing(sqlite3.connect(partial)) as copy:
                # All pages in one step: one snapshot, however much is written meanwhile.
                connection.backup(copy)
                # One file, without a log beside it.
                copy.execute("PRAGMA journal_mode = DELETE")
        check(partial)
        _sync(partial)
        partial.replace(target)
        _sync(target.parent)
        return Copy(path=target, size=target.stat().st_size)
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Unavailable(
            f"The database could not be copied to {target} ({reason}). Check that the folder "
            "exists, that it is this user's, and that the disk is not full."
        ) from None
    finally:
        partial.unlink(missing_ok=True)


def restore(source: Path, url: str) -> Path | None:
    """Put a copy in the database's place; return to where what was there went.

    Raises `Conflict` while a server runs, `Invalid` when the copy is not whole.
    """
    path = _file(url)
    if not source.is_file():
        raise Unavailable(f"There is no file {source}.")
    lock = ServerLock(path)
    lock.acquire()
    try:
        check(source)
        partial = path.with_name(path.name + ".restoring")
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        shutil.copyfile(source, partial)
        _sync(partial)
        kept = _set_aside(path)
        partial.replace(path)
        _sync(path.parent)
        return kept
    except OSError as error:
        raise Unavailable(
            f"{source} could not be put in the place of {path} ({error.strerror}). Check that the "
            "folder exists, that it is this user's, and that the disk is not full."
        ) from None
    finally:
        lock.release()


def check(path: Path) -> None:
    """Raise `Invalid` unless a file is a whole database of this version's."""
    try:
        with closing(sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True)) as connection:
            check_sqlite(connection)
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error:
        found = None
    if found is None or found[0] != "ok":
        raise Invalid(f"{path} is not a whole database of Handraise's.")


def _set_aside(path: Path) -> Path | None:
    """Move a database out of the way, what its log holds included."""
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error:
        pass  # a broken one is why a copy is put back
    number = 1
    while (kept := path.with_name(f"{path.name}.replaced-{number}")).exists():
        number += 1
    path.replace(kept)
    for suffix in _SIDE_FILES:
        side = path.with_name(path.name + suffix)
        if side.exists():
            side.replace(kept.with_name(kept.name + suffix))
    return kept


def _file(url: str) -> Path:
    if url.startswith(SQLITE_URL):
        # Where a link leads, since that is what is copied, set aside and replaced.
        return Path(unquote(url.removeprefix(SQLITE_URL))).resolve()
    raise Invalid(
        "This database is PostgreSQL, which has tools of its own: "
        '`pg_dump --format=custom --file=FILE "$DATABASE_URL"` writes a backup while the servers '
        'run, and `pg_restore --clean --if-exists --dbname="$DATABASE_URL" FILE` puts it back '
        "while they are stopped."
    )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _quoted(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
