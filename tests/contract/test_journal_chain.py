"""The journal's chains on both databases: they verify, and what was tampered with is found."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.adapters.store.opening import make_store
from bot.domain.chain import FIRST_KIND
from bot.domain.journal import Entry
from bot.service.ports.store import Transaction
from tests.contract.conftest import AnyStore
from tests.contract.records import NOW, a_person, add_request

KEY = b"a key of the tests"


@pytest.fixture
async def store(url: str) -> Any:
    store = make_store(url, journal_key=KEY)
    await store.open()
    yield store
    await store.close()


def execute(url: str, sql: str) -> None:
    """Change the database behind the store's back, as somebody with access to it can."""
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, timeout=10)) as connection, connection:
            connection.execute(sql)
        return
    with psycopg.connect(url) as connection:
        connection.execute(sql)


def tell(tx: Transaction, request_id: str, *kinds: str) -> None:
    for number, kind in enumerate(kinds):
        tx.journal.add(
            Entry(kind=kind, at=NOW + number, request_id=request_id, data={"words": f"ä {kind}"})
        )


async def fault(store: AnyStore, request_id: str = "r") -> str | None:
    return (await store.read(lambda tx: tx.journal.verify(request_id))).fault


async def test_a_story_verifies_however_it_came_about(store: AnyStore, url: str) -> None:
    await store.run(tell, "r", FIRST_KIND, "one")
    await store.run(tell, "r", "two")
    await store.run(lambda tx: tx.journal.add(Entry(kind="turn.planned", at=NOW)))
    found = await store.read(lambda tx: tx.journal.chain_of("r"))
    assert [each.chain_number for each in found.records] == [1, 2, 3]
    assert [each.entry for each in found.records] == await store.read(
        lambda tx: tx.journal.of_request("r")
    )
    await store.close()

    # Another server, or the same after a restart, remembers nothing.
    again = make_store(url, journal_key=KEY)
    await again.open()
    await again.run(tell, "r", "three", "four")
    verdict = await again.read(lambda tx: tx.journal.verify("r"))
    assert (verdict.fault, verdict.entries, verdict.erased) == (None, 5, 0)
    records = await again.read(lambda tx: tx.journal.records(0, 0, NOW + 1, 9))
    assert [each.chain_number for each in records] == [1, 3, None, 4]
    await again.close()
    await store.open()


async def test_what_was_rolled_back_leaves_no_trace(store: AnyStore) -> None:
    def fail(tx: Transaction, *kinds: str) -> None:
        tell(tx, "r", *kinds)
        raise LookupError

    with pytest.raises(LookupError):
        await store.run(fail, FIRST_KIND, "one")
    await store.run(tell, "r", FIRST_KIND)
    with pytest.raises(LookupError):
        await store.run(fail, "one", "two")
    await store.run(tell, "r", "one")
    assert await fault(store) is None


async def test_many_at_once_keep_one_chain(store: AnyStore) -> None:
    await store.run(tell, "r", FIRST_KIND)
    await asyncio.gather(*(store.run(tell, "r", f"n{n}") for n in range(20)))
    verdict = await store.read(lambda tx: tx.journal.verify("r"))
    assert (verdict.fault, verdict.entries) == (None, 21)


@pytest.mark.postgres
async def test_two_servers_keep_one_chain(postgres_url: str) -> None:
    stores = [make_store(postgres_url, journal_key=KEY) for _ in range(2)]
    for each in stores:
        await each.open()
    try:
        await asyncio.gather(*(each.run(tell, "r", FIRST_KIND) for each in stores))
        for n in range(10):
            await asyncio.gather(*(each.run(tell, "r", f"n{n}") for each in stores))
        verdict = await stores[0].read(lambda tx: tx.journal.verify("r"))
        assert (verdict.fault, verdict.entries) == (None, 22)
    finally:
        for each in stores:
            await each.close()


