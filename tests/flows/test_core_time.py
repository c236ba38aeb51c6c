"""Time comes in by the same door: questions expire and sessions end, once, when they are due."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.commands import (
    Actor,
    AdvanceRequest,
    Command,
    Outcome,
)
from bot.domain.feedback import State
from bot.domain.instants import HOUR
from bot.domain.planning import CancelQuestion, Plan, Role
from bot.domain.session import SessionState, Status
from bot.service.ports.store import Transaction
from tests.clock import FakeClock
from tests.flows.core_questions import A_MICROSECOND, ESCALATES
from tests.flows.core_stages import stage
from tests.flows.stage import Stage, staged

__all__ = ["stage"]


async def test_a_question_expires_at_its_deadline_and_not_before(stage: Stage) -> None:
    """Invariants 6 and 11: 48 hours pass at once; silence is expired, not rejected."""
    request = await stage.asked("ann", "ask bob, carl for approval: Ship it?")
    stage.clock.advance(hours=47)
    assert await stage.sweeper.sweep() == 1  # one reminder, though two are overdue
    stage.clock.advance(hours=1)
    stage.clock.advance(-A_MICROSECOND)
    assert await stage.sweeper.sweep() == 0
    early = AdvanceRequest(
        external_key="early",
        actor=Actor(person_id="", channel="system"),
        request_id=request.id,
        due_at=request.deadline,
    )
    assert (await stage.intake.submit(early)).status == "unchanged"
    assert (await stage.request(request)).is_open
    stage.clock.advance(A_MICROSECOND)
    assert await stage.sweeper.sweep() == 1
    expired = await stage.request(request)
    assert (expired.state, expired.outcome, expired.decided_by) == (State.EXPIRED, None, None)
    assert expired.decided_at == request.deadline == stage.clock.now()
    assert await stage.sweeper.sweep() == 0
    await stage.settle_down()
    assert stage.channel.states()[:2] == ["pending"] * 2
    assert stage.channel.states()[-2:] == ["expired"] * 2


async def test_an_expiry_wakes_the_planner_once(stage: Stage) -> None:
    request = await stage.asked("ann", "ask bob: Ship it?")
    turns = len(stage.planner.contexts)
    stage.clock.advance(hours=49)
    await asyncio.gather(*(stage.sweeper.sweep() for _ in range(5)))
    await stage.settle_down()
    await stage.sweeper.sweep()
    await stage.settle_down()
    assert len(stage.planner.contexts) == turns + 1
    [line] = stage.planner.contexts[-1].new_lines
    assert line.text == "Nobody decided “Ship it?” in time: it has expired."
    assert (await stage.said(request.session_id, Role.SYSTEM)).count(line.text) == 1
    assert (await stage.journal(request.session_id)).count("request.expired") == 1


async def test_an_answer_and_the_sweeper_at_once_decide_once(stage: Stage) -> None:
    """Invariant 3: whoever comes first decides, and the other meets that."""
    request = await stage.asked("ann", "ask bob: Ship it?")
    stage.clock.advance(hours=48)
    answered, swept = await asyncio.gather(
        stage.answer("bob", request, text="Yes"), stage.sweeper.sweep()
    )
    after = await stage.request(request)
    assert (answered.status, after.state, swept) in (
        ("decided", State.ANSWERED, 0),
        ("late", State.EXPIRED, 1),
    )
    assert after.version == 2
    assert (await stage.session(request.session_id)).open_questions == 0


async def test_many_are_overdue_at_once(stage: Stage) -> None:
    """More than one portion of the sweeper's."""
    stage.planner.script = []
    session_id = await stage.opened("ann")
    for start in range(0, 240, 8):
        for n in range(start, start + 8):
            await stage.say("ann", session_id, f"ask bob: Number {n}? within 1h")
        await stage.worker.drain()
    assert (await stage.session(session_id)).open_questions == 240
    stage.clock.advance(hours=1)
    assert await stage.sweeper.sweep() == 240
    assert {r.state for r in await stage.requests(session_id)} == {State.EXPIRED}
    assert (await stage.session(session_id)).open_questions == 0


