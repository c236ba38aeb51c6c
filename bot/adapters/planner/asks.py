"""From a question that a model proposes to the domain's: its times, people, rule and action."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from bot.adapters.planner.answers import Unusable
from bot.adapters.planner.runtime import types
from bot.domain import asking
from bot.domain.deadlines import read_deadline, read_reminder
from bot.domain.errors import Invalid
from bot.domain.feedback import Field, FieldKind, Kind, Risk
from bot.domain.grammar.fields import field_name
from bot.domain.instants import MINUTE, Micros
from bot.domain.planning import AskHuman, Escalation, PlanContext, ProposedAction
from bot.domain.proposals import check, with_room
from bot.domain.text import folded

_VERDICTS = {"approve", "reject", "approved", "rejected", "yes", "no"}


def asked(step: types.AskHumanStep, context: PlanContext, replaces: str | None) -> AskHuman:
    """Return the question that `step` stands for; raise `Unusable` when it cannot be asked."""
    try:
        made = with_room(
            _read(step, context, replaces), now=context.now, wait=context.feedback_timeout
        )
        check(made, now=context.now, wait=context.feedback_timeout)
    except Invalid as wrong:
        reason = f"A question cannot be asked like this: {wrong.message}"
    else:
        return made
    raise Unusable(reason)


def _read(step: types.AskHumanStep, context: PlanContext, replaces: str | None) -> AskHuman:
    kind = Kind(step.kind)
    options = tuple(" ".join(option.split()) for option in step.options)
    if kind is Kind.APPROVAL and {folded(option) for option in options} <= _VERDICTS:
        options = ()
    deadline = (step.deadline or "").strip()
    return AskHuman(
        people=_people(step.people),
        question=step.question.strip(),
        kind=kind,
        options=options,
        context=(step.context or "").strip(),
        within=None if step.within_minutes is None else step.within_minutes * MINUTE,
        deadline=_moment(deadline, context, read_deadline) if deadline else None,
        working_time=bool(step.working_time),
        quorum=_quorum(step),
        everybody=step.rule == "all",
        veto=bool(step.veto),
        multiple=bool(step.multiple),
        fields=tuple(_field(field) for field in step.fields or ()),
        notify=_people(step.notify or ()),
        remind_at=_reminders(step, context),
        escalations=tuple(_escalation(wanted, context) for wanted in step.escalations or ()),
        urgent=bool(step.urgent),
        risk=Risk(step.risk or Risk.NORMAL.value),
        action=_action(step.run, context),
        replaces=replaces,
        room=_room(step.room),
    )


def _room(room: str | None) -> str:
    """Return where people are asked together; `asking` says where that is."""
    said = (room or "").strip().casefold()
    return said if said in ("", "here") or said.startswith("#") else f"#{said}"


def _people(names: Sequence[str]) -> tuple[str, ...]:
    return asking.once_each([name.strip().removeprefix("@") for name in names])


def _quorum(step: types.AskHumanStep) -> int:
    if step.rule == "all":
        return 1
    if step.rule == "quorum" and step.quorum is None:
        raise Invalid("The rule is quorum, but it says no number.")
    if step.rule == "first" and step.quorum is not None and step.quorum > 1:
        raise Invalid(f"The rule is first, but the quorum is {step.quorum}.")
    return 1 if step.quorum is None else step.quorum


def _field(field: types.FormField) -> Field:
    label = " ".join(field.label.split())
    return Field(
        name=field_name(label),
        label=label,
        kind=FieldKind(field.kind),
        required=field.required,
        options=tuple(" ".join(option.split()) for option in field.options),
    )


def _reminders(step: types.AskHumanStep, context: PlanContext) -> tuple[Micros, ...] | None:
    """Return the moments; an empty list is what models write for nothing said, and means that."""
    if step.no_reminders:
        if step.remind_at:
            raise Invalid("It asks for reminders and for none.")
        return ()
    if not step.remind_at:
        return None
    return tuple(_moment(said, context, read_reminder) for said in step.remind_at)


def _escalation(wanted: types.EscalationStep, context: PlanContext) -> Escalation:
    said = (wanted.at or "").strip()
    return Escalation(
        people=_people(wanted.people),
        after=None if wanted.after_minutes is None else wanted.after_minutes * MINUTE,
        at=_moment(said, context, read_deadline) if said else None,
    )


def _moment(said: str, context: PlanContext, read: Callable[..., Micros]) -> Micros:
    return read(said, now=context.now, zone=context.zone)


def _action(wanted: types.ToolCall | None, context: PlanContext) -> ProposedAction | None:
    """Return the action; whether its arguments are right is the tool's own to say."""
    if wanted is None or not wanted.tool.strip():
        return None
    tools = [tool.name for tool in context.tools]
    if wanted.tool not in tools:
        these = ", ".join(tools) if tools else "none at all"
        raise Invalid(f"It names a tool that is not there; these are: {these}.")
    try:
        arguments = json.loads(wanted.arguments_json)
    except (ValueError, RecursionError):
        arguments = None
    if not isinstance(arguments, dict):
        raise Invalid("The arguments of the tool are not the text of one JSON object.")
    return ProposedAction(tool=wanted.tool, arguments=wanted.arguments_json)
