"""Turns: fenced by their claim, bounded in what they see, and told when they fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.errors import PlanningFailed
from bot.domain.instants import MINUTE, SECOND
from bot.domain.journal import Entry
from bot.domain.planning import EndSession, Plan, PlanContext, Reply, Role
from bot.domain.session import SessionState
from bot.service.carrying_out import MAX_STEPS
from bot.service.orchestrator import Orchestrator
from bot.service.ports.store import Transaction
from bot.service.turns import INPUTS, MAX_FAILURES
from tests.flows.stage import LEASE, SOON, Act, Stage, staged


@pytest.fixture(params=["announced", "handed over"])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "core.db", handed_over=request.param == "handed over") as stage:
        await stage.cast("ann", "bob")
        yield stage


class Pause:
    """A planner's act that waits: `begun` says that it plans, `release` lets it go on."""

    def __init__(self, *said: str) -> None:
        self.begun = asyncio.Event()
        self.release = asyncio.Event()
        self._plan = Plan(steps=tuple(Reply(text=text) for text in said))

    async def __call__(self, context: PlanContext) -> Plan:
        self.begun.set()
        await self.release.wait()
        return self._plan


async def paused(
    stage: Stage, session_id: str, pause: Pause, act: Act | None = None
) -> asyncio.Task[None]:
    """Run the session's turn until its planner waits, in `act` if it is given."""
    stage.planner.script = [act or pause]
    await stage.say("ann", session_id, "Go")
    running = asyncio.create_task(stage.worker.drain())
    async with asyncio.timeout(SOON):
        await pause.begun.wait()
        # Behind the look for what is due that the worker just took.
        await stage.store.run(lambda tx: None)
    return running


async def ended(running: asyncio.Task[None]) -> None:
    async with asyncio.timeout(SOON):
        await running


async def test_no_transaction_is_open_while_a_planner_plans(stage: Stage) -> None:
    """Invariant 7: a planner that writes while it plans waits for nobody."""

    async def busy(context: PlanContext) -> Plan:
        def note(tx: Transaction) -> None:
            tx.sessions.lock(context.session_id)
            tx.journal.add(Entry(kind="noted", at=context.now, session_id=context.session_id))

        await stage.store.run(note)
        return Plan(steps=(Reply(text="Noted."),))

    session_id = await stage.opened("ann")
    stage.planner.script = [busy]
    await stage.say("ann", session_id, "Go")
    async with asyncio.timeout(SOON):
        await stage.settle_down()
    assert await stage.said(session_id) == ["Noted."]
    assert "noted" in await stage.journal(session_id)


async def test_no_transaction_is_open_while_a_channel_delivers(stage: Stage) -> None:
    """Invariant 7: others write while a delivery hangs."""
    stage.channel.hold = asyncio.Event()
    session_id = await stage.opened("ann", "ask bob: Ship?")
    await stage.worker.drain()
    flight = asyncio.create_task(stage.courier.drain())
    async with asyncio.timeout(SOON):
        await stage.channel.begun.wait()
        await stage.say("ann", session_id, "help")
        [request] = await stage.requests(session_id)
        await stage.answer("bob", request, text="Yes")
        stage.channel.hold.set()
        await flight


async def test_a_worker_that_wakes_after_its_lease_writes_nothing(stage: Stage) -> None:
    """Invariant 8: the second claim's number is in force, and the first's is refused."""
    session_id = await stage.opened("ann")
    pause = Pause("From the first")
    running = await paused(stage, session_id, pause)
    second = Stage(stage.store, stage.clock, name="second")
    second.planner.script = [Plan(steps=(Reply(text="From the second"),))]
    stage.clock.advance(LEASE / SECOND - 1)
    await second.worker.drain()
    assert await stage.said(session_id) == []  # the claim is live still
    stage.clock.advance(1)
    await second.worker.drain()
    assert await stage.said(session_id) == ["From the second"]
    after = await stage.session(session_id)
    pause.release.set()
    await ended(running)
    assert await stage.said(session_id) == ["From the second"]
    assert await stage.session(session_id) == after
    assert (await stage.journal(session_id)).count("turn.planned") == 1
    assert [len(p.planner.contexts) for p in (stage, second)] == [1, 1]


