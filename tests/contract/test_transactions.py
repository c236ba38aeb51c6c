"""A transaction is whole or nothing, whoever shares its commit, on both databases."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import psycopg
import pytest

from bot.adapters.store.opening import make_store
from bot.adapters.store.postgres import PostgresStore
from bot.adapters.store.sqlite import SqliteStore
from bot.domain.commands import Outcome
from bot.domain.errors import Conflict, Invalid, Unavailable
from bot.domain.session import ParticipantRole
from bot.service.ports.store import Topic, Transaction
from tests.contract.conftest import AnyStore
from tests.contract.records import NOW, a_person


class Refused(Exception):
    pass


async def test_a_function_that_raises_writes_nothing(store: AnyStore) -> None:
    ann = a_person()

    def fail(tx: Transaction) -> None:
        tx.people.add(ann)
        raise Refused

    with pytest.raises(Refused):
        await store.run(fail)
    assert await store.read(lambda tx: tx.people.get(ann.id)) is None


async def test_neighbours_of_a_failure_are_written(store: AnyStore) -> None:
    people = [a_person(str(n)) for n in range(60)]

    def add(tx: Transaction, n: int) -> int:
        tx.people.add(people[n])
        if n % 3 == 0:
            raise Refused
        if n % 3 == 1:
            tx.people.add(people[n])  # a constraint's error, which is not the caller's
        return n

    results = await asyncio.gather(*(store.run(add, n) for n in range(60)), return_exceptions=True)
    for n, result in enumerate(results):
        assert isinstance(result, (Refused, Conflict)) if n % 3 < 2 else result == n
        stored = await store.read(lambda tx, n=n: tx.people.get(people[n].id))
        assert (stored is not None) == (n % 3 == 2)


async def test_a_session_of_nobody_is_refused(store: AnyStore) -> None:
    def orphan(tx: Transaction) -> None:
        tx.sessions.add_participant("nothing", "nobody", ParticipantRole.OWNER)

    with pytest.raises(Conflict):
        await store.run(orphan)


async def test_what_reads_cannot_write(store: AnyStore) -> None:
    ann = a_person()
    with pytest.raises(Unavailable):
        await store.read(lambda tx: tx.people.add(ann))
    await store.check()


async def test_a_read_sees_one_moment(store: AnyStore) -> None:
    ann, bob = a_person(), a_person("Bob")
    await store.run(lambda tx: tx.people.add(ann))
    looked, written = threading.Event(), threading.Event()

    def look_twice(tx: Transaction) -> tuple[object, object]:
        first = tx.people.get(bob.id)
        looked.set()
        assert written.wait(10)
        return first, tx.people.get(bob.id)

    reading = asyncio.create_task(store.read(look_twice))
    await asyncio.to_thread(looked.wait, 10)
    await store.run(lambda tx: tx.people.add(bob))
    written.set()
    assert await reading == (None, None)
    assert await store.read(lambda tx: tx.people.get(bob.id)) == bob


async def test_announcements_come_after_the_commit_and_only_then(store: AnyStore) -> None:
    ann = a_person()
    heard: list[str] = []
    stop = store.listen(Topic.FEED, heard.append)

    def fail(tx: Transaction) -> None:
        tx.announce(Topic.FEED, "lost")
        raise Refused

    def write(tx: Transaction) -> list[str]:
        tx.people.add(ann)
        tx.announce(Topic.FEED, "a")
        tx.announce(Topic.FEED, "a")
        tx.announce(Topic.TURN, "t")
        return list(heard)

    with pytest.raises(Refused):
        await store.run(fail)
    assert await store.run(write) == []
    await asyncio.sleep(0.05)
    assert heard == ["a"]
    stop()
    await store.run(write_announcement, "b")
    await asyncio.sleep(0.05)
    assert heard == ["a"]


async def test_a_listener_that_fails_does_not_silence_the_others(store: AnyStore) -> None:
    heard: list[str] = []

    def broken(key: str) -> None:
        raise Refused

    store.listen(Topic.FEED, broken)
    store.listen(Topic.FEED, heard.append)
    await store.run(write_announcement, "a")
    await asyncio.sleep(0.05)
    assert heard == ["a"]


async def test_a_waiter_that_goes_away_harms_nobody(store: AnyStore) -> None:
    heard: list[str] = []
    store.listen(Topic.FEED, heard.append)
    started, go_on = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> None:
        started.set()
        assert go_on.wait(10)
        tx.announce(Topic.FEED, "slow")

    waiting = asyncio.create_task(store.run(slow))
    await asyncio.to_thread(started.wait, 10)
    waiting.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await store.run(write_announcement, "next")
    await asyncio.sleep(0.1)
    assert sorted(heard) == ["next", "slow"]


async def test_closing_finishes_what_waits_and_refuses_what_comes(url: str) -> None:
    store = make_store(url)
    with pytest.raises(Unavailable):
        await store.run(lambda tx: None)
    await store.open()
    people = [a_person(str(n)) for n in range(40)]
    waiting = [asyncio.create_task(store.run(lambda tx, p=p: tx.people.add(p))) for p in people]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*waiting) == [None] * 40
    for call in (store.run, store.read):
        with pytest.raises(Unavailable):
            await call(lambda tx: None)
    await store.close()
    again = make_store(url)
    await again.open()
    assert await again.read(lambda tx: [tx.people.get(p.id) for p in people]) == people
    await again.close()


async def test_the_database_s_trouble_with_one_function_spares_the_others(
    tmp_path: Path,
) -> None:
    """What a full disk does: the error takes the neighbours' writes with it."""
    store = SqliteStore(tmp_path / "x.db")
    await store.open()
    people = [a_person(str(n)) for n in range(9)]
    runs: list[int] = []
    hold = threading.Event()

    def add(tx: Transaction, n: int) -> int:
        tx.people.add(people[n])
        runs.append(n)
        if n == 4:
            raise sqlite3.OperationalError("database or disk is full")
        return n

    first = asyncio.create_task(store.run(lambda tx: hold.wait(10)))
    waiting = [asyncio.create_task(store.run(add, n)) for n in range(9)]
    await asyncio.sleep(0.05)
    hold.set()
    await first
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(results.pop(4), Unavailable)
    assert results == [0, 1, 2, 3, 5, 6, 7, 8]
    assert len(runs) > 9, "the nine did not share a commit"
    stored = await store.read(lambda tx: [tx.people.get(p.id) is not None for p in people])
    assert stored == [n != 4 for n in range(9)]
    await store.close()


