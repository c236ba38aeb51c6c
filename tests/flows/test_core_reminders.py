"""Reminders, escalation, working hours and those who stand in: when people are asked again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.commands import (
    ClaimRequest,
)
from bot.domain.errors import NotAllowed
from bot.domain.feedback import Kind
from bot.domain.instants import HOUR, iso
from bot.domain.planning import Role
from tests.flows.core_questions import A_MICROSECOND, ESCALATES, SHIP
from tests.flows.core_stages import stage
from tests.flows.stage import Stage

__all__ = ["stage"]


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