async def test_a_worker_that_broke_after_its_lease_writes_nothing_either(stage: Stage) -> None:
    """Invariant 8: giving back is a write, too."""
    session_id = await stage.opened("ann")
    hanging = Pause("From the second")
    second = Stage(stage.store, stage.clock, name="second")

    pause = Pause()

    async def breaks(context: PlanContext) -> Plan:
        await pause(context)
        raise RuntimeError("woke up and broke")

    running = await paused(stage, session_id, pause, breaks)
    stage.clock.advance(LEASE / SECOND)
    second.planner.script = [hanging]
    other = asyncio.create_task(second.worker.drain())
    async with asyncio.timeout(SOON):
        await hanging.begun.wait()
    held = await stage.session(session_id)
    pause.release.set()
    await ended(running)
    assert await stage.session(session_id) == held
    hanging.release.set()
    await ended(other)
    assert await stage.said(session_id) == ["From the second"]


async def test_a_live_claim_is_renewed_while_its_planner_thinks(tmp_path: Path) -> None:
    """Invariant 8: slow is not dead."""
    lease = SECOND // 20  # of real time too: renewals come every sixtieth of a second
    async with staged(tmp_path / "core.db", lease=lease) as stage:
        await stage.cast("ann")
        session_id = await stage.opened("ann")
        pause = Pause("Slowly")
        running = await paused(stage, session_id, pause)
        second = Stage(stage.store, stage.clock, name="second", lease=lease)
        first_until = (await stage.session(session_id)).claim_until
        for _ in range(4):
            stage.clock.advance(lease / SECOND / 2)
            now = stage.clock.now()
            async with asyncio.timeout(SOON):
                while (await stage.session(session_id)).claim_until != now + lease:
                    pass
            await second.worker.drain()
        assert first_until is not None
        assert stage.clock.now() > first_until
        assert second.planner.contexts == []
        pause.release.set()
        await ended(running)
        assert await stage.said(session_id) == ["Slowly"]


async def test_two_workers_never_plan_the_same_input_twice(stage: Stage) -> None:
    """Invariant 8: a claim is taken by one."""
    second = Stage(stage.store, stage.clock, name="second")
    second.planner = stage.planner  # counts for both
    sessions = [await stage.opened("ann") for _ in range(3)]
    other = Orchestrator(
        store=stage.store, clock=stage.clock, planner=stage.planner, turns=stage.turns
    )
    second.worker._orchestrator = other
    for round_ in range(5):
        for session_id in sessions:
            await stage.say("ann", session_id, f"help {round_}")
        await asyncio.gather(stage.worker.drain(), second.worker.drain())
    planned = [
        (context.session_id, line.seq)
        for context in stage.planner.contexts
        for line in context.new_lines
    ]
    assert len(planned) == len(set(planned)) == 15
    for session_id in sessions:
        assert len(await stage.said(session_id)) == 5


async def test_a_stopped_turn_writes_nothing(stage: Stage) -> None:
    """Invariant 8: stopping takes the claim away."""
    session_id = await stage.opened("ann")
    pause = Pause("Too late")
    running = await paused(stage, session_id, pause)
    assert (await stage.stop("ann", session_id)).status == "stopped"
    pause.release.set()
    await ended(running)
    assert await stage.said(session_id) == []
    assert await stage.said(session_id, Role.SYSTEM) == ["Stopped."]
    session = await stage.session(session_id)
    assert (session.has_input, session.claim_owner, session.turn_due_at) == (False, None, None)
    assert (await stage.stop("ann", session_id)).status == "unchanged"


async def test_what_was_stopped_is_not_news_to_the_next_turn(stage: Stage) -> None:
    session_id = await stage.opened("ann")
    pause = Pause("Too late")
    running = await paused(stage, session_id, pause)
    await stage.stop("ann", session_id)
    pause.release.set()
    await ended(running)
    await stage.say("ann", session_id, "status")
    await stage.settle_down()
    assert [line.text for line in stage.planner.contexts[-1].new_lines] == ["status"]
    assert await stage.said(session_id) == ["Nothing is waiting for anybody."]


async def test_a_session_that_ends_during_its_turn_stays_ended(stage: Stage) -> None:
    """Invariant 8: ending takes the claim away."""
    session_id = await stage.opened("ann")
    pause = Pause("Too late")
    running = await paused(stage, session_id, pause)
    await stage.close_session("ann", session_id)
    pause.release.set()
    await ended(running)
    session = await stage.session(session_id)
    assert (session.state, session.end_reason) == (SessionState.ENDED, "owner")
    assert await stage.said(session_id) == []
    assert session.turn_due_at is None


