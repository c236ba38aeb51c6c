"""Where all must agree: those whom an escalation asks stand in for those who stay silent."""

from __future__ import annotations

from pathlib import Path

from bot.domain.commands import Delegate
from bot.domain.feedback import FeedbackRequest, Kind, State
from bot.domain.instants import HOUR
from bot.domain.planning import AskHuman, Escalation, Role
from tests.flows.stage import Stage, staged


async def asked(stage: Stage, kind: Kind = Kind.APPROVAL, to: str = "dora") -> FeedbackRequest:
    """Ask Bob and Carl, and after an hour Dora."""
    await stage.cast("ann", "bob", "carl", "dora", "eve")
    return await stage.put(
        "ann",
        AskHuman(
            people=("bob", "carl"),
            question="Ship?",
            kind=kind,
            options=("yes", "no") if kind is Kind.CHOICE else (),
            everybody=True,
            within=8 * HOUR,
            escalations=(Escalation(people=(to,), after=HOUR),),
        ),
    )


async def escalated(stage: Stage) -> None:
    stage.clock.advance(minutes=61)
    await stage.sweeper.sweep()
    await stage.settle_down()


async def test_the_escalated_answers_for_who_is_silent(tmp_path: Path) -> None:
    async with staged(tmp_path / "one.db") as stage:
        request = await asked(stage)
        assert (await stage.answer("bob", request, approved=True)).status == "counted"
        await escalated(stage)
        assert await stage.deciders(request) == ["bob", "carl", "dora"]
        assert (await stage.answer("dora", request, approved=True)).status == "decided"
        assert (await stage.request(request)).state is State.APPROVED


async def test_an_escalation_does_not_raise_how_many_must_agree(tmp_path: Path) -> None:
    async with staged(tmp_path / "one.db") as stage:
        request = await asked(stage)
        await stage.answer("bob", request, approved=True)
        await escalated(stage)
        assert (await stage.answer("carl", request, approved=True)).status == "decided"


async def test_whoever_follows_the_escalated_stands_in_too(tmp_path: Path) -> None:
    async with staged(tmp_path / "one.db") as stage:
        request = await asked(stage)
        await stage.answer("bob", request, approved=True)
        await escalated(stage)
        await stage.act(Delegate, "dora", request, to="eve")
        assert (await stage.answer("eve", request, approved=True)).status == "decided"


async def test_the_stand_in_of_somebody_away_who_is_escalated_to_raises_nothing(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path / "one.db") as stage:
        request = await asked(stage)
        now = stage.clock.now()
        await stage.profile("dora", away=(now, now + 24 * HOUR), delegate="eve")
        await stage.answer("bob", request, approved=True)
        await escalated(stage)
        assert await stage.deciders(request) == ["bob", "carl", "eve"]
        assert (await stage.answer("eve", request, approved=True)).status == "decided"


async def test_nobody_stands_in_for_who_says_otherwise(tmp_path: Path) -> None:
    async with staged(tmp_path / "one.db") as stage:
        request = await asked(stage, Kind.CHOICE)
        await stage.answer("bob", request, choices=("no",))
        await escalated(stage)
        await stage.answer("carl", request, choices=("yes",))
        stuck = await stage.answer("dora", request, choices=("yes",))
        assert stuck.status == "counted"
        assert "changes their mind" in stuck.text
        told = await stage.said(request.session_id, Role.SYSTEM)
        assert "cannot decide it, unless somebody changes their mind" in told[-1]
        assert (await stage.answer("bob", request, choices=("yes",))).status == "decided"
