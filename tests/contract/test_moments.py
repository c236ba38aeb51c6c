"""What time has made due is entered once and taken by one, on both databases."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from bot.adapters.store.postgres import PostgresStore
from bot.domain.feedback import FeedbackRequest
from bot.domain.record import changed
from bot.domain.session import Session
from bot.service.ports.moments import Moment, Subject
from bot.service.ports.store import Transaction
from tests.contract.conftest import AnyStore
from tests.contract.records import NOW, a_person, a_request, a_session

LATER = NOW + 60


async def keep(store: AnyStore, *times: int | None) -> list[FeedbackRequest]:
    """Keep a session that is never idle, with a question for each time."""
    ann = a_person()
    session = a_session(ann)
    requests = [a_request(session, next_at=at) for at in times]

    def write(tx: Transaction) -> None:
        tx.people.add(ann)
        tx.sessions.add(session)
        for request in requests:
            tx.requests.add(request)

    await store.run(write)
    return requests


async def keep_idle(store: AnyStore, *times: int | None) -> list[Session]:
    ann = a_person()
    sessions = [a_session(ann, idle_at=at) for at in times]

    def write(tx: Transaction) -> None:
        tx.people.add(ann)
        for session in sessions:
            tx.sessions.add(session)

    await store.run(write)
    return sessions


async def enter(store: AnyStore, now: int = NOW, limit: int = 9) -> int:
    return await store.run(lambda tx: tx.moments.enter(now, limit))


async def waiting(store: AnyStore, now: int = NOW, limit: int = 9) -> Sequence[Moment]:
    return await store.read(lambda tx: tx.moments.waiting(now, limit))


async def is_behind(store: AnyStore, now: int = NOW) -> bool:
    return await store.read(lambda tx: tx.moments.is_behind(now))


def moment(subject: Subject, id_: str, due_at: int, **changes: int) -> Moment:
    values = {"try_at": due_at, "tries": 0} | changes
    return Moment(subject_id=id_, subject=subject, due_at=due_at, **values)


async def test_what_is_due_is_entered_once_longest_due_first(store: AnyStore) -> None:
    assert not await is_behind(store)
    assert await enter(store) == 0
    late, never, future, latest = await keep(store, NOW - 1, None, NOW + 1, NOW - 3)
    idle, *_ = await keep_idle(store, NOW - 2, None, NOW + 2)
    assert await is_behind(store)
    assert await enter(store) == 3
    assert not await is_behind(store)
    assert await enter(store) == 0
    assert await waiting(store) == [
        moment(Subject.QUESTION, latest.id, NOW - 3),
        moment(Subject.SESSION, idle.id, NOW - 2),
        moment(Subject.QUESTION, late.id, NOW - 1),
    ]
    assert len(await waiting(store, limit=2)) == 2
    assert await waiting(store, NOW - 2) == (await waiting(store))[:2]
    assert never.id not in {m.subject_id for m in await waiting(store, NOW + 9)}
    assert await enter(store, NOW + 1) == 1  # the others are kept already
    assert future.id == (await waiting(store, NOW + 1))[-1].subject_id


async def test_only_so_many_of_a_kind_are_entered_together(store: AnyStore) -> None:
    requests = await keep(store, *(NOW - n for n in range(5)))
    await keep_idle(store, NOW)
    assert await enter(store, limit=2) == 3
    assert [m.subject_id for m in await waiting(store)] == [
        *(r.id for r in requests[:2:-1]),
        *(m.subject_id for m in await waiting(store) if m.subject is Subject.SESSION),
    ]
    assert await enter(store, limit=2) == 2
    assert await enter(store, limit=2) == 1


async def test_what_is_taken_is_gone_and_may_come_again(store: AnyStore) -> None:
    [request] = await keep(store, NOW)
    await enter(store)
    taken = await store.run(lambda tx: tx.moments.take([request.id, "nobody"], NOW))
    assert taken == [moment(Subject.QUESTION, request.id, NOW)]
    assert await waiting(store) == []
    assert await store.run(lambda tx: tx.moments.take([request.id], NOW)) == []
    # Nothing was done to it meanwhile: it is as due as it was.
    assert await is_behind(store)
    await store.run(lambda tx: tx.requests.save(changed(request, next_at=LATER)))
    assert not await is_behind(store)


async def test_many_are_taken_in_the_order_of_their_time(store: AnyStore) -> None:
    requests = await keep(store, *(NOW - n % 7 for n in range(120)))
    assert await enter(store, limit=500) == 120
    taken = await store.run(lambda tx: tx.moments.take([r.id for r in requests], NOW))
    assert [m.due_at for m in taken] == sorted(r.next_at or 0 for r in requests)


async def test_a_transaction_that_fails_puts_back_what_it_took(store: AnyStore) -> None:
    [request] = await keep(store, NOW)
    await enter(store)
    before = await waiting(store)

    def broken(tx: Transaction) -> None:
        assert tx.moments.take([request.id], NOW)
        raise LookupError("this")

    beside = store.run(lambda tx: tx.people.add(a_person("Beside")))
    found = await asyncio.gather(store.run(broken), beside, return_exceptions=True)
    assert [type(each) for each in found] == [LookupError, type(None)]
    assert await waiting(store) == before


async def test_what_broke_waits_and_lets_others_pass(store: AnyStore) -> None:
    first, second = await keep(store, NOW - 9, NOW)
    await enter(store)
    for n in (1, 2):
        await store.run(lambda tx: tx.moments.postpone(first.id, LATER))
        assert [m.subject_id for m in await waiting(store)] == [second.id]
        last = (await waiting(store, LATER))[-1]
        assert last == moment(Subject.QUESTION, first.id, NOW - 9, try_at=LATER, tries=n)
        assert await store.read(lambda tx: tx.moments.broken()) == 0
    assert not await is_behind(store, LATER)
    # Nor does who listed it before it broke elsewhere take it at once.
    assert await store.run(lambda tx: tx.moments.take([first.id], NOW)) == []
    await store.run(lambda tx: tx.moments.postpone(first.id, LATER))
    assert await store.read(lambda tx: tx.moments.broken()) == 1


async def test_a_change_that_waits_to_be_written_counts(store: AnyStore) -> None:
    """In the very transaction that makes something due."""
    [request] = await keep(store, LATER)

    def write(tx: Transaction) -> tuple[bool, int]:
        tx.requests.save(changed(request, next_at=NOW))
        return tx.moments.is_behind(NOW), tx.moments.enter(NOW, 9)

    assert await store.run(write) == (True, 1)


async def test_what_another_server_has_in_hand_is_left_to_it(
    two_servers: tuple[PostgresStore, PostgresStore],
) -> None:
    one, other = two_servers
    requests = await keep(one, *(NOW - n for n in range(4)))
    await enter(one)
    ids = [request.id for request in requests]
    taken, done = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slowly(tx: Transaction) -> Sequence[Moment]:
        found = tx.moments.take(ids[:2], NOW)
        loop.call_soon_threadsafe(taken.set)
        assert done.wait(30)
        return found

    slow = asyncio.create_task(one.run(slowly))
    await asyncio.wait_for(taken.wait(), 30)
    try:
        # Neither waits for the other.
        others = await other.run(lambda tx: tx.moments.take(ids, NOW))
        assert sorted(m.subject_id for m in others) == sorted(ids[2:])
        assert await enter(other) == 2  # those that were taken and not moved on
    finally:
        done.set()
    assert sorted(m.subject_id for m in await slow) == sorted(ids[:2])