async def test_a_session_that_is_reopened_during_its_turn_has_no_part_of_it(stage: Stage) -> None:
    """Invariant 8: it is active again, but the old claim is not in force."""
    session_id = await stage.opened("ann")
    pause = Pause("Too late")
    running = await paused(stage, session_id, pause)
    stage.planner.script = [Plan(steps=(Reply(text="In time"),))]
    await stage.close_session("ann", session_id)
    await stage.say("ann", session_id, "Rather this")
    pause.release.set()
    await ended(running)
    await stage.settle_down()
    assert await stage.said(session_id) == ["In time"]
    assert (await stage.journal(session_id)).count("turn.planned") == 1


async def test_a_worker_that_claims_again_after_its_lease_is_fenced_from_itself(
    stage: Stage,
) -> None:
    """Invariant 8: the number decides, since the owner is the same."""
    session_id = await stage.opened("ann")
    pause = Pause("From the first claim")
    running = await paused(stage, session_id, pause)
    stage.clock.advance(LEASE / SECOND)
    again = Pause("From the second claim")
    stage.planner.script = [again]
    stage.worker.begin(await stage.worker._claim())
    async with asyncio.timeout(SOON):
        await again.begun.wait()
    pause.release.set()
    again.release.set()
    await ended(running)
    await stage.settle_down()
    assert await stage.said(session_id) == ["From the second claim"]


async def test_what_comes_during_a_turn_is_seen_by_the_next(stage: Stage) -> None:
    session_id = await stage.opened("ann")
    pause = Pause("One")
    running = await paused(stage, session_id, pause)
    stage.planner.script = [Plan(steps=(Reply(text="Two"),))]
    assert (await stage.say("ann", session_id, "Wait, and this")).seq == 2
    pause.release.set()
    await ended(running)
    await stage.settle_down()
    assert [m.text for m in await stage.messages(session_id)] == [
        "Go",
        "Wait, and this",
        "One",
        "Two",
    ]
    new = [[line.text for line in c.new_lines] for c in stage.planner.contexts]
    assert new == [["Go"], ["Wait, and this"]]


async def test_a_task_that_is_stopped_by_its_announcement_leaves_the_next_alone(
    tmp_path: Path,
) -> None:
    """With its loops running, as in production: stop, and at once say something new."""
    async with staged(tmp_path / "core.db") as stage:
        await stage.cast("ann")
        await stage.worker.start()
        try:
            session_id = await stage.opened("ann")
            pause = Pause("Too late")
            stage.planner.script = [pause, Plan(steps=(Reply(text="In time"),))]
            await stage.say("ann", session_id, "Go")
            async with asyncio.timeout(SOON):
                await pause.begun.wait()
                await asyncio.gather(
                    stage.stop("ann", session_id), stage.say("ann", session_id, "Rather this")
                )
                while await stage.said(session_id) != ["In time"]:
                    pass
        finally:
            await stage.worker.close()


async def test_who_leaves_while_their_message_is_stored_is_answered_at_once(
    tmp_path: Path,
) -> None:
    """A socket that closes cancels its frame; the turn it claimed must not wait for its lease."""
    async with staged(tmp_path / "core.db") as stage:
        await stage.cast("ann")
        session_id = await stage.opened("ann")
        await stage.worker.start()
        try:
            frame = asyncio.create_task(stage.say("ann", session_id, "help"))
            await asyncio.sleep(0)  # the command is on its way to the store now
            frame.cancel()
            with pytest.raises(asyncio.CancelledError):
                await frame
            async with asyncio.timeout(SOON):
                while not await stage.said(session_id):
                    pass
        finally:
            await stage.worker.close()


async def test_a_failure_to_plan_is_told_and_counts_as_handled(stage: Stage) -> None:
    def fails(context: PlanContext) -> Plan:
        raise PlanningFailed("The model gave no usable answer. Say it differently.")

    session_id = await stage.opened("ann")
    stage.planner.script = [fails]
    await stage.say("ann", session_id, "Go")
    await stage.settle_down()
    assert await stage.said(session_id) == ["The model gave no usable answer. Say it differently."]
    session = await stage.session(session_id)
    assert (session.has_input, session.failures) == (False, 0)
    assert (await stage.journal(session_id))[-1] == "turn.failed"


