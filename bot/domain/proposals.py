"""Whether a proposed question can be asked, as far as that shows before anybody is looked up.

The grammar and the model are judged by the same sentences; who people are is the service's to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.domain import asking
from bot.domain.errors import Invalid
from bot.domain.feedback import Kind
from bot.domain.instants import Micros
from bot.domain.planning import AskHuman
from bot.domain.spans import YEAR
from bot.domain.text import presentable
from bot.domain.timetable import escalation, timetable

MAX_CONTEXT = 4_000


def as_shown(step: AskHuman) -> AskHuman:
    """Return `step` with texts that look as they read, on every surface."""
    return replace(
        step,
        people=tuple(presentable(person) for person in step.people),
        notify=tuple(presentable(person) for person in step.notify),
        question=presentable(step.question),
        context=presentable(step.context),
        options=tuple(presentable(option) for option in step.options),
        fields=tuple(
            replace(
                field,
                name=presentable(field.name),
                label=presentable(field.label),
                options=tuple(presentable(option) for option in field.options),
            )
            for field in step.fields
        ),
        escalations=tuple(
            replace(later, people=tuple(presentable(person) for person in later.people))
            for later in step.escalations
        ),
        room=presentable(step.room),
    )


def with_room(step: AskHuman, *, now: Micros, wait: Micros) -> AskHuman:
    """Return `step` with a deadline where it names none and the usual one is too early for it.

    Behind its last reminder or escalation there is the usual `wait`, so that whoever is asked last
    has as long as anybody.
    """
    if step.within is not None or step.deadline is not None:
        return step
    later = [*(step.remind_at or ()), *_escalated_at(step, now)]
    if not later or max(later) < now + wait:
        return step
    return replace(step, deadline=min(max(later) + wait, now + YEAR))


def check(step: AskHuman, *, now: Micros, wait: Micros) -> None:
    """Raise `Invalid` with the first thing that is wrong with `step`, as a sentence."""
    wrong = asking.fault(
        people=step.people,
        question=step.question,
        kind=step.kind,
        options=step.options,
        within=step.within,
        quorum=step.quorum,
        fields=step.fields,
    )
    if wrong is not None:
        raise Invalid(wrong)
    _check_rule(step)
    _check_people(step.notify)
    if len(step.context) > MAX_CONTEXT:
        raise Invalid(f"The context of a question is longer than {MAX_CONTEXT:,} characters.")
    _check_time(step, now, wait)


def _check_rule(step: AskHuman) -> None:
    if step.everybody and step.quorum > 1:
        raise Invalid("Either all must agree or a quorum decides: say one of the two.")
    if step.veto and step.kind is not Kind.APPROVAL:
        raise Invalid("Only an approval can be vetoed.")
    if step.multiple and step.kind is not Kind.CHOICE:
        raise Invalid("Only a choice can have several answers.")
    if step.action is not None and step.kind is not Kind.APPROVAL:
        raise Invalid("An action runs after an approval: ask for one.")


def _check_people(notified: Sequence[str]) -> None:
    wrong = asking.people_fault(notified) if notified else None
    if wrong is not None:
        raise Invalid(wrong)


def _check_time(step: AskHuman, now: Micros, wait: Micros) -> None:
    if step.within is not None and step.deadline is not None:
        raise Invalid("The question has two deadlines. Keep one of them.")
    if step.working_time and step.within is None:
        raise Invalid("Working time counts a length of time: add one, such as “within 8h”.")
    steps = []
    for wanted in step.escalations:
        steps.append(escalation(wanted.people, asked_at=now, after=wanted.after, at=wanted.at))
        wrong = asking.people_fault(wanted.people)
        if wrong is not None:
            raise Invalid(wrong)
    deadline = step.deadline
    if deadline is None and not step.working_time:
        deadline = now + (wait if step.within is None else step.within)
    # Working time takes longer than it says, by the hours of somebody who is looked up later.
    timetable(
        asked_at=now,
        deadline=now + YEAR if deadline is None else deadline,
        remind_at=step.remind_at,
        escalations=steps,
    )


def _escalated_at(step: AskHuman, now: Micros) -> list[Micros]:
    found = []
    for wanted in step.escalations:
        if wanted.at is not None:
            found.append(wanted.at)
        elif wanted.after is not None:
            found.append(now + wanted.after)
    return found
