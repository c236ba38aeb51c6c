"""Questions with times of their own, and what becomes of them."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.feedback import Kind, State
from bot.domain.instants import HOUR
from bot.domain.planning import AskHuman, Escalation
from tests.flows.stage import Stage

A_MICROSECOND = 1e-6
SHIP = AskHuman(people=("bob", "carl"), question="Ship it?", kind=Kind.APPROVAL, quorum=2)
ESCALATES = replace(
    SHIP,
    escalations=(
        Escalation(people=("eve",), after=10 * HOUR),
        Escalation(people=("dora", "carl"), after=6 * HOUR),
    ),
)


async def swept(stage: Stage, minutes: float) -> State:
    stage.clock.advance(minutes=minutes)
    await stage.sweeper.sweep()
    [request] = await stage.read(
        lambda tx: tx.requests.of_asker(stage.people["ann"].id, None, None, 9)
    )
    return request.state
