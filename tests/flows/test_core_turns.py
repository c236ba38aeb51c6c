"""Turns: fenced by their claim, stopped and interrupted, and seeing what comes meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.domain.instants import SECOND
from bot.domain.journal import Entry
from bot.domain.planning import Plan, PlanContext, Reply, Role
from bot.domain.session import SessionState
from bot.service.orchestrator import Orchestrator
from bot.service.ports.store import Transaction
from tests.flows.core_stages import stage
from tests.flows.stage import LEASE, SOON, Stage, staged
from tests.flows.turn_pauses import Pause, ended, paused

__all__ = ["stage"]


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
