"""Two servers on one PostgreSQL behave as one: what row locks alone make true."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from bot.adapters.store.postgres import PostgresStore
from bot.domain.errors import Conflict
from bot.domain.feedback import Kind, State
from bot.domain.instants import HOUR
from bot.domain.planning import AskHuman, Escalation, Plan, Reply
from bot.domain.session import SessionState
from tests.clock import FakeClock
from tests.contract.postgres_server import PostgresServer
from tests.flows.stage import Stage

pytestmark = pytest.mark.postgres


@pytest.fixture
async def two(postgres_server: PostgresServer) -> AsyncIterator[tuple[Stage, Stage]]:
    """Two servers that share people, a clock and the database, each with a worker of its own."""
    clock = FakeClock()
    with postgres_server.database() as url:
        stores = PostgresStore(url), PostgresStore(url)
        for store in stores:
            await store.open()
        first, second = (
            Stage(store, clock, name=name)
            for store, name in zip(stores, ("first", "second"), strict=True)
        )
        await first.cast("ann", "bob", "carl", "dora")
        second.people = first.people
        # Keys are a client's own, so two servers do not make the same ones.
        second.prefix = "second"
        yield first, second
        for store in stores:
            await store.close()


async def test_identical_submits_to_two_servers_are_one(two: tuple[Stage, Stage]) -> None:
    """Invariants 1 and 8."""
    outcomes = await asyncio.gather(
        *(two[n % 2].start("ann", "help", key="same") for n in range(20))
    )
    assert sum(not o.replayed for o in outcomes) == 1
    assert len({(o.status, o.session_id, o.seq) for o in outcomes}) == 1
    active = await two[0].read(lambda tx: tx.sessions.active_of(two[0].people["ann"].id))
    assert len(active) == 1


async def test_starts_at_two_servers_cannot_exceed_the_limit(two: tuple[Stage, Stage]) -> None:
    """Invariant 8: the person's row is held while sessions are counted."""
    outcomes = await asyncio.gather(*(two[n % 2].start("ann", f"{n}") for n in range(8)))
    assert Counter(o.status for o in outcomes) == {"started": 3, "held": 5}


async def test_votes_at_two_servers_decide_once(two: tuple[Stage, Stage]) -> None:
    """Invariants 3 and 8: the request's row is locked before its votes are counted."""
    for _ in range(5):
        request = await two[0].asked("ann", "ask bob, carl, dora: Ship? options: yes, no quorum 2")
        outcomes = await asyncio.gather(
            two[0].answer("bob", request, choices=("yes",)),
            two[1].answer("carl", request, choices=("yes",)),
            two[0].answer("dora", request, choices=("yes",)),
        )
        assert Counter(o.status for o in outcomes) == {"counted": 1, "decided": 1, "late": 1}
        session = await two[1].session(request.session_id)
        assert session.open_questions == 0
        assert [e.number for e in await two[1].feed(session.id)] == list(
            range(1, session.feed_seq + 1)
        )
        await two[0].close_session("ann", session.id)


async def test_two_servers_never_plan_the_same_input_twice(two: tuple[Stage, Stage]) -> None:
    """Invariant 8: a claim is a row."""
    sessions = [await two[0].opened("ann") for _ in range(3)]
    for round_ in range(4):
        await asyncio.gather(
            *(two[n % 2].say("ann", id_, f"help {round_}") for n, id_ in enumerate(sessions))
        )
        await asyncio.gather(two[0].worker.drain(), two[1].worker.drain())
    planned = [
        (context.session_id, line.seq)
        for stage in two
        for context in stage.planner.contexts
        for line in context.new_lines
    ]
    assert len(planned) == len(set(planned)) == 12


async def test_control_characters_of_a_model_break_no_turn(two: tuple[Stage, Stage]) -> None:
    """PostgreSQL keeps no NUL in a text, and nobody can show one."""
    stage, _ = two
    session_id = await stage.opened("ann", "Ask bob, then carl.")
    asks = AskHuman(
        people=("b\x00ob",),
        question="Ship\x00?\x07",
        kind=Kind.CHOICE,
        options=("yes\x1b", "no"),
        context="So\r\nit is\x9d",
        escalations=(Escalation(people=("carl\x00",), after=HOUR),),
    )
    stage.planner.script = [
        Plan(steps=(Reply(text="I\x00 ask\x07 him.\tNow\n"), asks), summary="s\x00")
    ]
    await stage.settle_down()
    [request] = await stage.requests(session_id)
    assert (request.question, request.options, request.context) == (
        "Ship?",
        ("yes", "no"),
        "So\nit is",
    )
    assert (await stage.said(session_id))[0] == "I ask him.\tNow\n"
    assert "turn.broke" not in await stage.journal(session_id)


