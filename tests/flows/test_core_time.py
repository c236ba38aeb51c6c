"""Time is an entrance: deadlines, reminders and idle sessions, two days in milliseconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.commands import (
    Actor,
    AdvanceRequest,
    AskAgain,
    ClaimRequest,
    Command,
    Outcome,
    ReopenWith,
)
from bot.domain.errors import Conflict, NotAllowed
from bot.domain.feedback import Kind, State
from bot.domain.instants import HOUR, SECOND, iso
from bot.domain.planning import AskHuman, CancelQuestion, Escalation, Plan, Role
from bot.domain.session import SessionState, Status
from bot.service.ports.store import Transaction
from tests.clock import FakeClock
from tests.flows.stage import Stage, staged


@pytest.fixture(params=["announced", "handed over"])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "core.db", handed_over=request.param == "handed over") as stage:
        await stage.cast("ann", "bob", "carl", "dora", "eve")
        yield stage


A_MICROSECOND = 1e-6


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


async def test_an_answer_after_the_expiry_is_late_and_kept(stage: Stage) -> None:
    request = await stage.asked("ann", "ask bob: Ship it?")
    stage.clock.advance(hours=48)
    await stage.sweeper.sweep()
    late = await stage.answer("bob", request, text="Yes")
    assert late.status == "late"
    assert "This question was expired: today, 09:00 (UTC)" in late.text
    assert [r.agrees for r in await stage.responses(request)] == [None]
    assert (await stage.request(request)).state is State.EXPIRED


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


SHIP = AskHuman(people=("bob", "carl"), question="Ship it?", kind=Kind.APPROVAL, quorum=2)


async def test_reminders_come_at_half_and_at_three_quarters(stage: Stage) -> None:
    request = await stage.put("ann", SHIP)
    await stage.answer("bob", request, approved=True)
    for hours, reminded in ((23.9, 0), (0.2, 1), (11.8, 1), (0.2, 2), (11.8, 2)):
        stage.clock.advance(hours=hours)
        await stage.sweeper.sweep()
        await stage.settle_down()
        assert (await stage.story(request)).count("request.reminded") == reminded
    # Nothing but the version that is shown has changed.
    after = await stage.request(request)
    assert (after.digest, after.deadline) == (request.digest, request.deadline)
    assert after.next_at == request.deadline
    assert (await stage.answer("carl", request, approved=True)).status == "decided"


async def test_reminders_at_moments_of_their_own_and_none(stage: Stage) -> None:
    now = stage.clock.now()
    request = await stage.put("ann", replace(SHIP, remind_at=(now + HOUR,)))
    stage.clock.advance(hours=47)
    assert await stage.sweeper.sweep() == 1
    assert (await stage.request(request)).next_at == request.deadline
    silent = await stage.put("ann", replace(SHIP, remind_at=()))
    stage.clock.advance(hours=1)
    await stage.sweeper.sweep()
    assert await stage.story(silent) == ["request.asked"]


ESCALATES = replace(
    SHIP,
    escalations=(
        Escalation(people=("eve",), after=10 * HOUR),
        Escalation(people=("dora", "carl"), after=6 * HOUR),
    ),
)


async def test_escalation_asks_others_besides(stage: Stage) -> None:
    """The chain is settled when the question is asked; who is asked already stays so."""
    request = await stage.put("ann", ESCALATES)
    stage.clock.advance(hours=6)
    assert await stage.sweeper.sweep() == 1
    assert await stage.deciders(request) == ["bob", "carl", "dora"]
    assert (await stage.said(request.session_id, Role.SYSTEM))[-1] == (
        "Nobody has decided “Ship it?” so far, so dora is asked too."
    )
    await stage.settle_down()
    shown = {s.person_id for s, _ in stage.channel.delivered}
    assert shown == {stage.people[name].id for name in ("bob", "carl", "dora")}
    await stage.answer("dora", request, approved=True)
    assert (await stage.answer("bob", request, approved=True)).status == "decided"
    # What is decided does not escalate.
    stage.clock.advance(hours=10)
    await stage.sweeper.sweep()
    assert (await stage.story(request)).count("request.escalated") == 1
    assert "eve" not in await stage.deciders(request)


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


WEEKDAYS = {day: ["09:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}


async def test_outside_their_hours_a_person_is_left_alone(stage: Stage) -> None:
    """Monday, 09:00 in London is Monday, 04:00 in New York."""
    await stage.profile("bob", zone="America/New_York", working_hours=WEEKDAYS)
    request = await stage.asked("ann", "ask bob, carl: Ship it? options: yes, no")
    assert [s.person_id for s, _ in stage.channel.delivered] == [stage.people["carl"].id]
    stage.clock.advance(hours=5)
    stage.clock.advance(-A_MICROSECOND)
    await stage.courier.drain()
    assert len(stage.channel.delivered) == 1
    stage.clock.advance(A_MICROSECOND)
    await stage.courier.drain()
    assert [s.person_id for s, _ in stage.channel.delivered][1:] == [stage.people["bob"].id]
    # They may answer whenever they like.
    stage.clock.advance(hours=12)
    assert (await stage.answer("bob", request, choices=("yes",))).status == "decided"


async def test_what_others_do_at_night_wakes_nobody(stage: Stage) -> None:
    await stage.profile("bob", zone="America/New_York", working_hours=WEEKDAYS)
    request = await stage.asked("ann", "ask bob, carl: Ship it? options: yes, no quorum 2")
    await stage.answer("carl", request, choices=("yes",))
    await stage.act(ClaimRequest, "carl", request)
    await stage.settle_down()
    assert {s.person_id for s, _ in stage.channel.delivered} == {stage.people["carl"].id}
    stage.clock.advance(hours=5)
    await stage.courier.drain()
    assert stage.channel.delivered[-1][0].person_id == stage.people["bob"].id
    assert stage.channel.delivered[-1][1].claimed_by == stage.people["carl"].id


async def test_what_is_urgent_waits_for_no_morning(stage: Stage) -> None:
    await stage.profile("bob", zone="America/New_York", working_hours=WEEKDAYS)
    await stage.put("ann", replace(SHIP, urgent=True))
    assert {s.person_id for s, _ in stage.channel.delivered} == {
        stage.people["bob"].id,
        stage.people["carl"].id,
    }


async def test_a_delegate_is_asked_for_who_is_away(stage: Stage) -> None:
    now = stage.clock.now()
    await stage.profile("bob", away=(now, now + 72 * HOUR), delegate="dora")
    request = await stage.put("ann", SHIP)
    assert await stage.deciders(request) == ["dora", "carl"]
    with pytest.raises(NotAllowed):
        await stage.answer("bob", request, approved=True)
    await stage.answer("dora", request, approved=True)
    assert (await stage.answer("carl", request, approved=True)).status == "decided"


async def test_a_delegate_is_asked_for_who_is_away_when_it_escalates(stage: Stage) -> None:
    request = await stage.put("ann", ESCALATES)
    now = stage.clock.now()
    await stage.profile("dora", away=(now, now + 72 * HOUR), delegate="eve")
    stage.clock.advance(hours=6)
    await stage.sweeper.sweep()
    assert await stage.deciders(request) == ["bob", "carl", "eve"]
    # Who is asked already stands in for nobody: then who is away is asked all the same.
    stage.clock.advance(hours=4)
    await stage.profile("dora", delegate="bob")
    other = await stage.put("ann", ESCALATES)
    stage.clock.advance(hours=6)
    await stage.sweeper.sweep()
    assert await stage.deciders(other) == ["bob", "carl", "dora"]


async def test_an_owner_stands_in_for_nobody_s_approval(stage: Stage) -> None:
    now = stage.clock.now()
    await stage.profile("bob", away=(now, now + 72 * HOUR), delegate="ann")
    await stage.profile("dora", away=(now, now + 72 * HOUR), delegate="ann")
    request = await stage.put("ann", ESCALATES)
    assert await stage.deciders(request) == ["bob", "carl"]
    stage.clock.advance(hours=6)
    await stage.sweeper.sweep()
    assert await stage.deciders(request) == ["bob", "carl", "dora"]
    other = await stage.put("ann", replace(SHIP, kind=Kind.INPUT, quorum=1))
    assert await stage.deciders(other) == ["ann", "carl"]


async def test_a_deadline_in_working_time(stage: Stage) -> None:
    """Twelve hours of somebody who works for eight a day end at one o'clock on the next."""
    await stage.profile("bob", working_hours=WEEKDAYS)
    stage.clock.advance(hours=-1)
    request = await stage.put("ann", replace(SHIP, within=12 * HOUR, working_time=True))
    assert iso(request.deadline) == "2026-03-03T13:00:00.000000Z"
    stage.clock.advance(hours=4 * 24)  # Friday
    weekend = await stage.put("ann", replace(SHIP, within=12 * HOUR, working_time=True))
    assert iso(weekend.deadline) == "2026-03-09T13:00:00.000000Z"


