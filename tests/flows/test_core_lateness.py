"""An answer sent in time is waited for, a late one is kept and may reopen what it would decide."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.commands import (
    AskAgain,
    ReopenWith,
)
from bot.domain.errors import Conflict, NotAllowed
from bot.domain.feedback import Kind, State
from bot.domain.instants import HOUR, SECOND
from bot.domain.planning import AskHuman, Escalation, Role
from tests.flows.core_questions import SHIP, swept
from tests.flows.core_stages import stage
from tests.flows.stage import Stage, staged

__all__ = ["stage"]


async def test_an_answer_after_the_expiry_is_late_and_kept(stage: Stage) -> None:
    request = await stage.asked("ann", "ask bob: Ship it?")
    stage.clock.advance(hours=48)
    await stage.sweeper.sweep()
    late = await stage.answer("bob", request, text="Yes")
    assert late.status == "late"
    assert "This question was expired: today, 09:00 (UTC)" in late.text
    assert [r.agrees for r in await stage.responses(request)] == [None]
    assert (await stage.request(request)).state is State.EXPIRED


@pytest.fixture
async def mailing(tmp_path: Path) -> AsyncIterator[Stage]:
    """Open a stage whose people have mail, too; Bob gets his questions there."""
    async with staged(tmp_path / "core.db", channels=("chat", "email")) as stage:
        await stage.cast("ann", "bob", "carl")
        await stage.profile("bob", preferred_channel="email")
        yield stage


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