async def test_what_breaks_unexpectedly_is_tried_again_later_and_told_at_last(
    stage: Stage,
) -> None:
    def breaks(context: PlanContext) -> Plan:
        raise RuntimeError("nobody foresaw this")

    session_id = await stage.opened("ann")
    stage.planner.script = [breaks] * MAX_FAILURES
    await stage.say("ann", session_id, "Go")
    await stage.settle_down()
    for failures, wait in ((1, 2), (2, 4), (3, 8), (4, 16)):
        session = await stage.session(session_id)
        assert (session.failures, session.claim_owner) == (failures, None)
        assert session.turn_due_at == stage.clock.now() + wait * SECOND
        stage.clock.advance(wait - 0.001)
        await stage.settle_down()
        assert len(stage.planner.contexts) == failures
        stage.clock.advance(0.001)
        await stage.settle_down()
    [word] = await stage.said(session_id)
    assert "Something went wrong on our side" in word
    session = await stage.session(session_id)
    assert (session.failures, session.has_input, session.turn_due_at) == (0, False, None)
    assert session.idle_at is not None
    kinds = [kind for kind in await stage.journal(session_id) if kind.startswith("turn.")]
    assert kinds == ["turn.broke"] * 4 + ["turn.gave_up"]
    await stage.say("ann", session_id, "status")
    await stage.settle_down()
    assert (await stage.said(session_id))[-1] == "Nothing is waiting for anybody."


async def test_a_broken_turn_that_works_again_forgets_its_failures(stage: Stage) -> None:
    def breaks(context: PlanContext) -> Plan:
        raise RuntimeError("once")

    session_id = await stage.opened("ann")
    stage.planner.script = [breaks]
    await stage.say("ann", session_id, "status")
    await stage.settle_down()
    stage.clock.advance(2)
    await stage.settle_down()
    assert await stage.said(session_id) == ["Nothing is waiting for anybody."]
    assert (await stage.session(session_id)).failures == 0


async def test_a_plan_has_at_most_so_many_steps_and_none_after_the_end(stage: Stage) -> None:
    session_id = await stage.opened("ann")
    stage.planner.script = [
        Plan(steps=tuple(Reply(text=str(n)) for n in range(MAX_STEPS + 3))),
        Plan(steps=(EndSession(text="Bye."), Reply(text="Never said"))),
    ]
    await stage.say("ann", session_id, "Go")
    await stage.settle_down()
    *said, stopped = await stage.said(session_id)
    assert said == [str(n) for n in range(MAX_STEPS)]
    assert "I stopped after" in stopped
    await stage.say("ann", session_id, "Stop then")
    await stage.settle_down()
    assert (await stage.said(session_id))[-1] == "Bye."
    session = await stage.session(session_id)
    assert (session.state, session.end_reason) == (SessionState.ENDED, "agent")
    assert "session.ended" in await stage.journal(session_id)


def size(context: PlanContext) -> int:
    return len(context.summary) + sum(len(line.author + line.text) for line in context.lines)


async def test_what_a_planner_sees_does_not_grow_with_the_session(tmp_path: Path) -> None:
    """Invariant 9: at 2,000 messages at most 1.2 times what it is at 50; nothing is rewritten."""
    async with staged(tmp_path / "core.db") as stage:
        await stage.cast("ann")
        session_id = await stage.opened("ann")
        early: list[int] = []
        kept = ""
        for n in range(1_000):
            stage.planner.script = [Plan(steps=(Reply(text=f"{n:03} ".ljust(200, "r")),))]
            await stage.say("ann", session_id, f"{n:03} ".ljust(200, "m"))
            await stage.worker.drain()
            if n == 70:
                early = [size(context) for context in stage.planner.contexts[25:]]
                kept = str(await stage.messages(session_id))
        late = [size(context) for context in stage.planner.contexts[-50:]]
        # The largest of some turns: how much is in no summary yet goes up and down.
        assert max(late) <= 1.2 * max(early)
        assert sum(late) / len(late) <= 1.2 * sum(early) / len(early)
        messages = await stage.messages(session_id)
        assert len(messages) == 2_000
        assert str(messages[: 71 * 2]) == kept
        # Nothing is left out: each message was summarised once, or still is in the window.
        told = [text for _, texts in stage.planner.summarised for text in texts]
        last = stage.planner.contexts[-1]
        assert told == [m.text for m in messages[: len(told)]]
        assert last.lines[0].seq <= len(told) + 1
        # And each summary is made of the one before it.
        made = [summary for summary, _ in stage.planner.summarised]
        assert made == ["", *(f"summary {n}" for n in range(1, len(made)))]
        assert last.summary == f"summary {len(made)}"


