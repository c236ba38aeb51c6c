"""What time does to an open question: reminders, escalation steps and its end, each once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from bot.domain.asking import MAX_PEOPLE, MAX_PERSON, once_each
from bot.domain.deadlines import check_deadline
from bot.domain.errors import Invalid
from bot.domain.instants import Micros
from bot.domain.record import whole

MAX_STEPS = 5
"""Escalation steps of one question."""
MAX_REMINDERS = 5
"""Reminders of one question that are asked for by their times."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EscalationStep:
    """At `at`, `people` are asked too; fixed when the question is asked."""

    at: Micros
    people: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Remind:
    """Remind those who have not answered; `number` counts from 1 and is the latest that is due."""

    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Escalate:
    """Ask the people of the escalation step `index`, which counts from 0."""

    index: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Expire:
    """The deadline is reached. Whether an answer may still be on its way is the caller's to see."""


Act = Remind | Escalate | Expire


@whole
@dataclass(frozen=True, kw_only=True)
class Timetable:
    """Everything that is to happen to a question by itself; made once, by `timetable`."""

    asked_at: Micros
    deadline: Micros
    reminders: tuple[Micros, ...]
    """Ascending, between asking and deadline; number 1 is the first."""
    escalations: tuple[EscalationStep, ...]
    """In the order of their times, between asking and deadline."""

    def next_at(self, reminders_done: int, escalations_done: int) -> Micros:
        """Return the next moment at which anything is due: the deadline at the latest."""
        moments = [self.deadline, *self.reminders[reminders_done : reminders_done + 1]]
        if escalations_done < len(self.escalations):
            moments.append(self.escalations[escalations_done].at)
        return min(moments)

    def due(self, reminders_done: int, escalations_done: int, now: Micros) -> Due:
        """Return what is to be done by `now`, however long nobody looked, in order.

        Of several overdue reminders only the last is given, and none once the deadline is reached.
        Every escalation step is given, since each is a fact of the question's story.
        """
        reminded = max(reminders_done, bisect_right(self.reminders, now))
        escalated = max(escalations_done, bisect_right(self.escalations, now, key=_at))
        expired = self.deadline <= now
        acts: list[Act] = []
        if reminded > reminders_done and not expired:
            acts.append(Remind(number=reminded))
        acts.extend(Escalate(index=index) for index in range(escalations_done, escalated))
        if expired:
            acts.append(Expire())
        return Due(
            acts=tuple(acts),
            reminders_done=reminded,
            escalations_done=escalated,
            next_at=None if expired else self.next_at(reminded, escalated),
        )


@whole
@dataclass(frozen=True, kw_only=True)
class Due:
    """What is to be done now, and the state to store when it is."""

    acts: tuple[Act, ...]
    reminders_done: int
    escalations_done: int
    next_at: Micros | None
    """When to look again, always later than the `now` of looking; None once it is expired."""


def escalation(
    people: Sequence[str],
    *,
    asked_at: Micros,
    after: Micros | None = None,
    at: Micros | None = None,
) -> EscalationStep:
    """Return the step that asks `people` so long `after` asking, or `at` an instant: one of both.

    Raises `Invalid` when nobody is named.
    """
    if after is not None and at is None:
        at = asked_at + after
    elif after is not None or at is None:
        raise Invalid("An escalation needs either a length of time or a moment.")
    return EscalationStep(at=at, people=_people(people))


def timetable(
    *,
    asked_at: Micros,
    deadline: Micros,
    remind_at: Sequence[Micros] | None = None,
    escalations: Sequence[EscalationStep] = (),
) -> Timetable:
    """Return the timetable of a question, checked; `Invalid` says what is wrong with it.

    Without `remind_at` people are reminded at half and at three quarters of the time; with it, at
    those moments only, and never when it is empty.
    """
    check_deadline(deadline, asked_at)
    return Timetable(
        asked_at=asked_at,
        deadline=deadline,
        reminders=_default_reminders(asked_at, deadline)
        if remind_at is None
        else _checked_reminders(asked_at, deadline, remind_at),
        escalations=_checked_steps(asked_at, deadline, escalations),
    )


def _default_reminders(asked_at: Micros, deadline: Micros) -> tuple[Micros, ...]:
    period = deadline - asked_at
    moments = {asked_at + period // 2, asked_at + period * 3 // 4}
    return tuple(sorted(moment for moment in moments if moment > asked_at))


def _checked_reminders(
    asked_at: Micros, deadline: Micros, remind_at: Sequence[Micros]
) -> tuple[Micros, ...]:
    moments = tuple(sorted(set(remind_at)))
    if len(moments) > MAX_REMINDERS:
        raise Invalid(f"That is {len(moments)} reminders; there can be at most {MAX_REMINDERS}.")
    if moments and moments[0] <= asked_at:
        raise Invalid("A reminder is in the past. Name a time that is ahead.")
    if moments and moments[-1] >= deadline:
        raise Invalid("A reminder is not before the deadline. Move one of the two.")
    return moments


def _checked_steps(
    asked_at: Micros, deadline: Micros, steps: Sequence[EscalationStep]
) -> tuple[EscalationStep, ...]:
    if len(steps) > MAX_STEPS:
        raise Invalid(f"That is {len(steps)} escalation steps; there can be at most {MAX_STEPS}.")
    for step in steps:
        if step.at <= asked_at:
            raise Invalid("An escalation is in the past. Name a time that is ahead.")
        if step.at >= deadline:
            raise Invalid("An escalation is not before the deadline. Move one of the two.")
    return tuple(
        EscalationStep(at=step.at, people=_people(step.people))
        for step in sorted(steps, key=lambda step: step.at)
    )


def _people(people: Sequence[str]) -> tuple[str, ...]:
    """Return whom to escalate to, each once; an escalation to nobody is refused."""
    named = once_each([person.strip() for person in people])
    if not named or "" in named:
        raise Invalid("An escalation names nobody. Say whom to ask then.")
    if len(named) > MAX_PEOPLE:
        raise Invalid(
            f"An escalation to {len(named)} people; it can go to at most {MAX_PEOPLE} at once."
        )
    if any(len(person) > MAX_PERSON for person in named):
        raise Invalid(f"A name in an escalation is longer than {MAX_PERSON} characters.")
    return named


_at = attrgetter("at")