async def test_another_writer_makes_us_wait_once_and_not_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.adapters.store.sqlite.BUSY_TIMEOUT_MS", 200)
    store = SqliteStore(tmp_path / "x.db")
    await store.open()
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = asyncio.get_running_loop().time()
    results = await asyncio.gather(
        *(store.run(lambda tx: None) for _ in range(50)), return_exceptions=True
    )
    assert all(isinstance(result, Unavailable) for result in results)
    assert len({id(result) for result in results}) == 50
    assert asyncio.get_running_loop().time() - started < 2
    other.execute("ROLLBACK")
    other.close()
    await store.run(lambda tx: None)
    await store.close()


async def test_a_second_server_on_a_file_gets_a_sentence(tmp_path: Path) -> None:
    first, second = SqliteStore(tmp_path / "x.db"), SqliteStore(tmp_path / "x.db")
    await first.open()
    with pytest.raises(Conflict, match="Another Handraise server is using") as met:
        await second.open()
    assert met.value.code == "database_in_use"
    await first.close()
    await second.open()
    await second.close()


async def test_a_link_to_the_file_leads_no_second_server_to_it(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link.db").symlink_to(tmp_path / "x.db")
    first, second = SqliteStore(tmp_path / "x.db"), SqliteStore(tmp_path / "folder" / "link.db")
    await second.open()
    with pytest.raises(Conflict, match="Another Handraise server is using"):
        await first.open()
    await second.close()
    await first.open()
    with pytest.raises(Conflict, match="Another Handraise server is using"):
        await second.open()
    await first.close()


async def test_the_log_of_the_file_stays_bounded(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "x.db")
    await store.open()
    ann = a_person()
    await store.run(lambda tx: tx.people.add(ann))
    text = "x" * 4_000

    def journal(tx: Transaction, n: int) -> None:
        tx.receipts.add(f"{n}", Outcome(status="s", text=text), NOW)

    for start in range(0, 6_000, 100):
        await asyncio.gather(*(store.run(journal, n) for n in range(start, start + 100)))
        await store.read(lambda tx: tx.receipts.find("0"))
    assert (tmp_path / "x.db").stat().st_size > 20_000_000
    # A checkpoint every 1,000 pages of 4 KiB, and what one commit adds to that.
    assert (tmp_path / "x.db-wal").stat().st_size < 12_000_000
    await store.close()
    assert not (tmp_path / "x.db-wal").exists()


@pytest.mark.postgres
async def test_a_lost_connection_is_made_again(postgres_url: str) -> None:
    store = PostgresStore(postgres_url, writers=1, readers=1)
    await store.open()
    ann = a_person()
    runs = 0

    def add(tx: Transaction) -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            kill_connections(postgres_url)
        tx.people.add(ann)

    await store.check()
    await store.run(add)
    assert runs == 2
    assert await store.read(lambda tx: tx.people.get(ann.id)) == ann
    await store.close()


@pytest.mark.postgres
async def test_a_connection_lost_in_the_commit_is_no_answer(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be stored or not: running it again could do it twice, saying so cannot."""
    store = PostgresStore(postgres_url, writers=1, readers=1)
    await store.open()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'"
        )
        connection.execute(
            "CREATE CONSTRAINT TRIGGER leave AFTER INSERT ON rates DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION leave()"
        )
    runs = 0

    def advance(tx: Transaction) -> None:
        nonlocal runs
        runs += 1
        tx.rates.advance("k", NOW, 1)

    with pytest.raises(Unavailable) as met:
        await store.run(advance)
    assert (met.value.code, runs) == ("outcome_unknown", 1)
    await store.check()
    await store.close()


@pytest.mark.postgres
async def test_what_postgresql_cannot_store_is_invalid(postgres_url: str) -> None:
    store = PostgresStore(postgres_url, writers=1, readers=1)
    await store.open()
    with pytest.raises(Invalid):
        await store.run(lambda tx: tx.people.add(a_person("a\x00b")))
    await store.close()


@pytest.mark.postgres
async def test_going_on_after_an_error_is_not_a_commit(postgres_url: str) -> None:
    store = PostgresStore(postgres_url, writers=1, readers=1)
    await store.open()
    ann = a_person()

    def careless(tx: Transaction) -> str:
        tx.people.add(ann)
        try:
            tx.people.add(ann)
        except psycopg.Error:
            return "never mind"
        return "?"

    with pytest.raises(Unavailable):
        await store.run(careless)
    assert await store.read(lambda tx: tx.people.get(ann.id)) is None
    await store.close()


async def test_nobody_answers_at_the_url() -> None:
    store = PostgresStore("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable, match="Check DATABASE_URL"):
        await store.open()
    await store.close()


@pytest.mark.parametrize("url", ["", "mysql://x", "sqlite:///", "postgresql://h:port/x?nonsense=1"])
def test_a_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="DATABASE_URL"):
        make_store(url)


def write_announcement(tx: Transaction, key: str) -> None:
    tx.announce(Topic.FEED, key)


def kill_connections(url: str) -> None:
    with psycopg.connect(url, autocommit=True, application_name="axe") as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'handraise'"
        )
