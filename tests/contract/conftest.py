"""The store on both databases: every contract test runs twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.adapters.store.opening import make_store
from bot.adapters.store.postgres import PostgresStore
from bot.adapters.store.sqlite import SqliteStore
from tests.contract.postgres_server import PostgresServer

AnyStore = SqliteStore | PostgresStore


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database with our tables in it."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'handraise.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def store(url: str) -> AsyncIterator[AnyStore]:
    store = make_store(url)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def two_servers(postgres_url: str) -> AsyncIterator[tuple[PostgresStore, PostgresStore]]:
    """Two servers on one PostgreSQL."""
    first, second = PostgresStore(postgres_url), PostgresStore(postgres_url)
    await first.open()
    await second.open()
    yield first, second
    await first.close()
    await second.close()
