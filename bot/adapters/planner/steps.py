"""From what a model proposes to steps of the domain: whatever is not allowed is unusable."""

from __future__ import annotations

from collections.abc import Sequence

from bot.adapters.planner.answers import Unusable
from bot.adapters.planner.asks import asked
from bot.adapters.planner.runtime import types
from bot.domain.planning import (
    AskHuman,
    CancelQuestion,
    EndSession,
    PlanContext,
    RemindPeople,
    Reply,
    Role,
    Step,
)
from bot.domain.text import presentable

MAX_STEPS = 8
MAX_REPLY = 20_000

Proposed = (
    types.ReplyStep
    | types.AskHumanStep
    | types.CancelQuestionStep
    | types.RemindPeopleStep
    | types.EndSessionStep
)


def steps_of(proposed: Sequence[Proposed], context: PlanContext) -> tuple[Step, ...]:
    """Return the steps that `proposed` stands for; raise `Unusable` when one may not be done."""
    asked_for = any(line.role is not Role.USER or line.is_owner for line in context.new_lines)
    if not proposed and asked_for:
        raise Unusable("It held no steps, but the new lines need a reaction.")
    if len(proposed) > MAX_STEPS:
        raise Unusable(f"It held {len(proposed)} steps; at most {MAX_STEPS} are allowed.")
    steps = tuple(_step(step, context) for step in proposed)
    if any(isinstance(step, EndSession) for step in steps[:-1]):
        raise Unusable("Nothing can come after end_session.")
    if not asked_for and not all(isinstance(step, Reply) for step in steps):
        raise Unusable("No new line is the owner's or the system's: only a reply is allowed.")
    return steps


def _step(step: Proposed, context: PlanContext) -> Step:
    if isinstance(step, types.ReplyStep):
        return _reply(step)
    if isinstance(step, types.AskHumanStep):
        return _ask(step, context)
    if isinstance(step, types.CancelQuestionStep):
        return CancelQuestion(request_id=_open(step.request_id, context))
    if isinstance(step, types.RemindPeopleStep):
        return RemindPeople(request_id=_open(step.request_id, context))
    if len(step.farewell) > MAX_REPLY:
        raise Unusable(f"The farewell is longer than {MAX_REPLY:,} characters.")
    return EndSession(text=step.farewell.strip())


def _reply(step: types.ReplyStep) -> Reply:
    if not presentable(step.text).strip():
        raise Unusable("A reply has no text.")
    if len(step.text) > MAX_REPLY:
        raise Unusable(f"A reply is longer than {MAX_REPLY:,} characters.")
    return Reply(text=step.text.strip())


def _ask(step: types.AskHumanStep, context: PlanContext) -> AskHuman:
    replaces = (step.replaces or "").strip()
    return asked(step, context, _open(replaces, context) if replaces else None)


def _open(request_id: str, context: PlanContext) -> str:
    known = [question.request_id for question in context.open_questions]
    if request_id not in known:
        these = ", ".join(known) if known else "none at all"
        raise Unusable(f"It names an open question that is not there; these are: {these}.")
    return request_id