async def test_an_answer_and_the_end_at_two_servers(two: tuple[Stage, Stage]) -> None:
    """Invariant 3: no deadlock between them is seen, and one of them comes first."""
    for _ in range(5):
        request = await two[0].asked("ann", "ask bob: Ship?")
        answered, _ = await asyncio.gather(
            two[0].answer("bob", request, text="Yes"),
            two[1].close_session("ann", request.session_id),
        )
        after = await two[0].request(request)
        assert (answered.status, after.state, after.version) in (
            ("decided", State.ANSWERED, 2),
            ("late", State.CANCELLED, 2),
        )
        session = await two[0].session(request.session_id)
        assert (session.state, session.open_questions) == (SessionState.ENDED, 0)


async def test_the_agent_s_end_and_an_answer_at_two_servers(two: tuple[Stage, Stage]) -> None:
    """Invariant 3: a turn that ends the session meets an answer to its question."""
    for _ in range(5):
        request = await two[0].asked("ann", "ask bob: Ship?")
        await two[0].say("ann", request.session_id, "end")
        answered, _ = await asyncio.gather(
            two[0].answer("bob", request, text="Yes"), two[1].worker.drain()
        )
        await two[1].worker.drain()
        after = await two[0].request(request)
        assert (answered.status, after.state, after.version) in (
            ("decided", State.ANSWERED, 2),
            ("late", State.CANCELLED, 2),
        )
        session = await two[0].session(request.session_id)
        assert (session.state, session.open_questions) == (SessionState.ENDED, 0)


async def test_two_sweepers_expire_once(two: tuple[Stage, Stage]) -> None:
    request = await two[0].asked("ann", "ask bob: Ship?")
    two[0].clock.advance(hours=48)
    swept = await asyncio.gather(two[0].sweeper.sweep(), two[1].sweeper.sweep())
    assert sum(swept) == 1
    assert (await two[0].request(request)).state is State.EXPIRED
    assert (await two[0].journal(request.session_id)).count("request.expired") == 1


async def test_two_sweepers_of_many_beside_answers_decide_each_once(
    two: tuple[Stage, Stage],
) -> None:
    """Portions hold many rows at once: nobody waits for ever, and nobody is told twice."""
    requests = []
    for n in range(3):  # three sessions at once are what one person may have
        for who in ("ann", "bob", "carl", "dora"):
            to = "bob" if who != "bob" else "ann"
            requests.append(await two[0].asked(who, f"ask {to}: Number {n}?"))
    two[0].clock.advance(hours=24)
    answered = requests[::3]
    swept = await asyncio.gather(
        *(stage.sweeper.sweep() for stage in (*two, *two)),
        *(
            two[n % 2].answer(
                "ann" if r.asker_id == two[0].people["bob"].id else "bob", r, text="Yes"
            )
            for n, r in enumerate(answered)
        ),
    )
    reminded = sum(count for count in swept if isinstance(count, int))
    stories = [await two[0].story(request) for request in requests]
    assert reminded == sum(story.count("request.reminded") for story in stories)
    assert all(story.count("request.reminded") <= 1 for story in stories)
    for request, story in zip(requests, stories, strict=True):
        state = (await two[0].request(request)).state
        assert state is (State.ANSWERED if request in answered else State.PENDING)
        assert "request.reminded" in story or request in answered
        verdict = await two[0].read(lambda tx, of=request.id: tx.journal.verify(of))
        assert verdict.fault is None


async def test_copies_of_one_act_are_never_told_that_it_cannot_be_done(
    two: tuple[Stage, Stage],
) -> None:
    """Invariants 1 and 2: a line broke, its act came again, and the first copy was under way."""
    for n in range(5):
        request = await two[0].asked("ann", "ask bob: Ship?")
        outcomes = await asyncio.gather(
            *(two[i % 2].cancel("ann", request, key=f"cancel-{n}") for i in range(6))
        )
        assert {outcome.status for outcome in outcomes} == {"cancelled"}
        assert sum(not outcome.replayed for outcome in outcomes) == 1
        # Another act is refused: that one came too late.
        with pytest.raises(Conflict):
            await two[1].cancel("ann", request)
        await two[0].close_session("ann", request.session_id)