@pytest.fixture
async def mailing(tmp_path: Path) -> AsyncIterator[Stage]:
    """Open a stage whose people have mail, too; Bob gets his questions there."""
    async with staged(tmp_path / "core.db", channels=("chat", "email")) as stage:
        await stage.cast("ann", "bob", "carl")
        await stage.profile("bob", preferred_channel="email")
        yield stage


async def swept(stage: Stage, minutes: float) -> State:
    stage.clock.advance(minutes=minutes)
    await stage.sweeper.sweep()
    [request] = await stage.read(
        lambda tx: tx.requests.of_asker(stage.people["ann"].id, None, None, 9)
    )
    return request.state


async def read_until(stage: Stage, at: int) -> None:
    await stage.store.run(lambda tx: tx.inbound.note("email", at))


async def test_an_answer_sent_in_time_is_waited_for(mailing: Stage) -> None:
    """Invariant 6: what was sent in time is not late because we were down."""
    stage = mailing
    request = await stage.asked("ann", "ask bob: Ship it? options: yes, no")
    assert len(stage.channels["email"].delivered) == 1
    await read_until(stage, request.deadline - 1)
    assert await swept(stage, 48 * 60) is State.PENDING
    assert await swept(stage, 10) is State.PENDING
    sent_at = request.deadline - 60 * SECOND
    decided = await stage.answer("bob", request, text="Yes", channel="email", sent_at=sent_at)
    assert decided.status == "decided"
    assert await swept(stage, 60) is State.ANSWERED
    [response] = await stage.responses(request)
    assert (response.sent_at, response.channel) == (sent_at, "email")