@pytest.mark.parametrize(
    "sql",
    [
        'UPDATE journal SET data = \'{"words":"no"}\' WHERE chain_number = 2',
        "UPDATE journal SET data = 'no JSON' WHERE chain_number = 2",
        "UPDATE journal SET data = '{}', salt = NULL WHERE chain_number = 2",
        "UPDATE journal SET at = at + 1 WHERE chain_number = 2",
        "UPDATE journal SET person_id = 'x' WHERE chain_number = 2",
        "UPDATE journal SET link = NULL WHERE chain_number = 2",
        "UPDATE journal SET chain_number = 9 WHERE chain_number = 2",
        "UPDATE journal SET chain_number = NULL WHERE chain_number = 2",
        "UPDATE journal SET chain_number = 5 - chain_number WHERE chain_number IN (2, 3)",
        "UPDATE journal SET request_id = NULL WHERE chain_number = 2",
        "DELETE FROM journal WHERE chain_number = 1",
        "DELETE FROM journal WHERE chain_number = 3",
        "DELETE FROM journal",
        "DELETE FROM journal_heads",
        "UPDATE journal_heads SET count = 2",
        "UPDATE journal_heads SET key_id = 'x'",
        "INSERT INTO journal (at, kind, request_id, data) VALUES (1, 'k', 'r', '{}')",
        """INSERT INTO journal (at, kind, request_id, data, chain_number, salt, link)
        SELECT at, kind, request_id, data, 4, salt, link FROM journal WHERE chain_number = 3""",
    ],
)
async def test_tampering_is_found_and_stays_found(store: AnyStore, url: str, sql: str) -> None:
    await store.run(tell, "r", FIRST_KIND, "two", "three")
    assert await fault(store) is None
    execute(url, sql)
    assert await fault(store)
    # What comes later makes nothing good, whether this server knew the chain or not.
    await store.close()
    again = make_store(url, journal_key=KEY)
    await again.open()
    await again.run(tell, "r", "later")
    await again.run(tell, "r", "later still")
    assert await fault(again)
    await again.close()
    await store.open()


@pytest.mark.parametrize(
    "column", ["kind", "at", "person_id", "channel", "data", "salt", "link", "chain_number"]
)
async def test_values_of_a_wrong_type_are_found(tmp_path: Path, column: str) -> None:
    """SQLite keeps whatever it is given."""
    url = f"sqlite:///{tmp_path / 'x.db'}"
    store = make_store(url, journal_key=KEY)
    await store.open()
    await store.run(tell, "r", FIRST_KIND, "two", "three")
    for value in ("x'00ff'", "'wörd'", "1.5"):
        execute(url, f"UPDATE journal SET {column} = {value} WHERE kind = 'two' OR number = 2")
        assert await fault(store)
    execute(url, "UPDATE journal_heads SET signature = 'x', key_id = x'00', count = 'y'")
    assert await fault(store)
    await store.close()


async def test_a_cut_tail_with_its_head_is_found(store: AnyStore, url: str) -> None:
    await store.run(tell, "r", FIRST_KIND, "two", "three")
    execute(url, "DELETE FROM journal WHERE chain_number = 3")
    execute(url, "UPDATE journal_heads SET count = 2")
    assert "not signed" in (await fault(store) or "")


async def test_swapped_chains_are_found(store: AnyStore, url: str) -> None:
    await store.run(tell, "r", FIRST_KIND, "two")
    await store.run(tell, "s", FIRST_KIND, "two")
    for table in ("journal", "journal_heads"):
        for old, new in (("r", "t"), ("s", "r"), ("t", "s")):
            execute(url, f"UPDATE {table} SET request_id = '{new}' WHERE request_id = '{old}'")
    assert await fault(store)
    assert await fault(store, "s")


async def test_erased_words_are_gone_and_the_chain_verifies(store: AnyStore) -> None:
    await store.run(tell, "r", FIRST_KIND, "two", "three")
    for _ in range(2):
        await store.run(lambda tx: tx.journal.erase("r", [2]))
    verdict = await store.read(lambda tx: tx.journal.verify("r"))
    assert (verdict.fault, verdict.entries, verdict.erased) == (None, 3, 1)
    stories = await store.read(lambda tx: tx.journal.of_request("r"))
    assert [each.data.get("words") for each in stories] == [f"ä {FIRST_KIND}", None, "ä three"]
    await store.run(tell, "r", "four")
    assert await fault(store) is None


async def test_requests_that_should_have_a_chain_are_known(store: AnyStore, url: str) -> None:
    request = await store.run(lambda tx: add_request(tx, a_person(), a_person("Bob")))
    await store.run(tell, "r", FIRST_KIND)
    execute(url, "INSERT INTO journal_heads VALUES ('s', 1, 'k', 'x')")
    known = sorted(["r", "s", request.id])
    assert await store.read(lambda tx: tx.journal.requests("", 9)) == known
    assert await store.read(lambda tx: tx.journal.requests(known[0], 1)) == [known[1]]
    assert await fault(store, request.id)
    assert await fault(store, "s")


async def test_another_key_is_told(store: AnyStore, url: str) -> None:
    await store.run(tell, "r", FIRST_KIND)
    await store.close()
    other = make_store(url, journal_key=b"another")
    await other.open()
    assert "another key" in (await fault(other) or "")
    await other.close()
    await store.open()
