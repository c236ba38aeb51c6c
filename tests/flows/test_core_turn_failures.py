"""Turns that fail: told, tried again, bounded."""

from __future__ import annotations

from bot.domain.errors import PlanningFailed
from bot.domain.instants import SECOND
from bot.domain.planning import EndSession, Plan, PlanContext, Reply
from bot.domain.session import SessionState
from bot.service.carrying_out import MAX_STEPS
from bot.service.turns import MAX_FAILURES
from tests.flows.core_stages import stage
from tests.flows.stage import Stage

__all__ = ["stage"]


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