async def test_a_session_times_out_after_a_day_and_not_before(stage: Stage) -> None:
    session_id = await stage.opened("ann", "help")
    await stage.settle_down()
    session = await stage.session(session_id)
    assert session.idle_at == session.last_active_at + 23 * HOUR
    stage.clock.advance(hours=23)
    stage.clock.advance(-A_MICROSECOND)
    assert await stage.sweeper.sweep() == 0
    stage.clock.advance(A_MICROSECOND)
    assert await stage.sweeper.sweep() == 1
    warned = await stage.session(session_id)
    assert (warned.state, warned.warned) == (SessionState.ACTIVE, True)
    # A warning is no sign of life.
    assert warned.last_active_at == session.last_active_at
    assert "This session ends 1 hour from now" in (await stage.said(session_id, Role.SYSTEM))[-1]
    stage.clock.advance(hours=1)
    stage.clock.advance(-A_MICROSECOND)
    assert await stage.sweeper.sweep() == 0
    stage.clock.advance(A_MICROSECOND)
    assert await stage.sweeper.sweep() == 1
    ended = await stage.session(session_id)
    assert (ended.state, ended.end_reason, ended.idle_at) == (SessionState.ENDED, "idle", None)
    assert await stage.sweeper.sweep() == 0
    assert (await stage.journal(session_id))[-2:] == ["session.warned", "session.timed_out"]
    # It is reopened by writing in it, and has all its time again.
    assert (await stage.say("ann", session_id, "help")).status == "stored"
    await stage.settle_down()
    again = await stage.session(session_id)
    assert (again.state, again.warned) == (SessionState.ACTIVE, False)
    assert again.idle_at == stage.clock.now() + 23 * HOUR


async def test_who_writes_after_the_warning_keeps_the_session(stage: Stage) -> None:
    session_id = await stage.opened("ann", "help")
    await stage.settle_down()
    for _ in range(3):
        stage.clock.advance(hours=23.5)
        assert await stage.sweeper.sweep() == 1
        assert (await stage.said(session_id, Role.SYSTEM))[-1].count("30 minutes from now") == 1
        await stage.say("ann", session_id, "status")
        await stage.settle_down()
        assert (await stage.session(session_id)).warned is False
    assert (await stage.session(session_id)).state is SessionState.ACTIVE


async def test_a_question_keeps_a_warned_session(stage: Stage) -> None:
    session_id = await stage.opened("ann", "help")
    await stage.settle_down()
    stage.clock.advance(hours=23)
    await stage.sweeper.sweep()
    await stage.say("ann", session_id, "ask bob: Ship it? within 30d")
    await stage.settle_down()
    assert (await stage.session(session_id)).idle_at is None
    stage.clock.advance(hours=100)
    await stage.sweeper.sweep()
    assert (await stage.session(session_id)).state is SessionState.ACTIVE


async def test_a_session_that_nobody_spoke_in_times_out_too(stage: Stage) -> None:
    session_id = await stage.opened("ann")
    stage.clock.advance(hours=24)
    assert await stage.sweeper.sweep() == 1
    assert (await stage.session(session_id)).state is SessionState.ENDED


async def test_a_session_that_waits_for_an_answer_does_not_time_out(stage: Stage) -> None:
    """The clock starts again with the answer."""
    request = await stage.asked("ann", "ask bob: Ship it? within 30d")
    session_id = request.session_id
    assert (await stage.session(session_id)).status(stage.clock.now()) is Status.AWAITING
    for _ in range(29):
        stage.clock.advance(hours=24)
        await stage.sweeper.sweep()
        assert (await stage.session(session_id)).state is SessionState.ACTIVE
    assert (await stage.story(request)).count("request.reminded") == 2
    await stage.answer("bob", request, text="Yes")
    # The turn that it wakes is due: no time-out either, however late the turn comes.
    if not stage.handoff._takers:  # else it has begun by itself, and may have ended
        assert (await stage.session(session_id)).status(stage.clock.now()) is Status.THINKING
        stage.clock.advance(hours=30)
        assert await stage.sweeper.sweep() == 0
    await stage.settle_down()
    session = await stage.session(session_id)
    assert session.status(stage.clock.now()) is Status.IDLE
    assert session.idle_at == stage.clock.now() + 23 * HOUR
    stage.clock.advance(hours=22)
    assert await stage.sweeper.sweep() == 0
    await stage.say("ann", session_id, "status")
    await stage.settle_down()
    stage.clock.advance(hours=22)
    assert await stage.sweeper.sweep() == 0
    stage.clock.advance(hours=2)
    assert await stage.sweeper.sweep() == 1


async def test_a_question_taken_back_starts_the_idle_clock(stage: Stage) -> None:
    """By a plan that says nothing, long after the last word."""
    request = await stage.asked("ann", "ask bob: Ship it? within 30d")
    stage.clock.advance(hours=72)
    stage.planner.script = [Plan(steps=(CancelQuestion(request_id=request.id),))]
    await stage.say("ann", request.session_id, "Forget it")
    await stage.settle_down()
    session = await stage.session(request.session_id)
    assert session.idle_at == stage.clock.now() + 23 * HOUR
    assert await stage.sweeper.sweep() == 0