async def test_every_message_is_in_the_summary_or_among_the_lines(stage: Stage) -> None:
    """Invariant 9: bounded, but nothing falls between the summary and the last messages."""
    session_id = await stage.opened("ann")
    covered = 0
    longest = 0
    for n in range(60):
        stage.planner.script = [Plan(steps=(Reply(text=f"reply {n}"),))]
        await stage.say("ann", session_id, f"message {n}")
        covered = sum(len(texts) for _, texts in stage.planner.summarised)
        await stage.worker.drain()
        context = stage.planner.contexts[-1]
        seqs = [line.seq for line in context.lines]
        assert seqs == list(range(seqs[0], seqs[-1] + 1))
        assert seqs[0] <= covered + 1, f"turn {n}: {covered} in the summary, lines from {seqs[0]}"
        longest = max(longest, len(seqs))
    assert covered > 0
    assert longest < 45


async def test_more_messages_than_fit_one_turn_are_planned_over_several(stage: Stage) -> None:
    session_id = await stage.opened("ann")
    stage.planner.script = [Plan(steps=(Reply(text=f"turn {n}"),)) for n in range(10)]
    pause = Pause("turn first")
    running = await paused(stage, session_id, pause)
    stage.planner.script = [Plan(steps=(Reply(text=f"turn {n}"),)) for n in range(10)]
    for n in range(250):
        await stage.say("ann", session_id, f"message {n}")
    pause.release.set()
    await ended(running)
    await stage.settle_down()
    seen = [line.text for context in stage.planner.contexts for line in context.new_lines]
    assert seen == ["Go", *(f"message {n}" for n in range(250))]
    assert max(len(context.new_lines) for context in stage.planner.contexts) <= INPUTS
    assert not (await stage.session(session_id)).has_input


async def test_a_turn_whose_summary_fails_goes_on_without(stage: Stage) -> None:
    async def fails(summary: str, messages: object) -> str:
        raise PlanningFailed("no summary")

    stage.planner.summarise = fails  # type: ignore[method-assign, assignment]
    session_id = await stage.opened("ann")
    for n in range(30):
        await stage.say("ann", session_id, f"status {n}")
        await stage.worker.drain()
    assert len(await stage.said(session_id)) == 30
    assert (await stage.session(session_id)).summary_seq == 0


async def test_each_line_says_who_spoke(stage: Stage) -> None:
    request = await stage.asked("ann", "ask bob: Ship?")
    await stage.answer("bob", request, text="Yes")
    await stage.settle_down()
    lines = [
        (line.role, line.author, line.is_owner, line.new)
        for line in stage.planner.contexts[-1].lines
    ]
    assert lines == [
        (Role.USER, "ann", True, False),
        (Role.AGENT, "agent", False, False),
        (Role.SYSTEM, "bob", False, True),
    ]
    open_ = stage.planner.contexts[-1].open_questions
    assert open_ == ()


async def test_the_planner_sees_what_is_open(stage: Stage) -> None:
    request = await stage.asked("ann", "ask bob: Ship? within 90m")
    await stage.say("ann", request.session_id, "status")
    await stage.settle_down()
    [question] = stage.planner.contexts[-1].open_questions
    assert (question.request_id, question.people) == (request.id, ("bob",))
    assert question.deadline == question.asked_at + 90 * MINUTE


async def test_a_worker_takes_what_a_dead_one_had(tmp_path: Path) -> None:
    """Invariants 1 and 8: after a crash the input is planned once its lease has run out."""
    clock_now = 0
    async with staged(tmp_path / "core.db") as stage:
        await stage.cast("ann")
        session_id = await stage.opened("ann", "status")
        # It claims, and then its process dies: nothing of the turn is left but the claim.
        claims = await stage.worker._claim()
        assert [claim.session.id for claim in claims] == [session_id]
        clock_now = stage.clock.now()
        stage.people.clear()
    async with staged(tmp_path / "core.db") as stage:
        assert stage.clock.now() == clock_now
        await stage.settle_down()
        assert await stage.said(session_id) == []
        stage.clock.advance(LEASE / SECOND)
        await stage.settle_down()
        assert await stage.said(session_id) == ["Nothing is waiting for anybody."]
        await stage.settle_down()
        assert len(await stage.said(session_id)) == 1
