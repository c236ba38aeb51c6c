"""Brings a database to the wanted schema at start, and touches nothing when it is there already.

One SELECT compares the revisions; Alembic is imported only when they differ.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain.errors import Conflict, Unavailable

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import Connection

log = logging.getLogger(__name__)

REVISION = "0005"
"""The newest migration: what this version of the code works with."""
MIGRATIONS = Path(__file__).parent / "migrations"

_STORED = "SELECT version_num FROM alembic_version"
_ADVISORY_KEY = 0x48616E6472616973  # "Handrais", so that no other program's lock is met by chance


class SchemaUnknown(Conflict):
    """The database was written by a newer Handraise, or by another program."""

    code = "schema_unknown"


class MigrationFailed(Conflict):
    """A migration did not end; the database is as it was."""

    code = "migration_failed"


def migrate_sqlite(path: Path) -> None:
    """Bring the file to `REVISION`, copying it first when there is something in it.

    Raises `SchemaUnknown`, `MigrationFailed`, or `Unavailable` when it cannot be opened.
    """
    try:
        # Made by us, so that nobody else can read it; SQLite's own files take after it.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as connection:
            if _sqlite_revision(connection) == REVISION:
                return
            # Only one process migrates; who waited here finds the work done.
            with _file_lock(path.with_name(path.name + ".migrating")):
                stored = _sqlite_revision(connection)
                if stored != REVISION:
                    _migrate_file(connection, path, stored)
    except (sqlite3.Error, OSError) as error:
        log.error("the database file cannot be opened: %s", error)  # noqa: TRY400 - no trace
        raise Unavailable(
            f"The database file {path} cannot be opened or written. Check that the folder exists, "
            "that it is this user's, and that the disk is not full."
        ) from None


def migrate_postgres(connection: psycopg.Connection[tuple[str, ...]]) -> None:
    """Bring a database to `REVISION` over an open connection.

    Raises `SchemaUnknown` or `MigrationFailed`, and psycopg's own errors when it is not reachable.
    """
    if _postgres_revision(connection) == REVISION:
        return
    from sqlalchemy import create_engine
    from sqlalchemy.pool import StaticPool

    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: connection, poolclass=StaticPool
    )
    with engine.connect() as core, core.begin():
        # Held until the commit; servers that start together migrate once.
        core.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_KEY})")
        tables = core.exec_driver_sql(
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        )
        names = {row[0] for row in tables}
        stored = core.exec_driver_sql(_STORED).scalar() if "alembic_version" in names else None
        if stored != REVISION:
            _check_origin(stored, names - {"alembic_version"})
            _upgrade(core, stored)


def check_sqlite(connection: sqlite3.Connection) -> None:
    """Raise `SchemaUnknown` unless the file has the schema that this version works with."""
    _check_revision(_sqlite_revision(connection))


def check_postgres(connection: psycopg.Connection[tuple[str, ...]]) -> None:
    """Raise `SchemaUnknown` unless the database has the schema that this version works with."""
    _check_revision(_postgres_revision(connection))


def _check_revision(stored: str | None) -> None:
    if stored is None:
        raise SchemaUnknown(
            "The database holds nothing of Handraise's yet. Start the server once, or set "
            "DATABASE_URL or DATA_DIR to the server's."
        )
    if stored != REVISION:
        raise SchemaUnknown(
            f"The database has schema {stored} and this version of Handraise works with "
            f"{REVISION}. Use the version that the server runs, or start this one's server once."
        )


def _sqlite_revision(connection: sqlite3.Connection) -> str | None:
    try:
        row = connection.execute(_STORED).fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return None
    return str(row[0]) if row else None


def _postgres_revision(connection: psycopg.Connection[tuple[str, ...]]) -> str | None:
    import psycopg

    try:
        row = connection.execute(_STORED).fetchone()
    except psycopg.errors.UndefinedTable:
        return None
    finally:
        connection.rollback()
    return row[0] if row else None


def _migrate_file(connection: sqlite3.Connection, path: Path, stored: str | None) -> None:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    names = {row[0] for row in rows} - {"alembic_version", "sqlite_sequence"}
    _check_origin(stored, names)
    if not names:
        # Small pages: a commit writes each page that it touched, and it touches many a little
        # (measured: a tenth more cycles than with 4,096 bytes). Only an empty file can be set.
        connection.execute("PRAGMA page_size = 2048")
        connection.execute("VACUUM")
        _create(connection)
        return
    _back_up(connection, path.with_name(f"{path.name}.{stored}.bak"))
    upgrade_sqlite(connection, stored)


def _create(connection: sqlite3.Connection) -> None:
    """Make every table at once: what the migrations come to, without Alembic and its memory."""
    from sqlalchemy.schema import CreateIndex, CreateTable

    from bot.adapters.store.schema import metadata
    from bot.adapters.store.statements import SQLITE

    connection.execute("BEGIN IMMEDIATE")
    try:
        for table in metadata.sorted_tables:
            connection.execute(str(CreateTable(table).compile(dialect=SQLITE)))
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                connection.execute(str(CreateIndex(index).compile(dialect=SQLITE)))
        connection.execute(_VERSION_TABLE)
        connection.execute("INSERT INTO alembic_version VALUES (?)", (REVISION,))
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    log.info("the database was made with schema %s", REVISION)


def upgrade_sqlite(connection: sqlite3.Connection, stored: str | None) -> None:
    """Bring a file from a former schema, or from nothing, to `REVISION` step by step."""
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import StaticPool

    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    # The driver begins nothing by itself here, and DDL in SQLite is transactional when asked.
    event.listen(engine, "begin", lambda core: core.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.connect() as core, core.begin():
        _upgrade(core, stored)


_VERSION_TABLE = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
    "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)
"""As Alembic makes it, which finds it when the next migration comes."""


def _check_origin(stored: str | None, tables: set[str]) -> None:
    """Refuse a database that no version of ours up to this one has written."""
    if stored is None:
        if tables:
            raise SchemaUnknown(
                "The database holds tables that are not Handraise's. Set DATABASE_URL to an empty "
                "database or to one that Handraise made."
            )
        return
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if stored not in known:
        raise SchemaUnknown(
            f"The database was written by a newer Handraise (its schema is {stored}, this version "
            f"knows up to {REVISION}). Start that version, or restore a backup made before it."
        )


def _upgrade(core: Connection, stored: str | None) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": core})
    # Alembic's settings expand percent signs, which a folder's name may hold.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        command.upgrade(config, REVISION)
    except Exception as error:
        log.exception("the migration from %s to %s failed", stored, REVISION)
        raise MigrationFailed(
            f"The database could not be brought from schema {stored or 'none'} to {REVISION} and "
            "was left as it was; the log says why."
        ) from error
    log.info("the database went from schema %s to %s", stored, REVISION)


def _back_up(connection: sqlite3.Connection, target: Path) -> None:
    """Copy the database while others may use it; a copy that broke off takes nobody's place."""
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with closing(sqlite3.connect(partial)) as copy:
            connection.backup(copy)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    partial.replace(target)
    log.info("the database was copied to %s first", target)


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
