"""A database is brought to the wanted schema once, carefully, or not touched at all."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine
from sqlalchemy.schema import CreateIndex

from bot.adapters.store import migration
from bot.adapters.store.migration import (
    MIGRATIONS,
    REVISION,
    MigrationFailed,
    SchemaUnknown,
    migrate_postgres,
    migrate_sqlite,
)
from bot.adapters.store.postgres import PostgresStore
from bot.adapters.store.schema import metadata
from bot.adapters.store.schema.naming import for_postgres
from bot.adapters.store.sqlite import SqliteStore
from bot.domain.errors import Conflict, Unavailable
from bot.domain.place import Binding
from tests.contract.conftest import AnyStore
from tests.contract.postgres_server import PostgresServer

START = """
import asyncio, sys
from bot.adapters.store.opening import make_store

async def main():
    store = make_store(sys.argv[1])
    await store.open()
    await store.close()
    print("alembic" in sys.modules, "psycopg" in sys.modules)

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def nothing_is_made_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a store migrate its file itself, as a server does (tests/beforehand.py)."""
    monkeypatch.setattr("bot.adapters.store.sqlite.migrate_sqlite", migrate_sqlite)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "100% new.db"


@pytest.fixture
def empty_url(postgres_server: PostgresServer) -> Iterator[str]:
    with postgres_server.database(empty=True) as url:
        yield url


@pytest.fixture
def older(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file whose schema is one revision behind what this version wants, and holds a row."""
    migrate_sqlite(path)
    execute(path, "INSERT INTO rates VALUES ('k', 1)")
    monkeypatch.setattr(migration, "REVISION", "9999")
    return path