async def test_nothing_is_waited_for_longer_than_half_an_hour(mailing: Stage) -> None:
    """Invariant 6; and nothing that time did before is done again meanwhile."""
    stage = mailing
    request = await stage.put(
        "ann",
        AskHuman(
            people=("bob",),
            question="Ship it?",
            kind=Kind.APPROVAL,
            escalations=(Escalation(people=("carl",), after=HOUR),),
        ),
    )
    assert await swept(stage, 48 * 60) is State.PENDING
    for _ in range(29):
        assert await swept(stage, 1) is State.PENDING
    assert await swept(stage, 1) is State.EXPIRED
    assert await stage.story(request) == [
        "request.asked",
        "request.escalated",
        "request.expired",
    ]
    assert (await stage.said(request.session_id, Role.SYSTEM))[-1] == (
        "Nobody decided “Ship it?” in time: it has expired."
    )


async def test_it_expires_as_soon_as_all_mail_was_read(mailing: Stage) -> None:
    stage = mailing
    request = await stage.asked("ann", "ask bob: Ship it? options: yes, no")
    assert await swept(stage, 48 * 60) is State.PENDING
    await read_until(stage, request.deadline)
    assert await swept(stage, 1) is State.EXPIRED
    # And at once, where it had been read before.
    stage.planner.script = []
    await read_until(stage, stage.clock.now() + 99 * HOUR)
    again = await stage.act(AskAgain, "ann", request)
    stage.clock.advance(hours=48)
    await stage.sweeper.sweep()
    second = await stage.read(lambda tx: tx.requests.get(again.request_id))
    assert second is not None
    assert second.state is State.EXPIRED


async def test_a_late_answer_reopens_only_what_it_decides(mailing: Stage) -> None:
    """It counts by the same rules as in time, with the others that were sent in time."""
    stage = mailing
    request = await stage.put("ann", SHIP)
    await read_until(stage, request.deadline)
    assert await swept(stage, 48 * 60) is State.EXPIRED
    in_time = request.deadline - SECOND

    async def late(who: str, sent_at: int) -> str:
        outcome = await stage.answer(who, request, text="yes", channel="email", sent_at=sent_at)
        assert outcome.status == "late"
        return (await stage.responses(request))[-1].id

    first = await late("bob", in_time)
    with pytest.raises(Conflict) as refused:
        await stage.act(ReopenWith, "ann", request, response_id=first)
    assert refused.value.code == "not_enough"
    stage.clock.advance(1)
    too_late = await late("carl", request.deadline + 1)
    with pytest.raises(Conflict) as refused:
        await stage.act(ReopenWith, "ann", request, response_id=too_late)
    assert refused.value.code == "not_in_time"
    second = await late("carl", in_time)
    with pytest.raises(NotAllowed):
        await stage.act(ReopenWith, "carl", request, response_id=second)
    await stage.act(ReopenWith, "ann", request, response_id=second)
    after = await stage.request(request)
    assert (after.state, after.decided_by) == (State.APPROVED, stage.people["carl"].id)
    assert (await stage.session(request.session_id)).open_questions == 0
    await stage.settle_down()
    assert stage.planner.contexts[-1].new_lines[-1].text.startswith("carl answered “Ship it?”")


async def test_who_is_only_told_reopens_nothing(mailing: Stage) -> None:
    """Invariant 4: only a person who was asked decides."""
    stage = mailing
    ask = AskHuman(
        people=("bob",), question="Ship it?", kind=Kind.APPROVAL, notify=("carl",), within=HOUR
    )
    request = await stage.put("ann", ask)
    await read_until(stage, request.deadline)
    assert await swept(stage, 60) is State.EXPIRED
    await stage.answer("carl", request, approved=True, channel="email", sent_at=request.asked_at)
    [response] = await stage.responses(request)
    with pytest.raises(Conflict) as refused:
        await stage.act(ReopenWith, "ann", request, response_id=response.id)
    assert refused.value.code == "not_a_decider"
    assert (await stage.request(request)).state is State.EXPIRED


async def test_an_answer_after_the_deadline_is_late_though_nobody_looked(stage: Stage) -> None:
    """Invariant 6: what was not decided in time has expired, whenever the sweeper comes."""
    request = await stage.asked("ann", "ask bob: Ship? options: yes, no. Within 1h")
    stage.clock.advance(hours=1)
    stage.clock.advance(0.000001)
    outcome = await stage.answer("bob", request, choices=("yes",))
    assert outcome.status == "late"
    assert "The time to answer was over" in outcome.text
    assert (await stage.request(request)).state is State.PENDING
    await stage.sweeper.sweep()
    assert (await stage.request(request)).state is State.EXPIRED
