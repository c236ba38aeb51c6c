"""What a function writes at its end, and what is known without reading: nobody can tell."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from bot.adapters.store import known
from bot.adapters.store.sqlite import SqliteStore
from bot.domain.errors import Conflict, Unavailable
from bot.domain.feedback import Part, Route
from bot.domain.record import changed
from bot.service.ports.store import Transaction
from bot.service.ports.tables import FeedEntry
from tests.contract.conftest import AnyStore
from tests.contract.records import (
    NOW,
    a_message,
    a_person,
    a_request,
    a_session,
    add_request,
    an_account,
)


class Refused(Exception):
    """A function's own refusal."""


async def test_a_function_reads_what_it_has_just_written(store: AnyStore) -> None:
    ann, bob = a_person(), a_person("Bob")
    session = a_session(ann)
    request = a_request(session)

    def write_and_read(tx: Transaction) -> None:
        tx.people.add(ann)
        tx.people.add(bob)
        tx.sessions.add(session)
        tx.sessions.save(changed(session, title="Renamed"))
        tx.messages.add(a_message(session, 1))
        tx.messages.add(a_message(session, 2))
        assert [m.seq for m in tx.messages.after(session.id, 0, 10)] == [1, 2]
        assert [m.seq for m in tx.messages.after(session.id, 0, 1)] == [1]
        assert [m.seq for m in tx.messages.before(session.id, 3, 1)] == [2]
        tx.messages.add(a_message(session, 3))
        assert [m.seq for m in tx.messages.after(session.id, 1, 10)] == [2, 3]
        found = tx.sessions.get(session.id)
        assert found is not None
        assert found.title == "Renamed"
        tx.requests.add(request)
        tx.requests.add_recipient(request.id, bob.id, 0, Part.DECIDER, Route.ASKED)
        assert [r.name for r in tx.requests.recipients(request.id)] == ["Bob"]
        assert [r.id for r in tx.requests.open_of(session.id)] == [request.id]
        tx.requests.add_recipient(request.id, bob.id, 0, Part.NOTIFIED, Route.ASKED)
        assert [r.part for r in tx.requests.recipients(request.id)] == [Part.NOTIFIED]
        first = tx.people.next_feed_number(bob.id)
        tx.feeds.add(bob.id, [FeedEntry(number=first, kind="question", ref="r", at=NOW)])
        assert tx.feeds.last(bob.id) == first == 1
        assert tx.people.next_feed_number(bob.id) == 2

    await store.run(write_and_read)
    stored = await store.read(lambda tx: tx.sessions.get(session.id))
    assert stored is not None
    assert stored.title == "Renamed"
    numbers = [await store.run(lambda tx: tx.people.next_feed_number(bob.id)) for _ in "ab"]
    assert numbers == [3, 4]


async def test_what_a_refused_function_wrote_is_known_to_nobody(store: AnyStore) -> None:
    ann = a_person()
    session = a_session(ann)

    def begin(tx: Transaction) -> None:
        tx.people.add(ann)
        tx.sessions.add(session)

    await store.run(begin)

    def refuse(tx: Transaction) -> None:
        held = tx.sessions.lock(session.id)
        assert held is not None
        tx.sessions.save(changed(held, title="Refused"))
        tx.people.next_feed_number(ann.id)
        tx.people.save(changed(ann, zone="Asia/Tokyo"))  # which is written at once
        raise Refused

    def look(tx: Transaction) -> tuple[str, str, int]:
        found, person = tx.sessions.lock(session.id), tx.people.lock(ann.id)
        assert found is not None
        assert person is not None
        return found.title, person.zone, tx.people.next_feed_number(ann.id)

    together = await asyncio.gather(
        *(store.run(f) for f in (refuse, look, refuse, look)), return_exceptions=True
    )
    assert [isinstance(r, Refused) for r in together] == [True, False, True, False]
    seen = [r for r in together if not isinstance(r, BaseException)]
    assert {(title, zone) for title, zone, _ in seen} == {(session.title, ann.zone)}
    assert sorted(number for _, _, number in seen) == [1, 2]


async def test_a_row_that_clashes_at_the_end_spares_its_neighbours(store: AnyStore) -> None:
    ann = a_person()
    sessions = [a_session(ann) for _ in range(6)]
    await store.run(lambda tx: tx.people.add(ann))
    await store.run(lambda tx: tx.sessions.add(sessions[0]))
    results = await asyncio.gather(
        *(store.run(lambda tx, s=s: tx.sessions.add(s)) for s in sessions), return_exceptions=True
    )
    assert [isinstance(r, Conflict) for r in results] == [True, False, False, False, False, False]
    for session in sessions:
        assert await store.read(lambda tx, s=session: tx.sessions.get(s.id)) is not None