def execute(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(sql).fetchall()


def start(url: str) -> str:
    """Open the store in a process of its own; say whether it imported Alembic and psycopg."""
    command = [sys.executable, "-W", "error", "-c", START, url]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def differences(engine: Engine) -> list[object]:
    if engine.dialect.name == "postgresql":
        for_postgres()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = list(compare_metadata(context, metadata))
        dialect = connection.dialect
        # Alembic does not compare what an index is limited to, nor SQLite's WITHOUT ROWID.
        wanted = [
            str(CreateIndex(index).compile(dialect=dialect))
            for table in metadata.tables.values()
            for index in table.indexes
            if index.dialect_options[dialect.name]["where"] is not None
        ]
        if dialect.name == "sqlite":
            rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master").fetchall()
            made = " ".join(str(sql) for _, sql in rows)
            found += [sql for sql in wanted if _plain(sql) not in _plain(made)]
            found += [
                name
                for name, sql in rows
                if name in metadata.tables
                and ("WITHOUT ROWID" in sql)
                == metadata.tables[name].dialect_options["sqlite"]["with_rowid"]
            ]
        else:
            partial = "SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%% WHERE %%'"
            count = connection.exec_driver_sql(partial).scalar_one()
            found += [count] if count != len(wanted) else []
        assert wanted
    return found


def from_nothing(path: Path) -> None:
    """Make a file by the migrations alone, one after the other."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migration.upgrade_sqlite(connection, None)


def _plain(sql: str) -> str:
    return " ".join(sql.split())


@pytest.mark.parametrize("step_by_step", [False, True], ids=["at once", "step by step"])
def test_a_new_file_and_the_migrations_come_to_the_schema(path: Path, step_by_step: bool) -> None:
    if step_by_step:
        from_nothing(path)
    else:
        migrate_sqlite(path)
    assert execute(path, "SELECT version_num FROM alembic_version") == [(REVISION,)]
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(path))
    assert differences(engine) == []
    engine.dispose()


@pytest.mark.postgres
def test_the_migrations_make_the_schema_on_postgresql(empty_url: str) -> None:
    with psycopg.connect(empty_url) as connection:
        migrate_postgres(connection)
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(empty_url))
    assert differences(engine) == []
    engine.dispose()


def test_the_wanted_revision_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [REVISION]


def test_a_start_does_not_import_alembic_unless_it_must(path: Path) -> None:
    assert start(f"sqlite:///{path}".replace("%", "%25")) == "False False"
    assert start(f"sqlite:///{path}".replace("%", "%25")) == "False False"
    assert execute(path, "PRAGMA journal_mode") == [("wal",)]
    assert path.stat().st_mode & 0o077 == 0
    assert not list(path.parent.glob("*.bak"))


@pytest.mark.postgres
def test_a_second_start_on_postgresql_does_not_import_alembic(empty_url: str) -> None:
    assert start(empty_url) == "True True"
    assert start(empty_url) == "False True"


@pytest.mark.postgres
async def test_servers_that_start_together_migrate_once(empty_url: str) -> None:
    stores = [PostgresStore(empty_url, writers=1, readers=1) for _ in range(4)]
    await asyncio.gather(*(store.open() for store in stores))
    for store in stores:
        await store.check()
        await store.close()


async def test_a_newer_schema_is_refused(path: Path) -> None:
    migrate_sqlite(path)
    execute(path, "UPDATE alembic_version SET version_num = '9999'")
    store = SqliteStore(path)
    for _ in range(2):  # the refused start leaves no lock behind
        with pytest.raises(SchemaUnknown, match="written by a newer Handraise"):
            await store.open()
    assert issubclass(SchemaUnknown, Conflict)
    assert execute(path, "SELECT version_num FROM alembic_version") == [("9999",)]


@pytest.mark.postgres
async def test_a_newer_schema_is_refused_on_postgresql(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    store = PostgresStore(postgres_url)
    with pytest.raises(SchemaUnknown, match="written by a newer Handraise"):
        await store.open()
    await store.close()


@pytest.mark.postgres
async def test_another_program_s_database_is_refused_on_postgresql(empty_url: str) -> None:
    with psycopg.connect(empty_url) as connection:
        connection.execute("CREATE TABLE recipes (id int)")
    store = PostgresStore(empty_url)
    with pytest.raises(SchemaUnknown, match="not Handraise's"):
        await store.open()
    await store.close()
    with psycopg.connect(empty_url) as connection:
        rows = connection.execute(
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
        )
        assert rows.fetchall() == [("recipes",)]


def test_another_program_s_file_is_refused(path: Path) -> None:
    execute(path, "CREATE TABLE recipes (id)")
    with pytest.raises(SchemaUnknown, match="not Handraise's"):
        migrate_sqlite(path)
    assert execute(path, "SELECT name FROM sqlite_master") == [("recipes",)]


def test_what_is_no_database_is_left_alone(path: Path) -> None:
    path.write_text("Dear diary, " * 100)
    with pytest.raises(Unavailable, match="cannot be opened"):
        migrate_sqlite(path)
    assert path.read_text().startswith("Dear diary")


async def test_a_folder_that_cannot_be_made_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="DATA_DIR"):
        await SqliteStore(tmp_path / "file" / "x.db").open()


def test_a_file_is_copied_before_it_is_changed(
    older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def upgrade(core: object, stored: str | None) -> None:
        core.exec_driver_sql("DROP TABLE rates")  # type: ignore[attr-defined]

    monkeypatch.setattr(migration, "_upgrade", upgrade)
    migrate_sqlite(older)
    copy = older.with_name(older.name + f".{REVISION}.bak")
    assert execute(copy, "SELECT * FROM rates") == [("k", 1)]
    assert execute(copy, "PRAGMA integrity_check") == [("ok",)]
    assert copy.stat().st_mode & 0o077 == 0
    assert execute(older, "SELECT name FROM sqlite_master WHERE name = 'rates'") == []
    assert not list(older.parent.glob("*.partial"))


def test_a_migration_that_fails_leaves_the_file_as_it_was(
    older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even what it had already changed, tables included, is undone."""

    def upgrade(core: object, stored: str | None) -> None:
        core.exec_driver_sql("DROP TABLE rates")  # type: ignore[attr-defined]
        core.exec_driver_sql("CREATE TABLE half (done)")  # type: ignore[attr-defined]
        raise MigrationFailed("no")

    before = execute(older, "SELECT sql FROM sqlite_master")
    monkeypatch.setattr(migration, "_upgrade", upgrade)
    with pytest.raises(MigrationFailed):
        migrate_sqlite(older)
    assert execute(older, "SELECT sql FROM sqlite_master") == before
    assert execute(older, "SELECT * FROM rates") == [("k", 1)]


def test_a_migration_that_is_missing_is_said_plainly(older: Path) -> None:
    with pytest.raises(
        MigrationFailed, match=f"could not be brought from schema {REVISION} to 9999"
    ):
        migrate_sqlite(older)


@pytest.fixture
def from_the_first(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file as the first version left it, with one session in it."""
    with monkeypatch.context() as first:
        first.setattr(migration, "REVISION", "0001")
        from_nothing(path)
    _fill(lambda sql: execute(path, sql))
    return path


def _fill(run: Callable[[str], object]) -> None:
    run("INSERT INTO persons (id, name, zone, feed_seq, created_at) VALUES ('p','Ann','UTC',0,1)")
    run(
        "INSERT INTO sessions (id, owner_id, title, state, created_at, last_active_at, message_seq,"
        " feed_seq, wake_seq, planned_seq, summary, summary_seq, open_questions, claim_number,"
        " warned, failures) VALUES ('s','p','Ship?','active',1,1,1,1,1,1,'',0,0,0,0,0)"
    )
    run(
        "INSERT INTO messages (session_id, seq, id, role, person_id, channel, text, at)"
        " VALUES ('s',1,'m','user','p','chat','Hello',1)"
    )


async def _was_kept(store: AnyStore) -> None:
    """What was there before has no place, and may get one."""
    session = await store.read(lambda tx: tx.sessions.get("s"))
    assert session is not None
    assert (session.title, session.place) == ("Ship?", None)
    messages = await store.read(lambda tx: tx.messages.after("s", 0, 9))
    assert [(message.text, message.place) for message in messages] == [("Hello", None)]
    binding = Binding(place="slack:C1", session_id="s", lane="slack", created_at=2)
    assert await store.run(lambda tx: tx.bindings.add(binding))
    assert await store.read(lambda tx: tx.bindings.of_session("s")) == [binding]


async def test_a_file_of_the_first_version_is_brought_on(from_the_first: Path) -> None:
    store = SqliteStore(from_the_first)
    await store.open()
    await _was_kept(store)
    await store.close()
    copy = from_the_first.with_name(from_the_first.name + ".0001.bak")
    assert execute(copy, "SELECT version_num FROM alembic_version") == [("0001",)]
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(from_the_first))
    assert differences(engine) == []
    engine.dispose()


@pytest.mark.postgres
async def test_a_database_of_the_first_version_is_brought_on(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(empty_url) as connection, monkeypatch.context() as first:
        first.setattr(migration, "REVISION", "0001")
        migrate_postgres(connection)
    with psycopg.connect(empty_url) as connection:
        _fill(connection.execute)
    store = PostgresStore(empty_url)
    await store.open()
    await _was_kept(store)
    await store.close()
