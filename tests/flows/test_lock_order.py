"""Rows are taken in one order everywhere: requests, then sessions, then people, each by id."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapters.store.sqlite import SqliteStore
from bot.domain.commands import AnswerRequest, ClaimRequest, CommentOn, Delegate, MarkSeen
from bot.domain.feedback import Kind
from bot.domain.planning import AskHuman, EndSession, Plan, RemindPeople, Reply
from bot.service.ports.channel import Fate
from bot.service.ports.store import Transaction
from tests.clock import FakeClock
from tests.flows.lock_order import WatchedStore
from tests.flows.stage import Stage


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[WatchedStore]:
    store = WatchedStore(SqliteStore(tmp_path / "locks.db"))
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def stage(store: WatchedStore) -> Stage:
    stage = Stage(store, FakeClock(), handed_over=True, channels=("chat", "email"))
    # So that ids and the order of asking differ.
    await stage.cast("zoe", "carl", "ann", "bob")
    return stage


async def test_what_is_taken_out_of_order_is_noticed(store: WatchedStore, stage: Stage) -> None:
    request = await stage.asked("ann", "ask bob: Fine?")
    broken = len(store.broken)

    def backwards(tx: Transaction) -> None:
        tx.sessions.lock(request.session_id)
        tx.requests.lock(request.id)

    def people(tx: Transaction) -> None:
        for name in ("bob", "ann"):
            tx.people.lock(stage.people[name].id)

    def unheld(tx: Transaction) -> None:
        tx.surfaces.want(request.id, 2, 1, 0)

    await store.run(backwards)
    await store.run(people)
    await store.run(unheld)
    assert len(store.broken) == broken + 3
    assert "requests.lock" in store.broken[-3]
    assert "people.lock" in store.broken[-2]
    assert "surfaces.want" in store.broken[-1]


async def test_an_end_by_the_agent_holds_the_questions_first(
    store: WatchedStore, stage: Stage
) -> None:
    session_id = await stage.opened("zoe", "ask ann, carl: One?")
    await stage.worker.drain()
    await stage.say("zoe", session_id, "ask bob: Two?")
    await stage.worker.drain()
    stage.planner.script = [Plan(steps=(Reply(text="Bye."), EndSession(text="")))]
    await stage.say("zoe", session_id, "That is all.")
    await stage.worker.drain()
    assert (await stage.session(session_id)).state == "ended"
    assert store.broken == []


async def test_steps_on_questions_take_them_by_id(store: WatchedStore, stage: Stage) -> None:
    session_id = await stage.opened("zoe", "ask ann: One?")
    await stage.worker.drain()
    await stage.say("zoe", session_id, "ask bob: Two?")
    await stage.worker.drain()
    one, two = await stage.requests(session_id)
    steps = (RemindPeople(request_id=two.id), RemindPeople(request_id=one.id))
    stage.planner.script = [Plan(steps=steps)]
    await stage.say("zoe", session_id, "Remind both.")
    await stage.worker.drain()
    assert store.broken == []


async def test_a_session_that_makes_room_is_ended_in_order(
    store: WatchedStore, stage: Stage
) -> None:
    """Its questions, both sessions, and everybody who hears of it."""
    first = await stage.opened("zoe", "ask ann, carl: One?")
    await stage.opened("zoe", "Two.")
    await stage.opened("zoe", "Three.")
    held = await stage.opened("zoe", "Four.")
    await stage.worker.drain()
    await stage.resume("zoe", held, end=first)
    fifth = await stage.opened("zoe", "Five.")
    await stage.say("zoe", held, "ask bob, ann: Six?")
    await stage.worker.drain()
    assert (await stage.start("zoe", "Seven.", end=held)).status == "started"
    assert (await stage.session(fifth)).state == "held"
    assert store.broken == []


async def test_responders_are_noted_where_people_are_taken(
    store: WatchedStore, stage: Stage
) -> None:
    ask = AskHuman(people=("bob", "ann"), question="Fine?", kind=Kind.APPROVAL, quorum=2)
    request = await stage.put("zoe", ask, "carl")
    await stage.act(MarkSeen, "bob", request, version=1)
    await stage.act(ClaimRequest, "bob", request, channel="email")
    await stage.act(CommentOn, "bob", request, channel="email", text="Which?")
    await stage.act(Delegate, "bob", request, to="carl")
    await stage.act(
        AnswerRequest, "carl", request, channel="email", approved=True, digest=request.digest
    )
    await stage.answer("ann", request, approved=True)
    await stage.settle_down()
    assert store.broken == []


async def test_several_lost_cards_are_recorded_in_order(store: WatchedStore, stage: Stage) -> None:
    for channel in stage.channels.values():
        channel.fates = [Fate.FAILED] * 20
    for who in ("zoe", "ann", "zoe"):
        await stage.opened(who, "ask carl, bob: Fine?")
    await stage.worker.drain()
    stage.clock.advance(hours=1)
    await stage.courier.drain()
    assert store.broken == []
