"""The store as the command line uses it: beside a server, and never migrating."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.store.maintenance import maintain
from bot.adapters.store.migration import SchemaUnknown
from bot.adapters.store.opening import make_store
from bot.domain.errors import Unavailable
from bot.service.ports.store import Topic, Transaction
from tests.contract.conftest import AnyStore
from tests.contract.postgres_server import PostgresServer
from tests.contract.records import a_person


@pytest.fixture
def empty_url(postgres_server: PostgresServer) -> Iterator[str]:
    with postgres_server.database(empty=True) as url:
        yield url


async def test_it_reads_and_writes_beside_the_server(store: AnyStore, url: str) -> None:
    ann = a_person()
    await store.run(lambda tx: tx.people.add(ann))
    bob = a_person("Bob")

    def fail(tx: Transaction) -> None:
        tx.people.add(bob)
        raise LookupError

    def beside() -> None:
        with maintain(url, journal_key=b"") as database:
            assert database.read(lambda tx: tx.people.get(ann.id)) == ann
            with pytest.raises(LookupError):
                database.write(fail)
            database.write(lambda tx: tx.people.add(bob))

    await asyncio.to_thread(beside)
    assert await store.read(lambda tx: tx.people.get(bob.id)) == bob


@pytest.mark.postgres
async def test_servers_hear_of_what_it_writes(postgres_url: str) -> None:
    store = make_store(postgres_url)
    await store.open()
    heard = asyncio.Event()
    store.listen(Topic.SURFACE, lambda key: heard.set() if key == "s" else None)

    def beside() -> None:
        with maintain(postgres_url, journal_key=b"") as database:
            database.write(lambda tx: tx.announce(Topic.SURFACE, "s"))

    try:
        await asyncio.to_thread(beside)
        async with asyncio.timeout(10):
            await heard.wait()
    finally:
        await store.close()


def try_to(url: str) -> None:
    with maintain(url, journal_key=b""):
        raise AssertionError("it was opened")


def test_it_does_not_migrate(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.touch()
    with pytest.raises(SchemaUnknown, match="Start the server"):
        try_to(f"sqlite:///{path}")
    path.write_text("no database, but long enough for SQLite to look at its first bytes" * 9)
    with pytest.raises(Unavailable, match="cannot be used"):
        try_to(f"sqlite:///{path}")


@pytest.mark.postgres
def test_it_does_not_migrate_postgres(empty_url: str) -> None:
    with pytest.raises(SchemaUnknown, match="Start the server"):
        try_to(empty_url)
    with pytest.raises(Unavailable, match="DATABASE_URL"):
        try_to("postgresql://nobody@127.0.0.1:1/none")