async def test_a_row_that_clashes_while_another_function_reads_spares_its_neighbours(
    tmp_path: Path,
) -> None:
    """What is acknowledged is stored, though somebody else's row could not be."""
    store = SqliteStore(tmp_path / "handraise.db")
    await store.open()
    try:
        ann = a_person()
        sessions = [a_session(ann) for _ in range(3)]
        await store.run(lambda tx: tx.people.add(ann))
        await store.run(lambda tx: tx.sessions.add(sessions[0]))
        begun, queued = threading.Event(), threading.Event()

        def hold_up(_: Transaction) -> None:
            begun.set()
            queued.wait(10)

        first = asyncio.ensure_future(store.run(hold_up))
        await asyncio.to_thread(begun.wait, 10)
        functions = [
            lambda tx: tx.sessions.add(sessions[1]),
            lambda tx: tx.sessions.add(sessions[0]),
            lambda tx: tx.sessions.add(sessions[2]),
            lambda tx: len(tx.sessions.of_owner(ann.id, None, None, 9)),
        ]
        running = [asyncio.ensure_future(store.run(function)) for function in functions]
        await asyncio.sleep(0)
        queued.set()
        await first
        results = await asyncio.gather(*running, return_exceptions=True)
        assert [isinstance(r, Conflict) for r in results] == [False, True, False, False]
        assert results[-1] == 3
        for session in sessions:
            assert await store.read(lambda tx, s=session: tx.sessions.get(s.id)) is not None
    finally:
        await store.close()


async def test_who_only_reads_cannot_leave_rows_to_be_written(store: AnyStore) -> None:
    ann = a_person()
    await store.run(lambda tx: tx.people.add(ann))
    with pytest.raises(Unavailable):
        await store.read(lambda tx: tx.sessions.add(a_session(ann)))


async def test_what_another_program_writes_is_seen(tmp_path: Path) -> None:
    """The command line may write into the file of a running server."""
    store = SqliteStore(tmp_path / "handraise.db")
    await store.open()
    try:
        ann = a_person()
        await store.run(lambda tx: tx.people.add(ann))
        await store.run(lambda tx: tx.people.get(ann.id))
        with sqlite3.connect(tmp_path / "handraise.db") as other:
            other.execute("UPDATE persons SET zone = 'Asia/Tokyo', feed_seq = 7")
        other.close()
        found = await store.run(lambda tx: tx.people.get(ann.id))
        assert found is not None
        assert found.zone == "Asia/Tokyo"
        assert await store.run(lambda tx: tx.people.next_feed_number(ann.id)) == 8
    finally:
        await store.close()


async def test_what_follows_a_commit_is_called_with_its_result(store: AnyStore) -> None:
    followed: list[int] = []
    called = asyncio.Event()

    def note(result: int) -> None:
        followed.append(result)
        called.set()

    assert await store.run(lambda _: 7, then=note) == 7
    async with asyncio.timeout(10):
        await called.wait()

    def refuse(_: Transaction) -> int:
        raise Refused

    with pytest.raises(Refused):
        await store.run(refuse, then=note)
    await store.check()
    assert followed == [7]


async def test_who_is_called_by_a_user_name_is_known_only_as_long_as_it_is_true(
    store: AnyStore,
) -> None:
    ann, bob = a_person(), a_person("Bob")
    account = an_account(bob, "bob", verified_at=NOW)

    def add(tx: Transaction) -> None:
        tx.people.add(ann)
        tx.people.add(bob)
        tx.accounts.add(account)

    def called(tx: Transaction) -> str | None:
        person = tx.people.find("bob")
        return None if person is None else person.id

    await store.run(add)
    assert await store.run(called) == await store.run(called) == bob.id
    await store.run(lambda tx: tx.accounts.set_disabled(account.id, NOW))
    assert await store.run(called) is None
    await store.run(lambda tx: tx.accounts.set_disabled(account.id, None))
    assert await store.run(called) == bob.id
    await store.run(lambda tx: tx.people.merge(bob.id, ann.id))
    assert await store.run(called) == ann.id


async def test_more_rows_than_are_kept_are_read_again(
    store: AnyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "REMEMBERED", 4)
    bobs = [a_person("Bob") for _ in range(10)]
    ids = await store.run(lambda tx: [add_request(tx, a_person(), bob).id for bob in bobs])

    def count_up(tx: Transaction) -> None:
        tx.requests.hold(ids)
        for id_, bob in zip(ids, bobs, strict=True):
            request = tx.requests.lock(id_)
            assert request is not None
            tx.requests.save(changed(request, version=request.version + 1))
            assert [r.person_id for r in tx.requests.recipients(id_)] == [bob.id]
            tx.people.next_feed_number(bob.id)

    await store.run(count_up)
    await store.run(count_up)

    def stored(tx: Transaction) -> list[tuple[int, int]]:
        requests = [tx.requests.get(id_) for id_ in ids]
        people = [tx.people.get(bob.id) for bob in bobs]
        return [(r.version, p.feed_seq) for r, p in zip(requests, people, strict=True) if r and p]

    assert await store.read(stored) == [(3, 2)] * len(ids)