async def test_a_message_and_the_time_out_at_once(stage: Stage) -> None:
    """Whatever comes first, the message is kept and its session is running."""
    session_id = await stage.opened("ann", "help")
    await stage.settle_down()
    stage.clock.advance(hours=24)
    said, _ = await asyncio.gather(stage.say("ann", session_id, "status"), stage.sweeper.sweep())
    assert said.status == "stored"
    await stage.settle_down()
    assert (await stage.session(session_id)).state is SessionState.ACTIVE
    assert (await stage.said(session_id))[-1] == "Nothing is waiting for anybody."


async def test_a_held_session_does_not_time_out(stage: Stage) -> None:
    for n in range(3):
        request = await stage.asked("ann", f"ask bob: Number {n}? within 30d")
        assert request.is_open
    held = await stage.opened("ann", "Kept for later")
    stage.clock.advance(hours=500)
    assert await stage.sweeper.sweep() == 3  # the others' reminders
    assert (await stage.session(held)).state is SessionState.HELD


async def test_one_that_breaks_does_not_hold_up_the_others(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest deadline comes first in every sweep, and so would its fault."""
    broken = await stage.asked("ann", "ask bob: First? within 1h")
    other = await stage.asked("ann", "ask bob: Second? within 2h")
    apply = stage.intake._apply

    def breaks(tx: Transaction, command: Command) -> Outcome:
        if isinstance(command, AdvanceRequest) and command.request_id == broken.id:
            raise LookupError("nobody foresaw this")
        return apply(tx, command)

    monkeypatch.setattr(stage.intake, "_apply", breaks)
    stage.clock.advance(hours=3)
    assert await stage.sweeper.sweep() == 1
    assert (await stage.request(other)).state is State.EXPIRED
    monkeypatch.undo()
    assert await stage.sweeper.sweep() == 0  # it was put off
    stage.clock.advance(1)
    assert await stage.sweeper.sweep() == 1
    assert (await stage.request(broken)).state is State.EXPIRED


class SteppingClock(FakeClock):
    """A clock that a time server sets back once, just after it was read."""

    back = 0

    def now(self) -> int:
        now = super().now()
        self.advance(-self.back)
        self.back = 0
        return now


async def test_a_clock_that_is_set_back_puts_an_expiry_off_and_no_more(tmp_path: Path) -> None:
    """What was too early once must not count as dealt with."""
    clock = SteppingClock()
    async with staged(tmp_path / "core.db", clock) as stage:
        await stage.cast("ann", "bob")
        request = await stage.asked("ann", "ask bob: Ship it?")
        stage.clock.advance(hours=47)
        assert await stage.sweeper.sweep() == 1
        stage.clock.advance(hours=1)
        clock.back = 5
        assert await stage.sweeper.sweep() == 0
        assert (await stage.request(request)).is_open
        stage.clock.advance(5)
        assert await stage.sweeper.sweep() == 1
        assert (await stage.request(request)).state is State.EXPIRED


async def test_a_server_that_slept_for_a_day_catches_up_in_order(stage: Stage) -> None:
    """Two overdue reminders are one, and each escalation is a fact of the story."""
    request = await stage.put("ann", replace(ESCALATES, within=40 * HOUR))
    stage.clock.advance(hours=32)
    await asyncio.gather(*(stage.sweeper.sweep() for _ in range(3)))
    assert await stage.story(request) == [
        "request.asked",
        "request.reminded",
        "request.escalated",
        "request.escalated",
    ]
    assert await stage.deciders(request) == ["bob", "carl", "dora", "eve"]
    stage.clock.advance(hours=24)
    assert await stage.sweeper.sweep() == 1
    assert (await stage.story(request))[4:] == ["request.expired"]


async def test_a_server_that_slept_through_everything(stage: Stage) -> None:
    """Who was to be asked is told in the story; nobody is reminded of what is over."""
    request = await stage.put("ann", ESCALATES)
    stage.clock.advance(hours=72)
    assert await stage.sweeper.sweep() == 1
    assert await stage.story(request) == [
        "request.asked",
        "request.escalated",
        "request.escalated",
        "request.expired",
    ]
    expired = await stage.request(request)
    assert (expired.state, expired.next_at) == (State.EXPIRED, None)
    await stage.settle_down()
    shown = {s.person_id for s, _ in stage.channel.delivered}
    assert shown == {stage.people[name].id for name in ("bob", "carl")}
