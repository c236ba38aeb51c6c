"""What one clause behind a question says: each reader takes the words after the clause's name.

A reader returns None when the words are no such clause; they then stay in the question. One that
was surely meant and cannot be carried out is a `Reading` with a `fault`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.domain.errors import Invalid
from bot.domain.feedback import Kind
from bot.domain.grammar.fields import read_fields
from bot.domain.grammar.people import NUMBER, number, read_list
from bot.domain.instants import Micros
from bot.domain.planning import AskHuman


class Slot(StrEnum):
    """What a clause is about, in words; two clauses about one thing collide."""

    DEADLINE = "the deadline"
    WORKING_TIME = "the working time"
    RULE = "how many must agree"
    VETO = "the veto"
    SEVERAL = "several answers"
    URGENT = "the urgency"
    OPTIONS = "the options"
    FORM = "the form"
    CONTEXT = "the context"
    NOTIFY = "who is told"
    REMIND = "the reminders"
    NO_REMIND = "that there are no reminders"
    ESCALATE = "the escalation"


MAY_REPEAT = {Slot.NOTIFY, Slot.REMIND, Slot.ESCALATE, Slot.URGENT, Slot.VETO, Slot.WORKING_TIME}


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """When and where a command is read."""

    now: Micros
    zone: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a clause does to the question."""

    slot: Slot
    change: Callable[[AskHuman], AskHuman]
    fault: str | None = None


Reader = Callable[[str, Clock], Reading | None]

_LONGEST_FORM = 8_000
_EXACT_QUORUM = re.compile(
    rf"(-?[0-9]{{1,9}}|{NUMBER})(?:\s+(?:answers?|people|votes?))?", re.IGNORECASE
)


def bare(slot: Slot, **changes: object) -> Reader:
    """Return the reader of a clause that its name says completely."""

    def read(body: str, _: Clock) -> Reading | None:
        if body:
            return None
        return Reading(slot=slot, change=lambda step: replace(step, **changes))  # type: ignore[arg-type]

    return read


def quorum(body: str, _: Clock) -> Reading | None:
    """Read how many answers decide."""
    found = _EXACT_QUORUM.fullmatch(body)
    if found is None:
        return None
    wanted = number(found[1])
    return Reading(slot=Slot.RULE, change=lambda step: replace(step, quorum=wanted))


def options(body: str, _: Clock) -> Reading | None:
    """Read the labels of a choice; how many there must be is judged with the whole question."""
    labels = [" ".join(label.split()) for label in re.split(r"[,;\n]", body.rstrip("."))]
    labels = [label for label in labels if label]
    if len(labels) > 1 and labels[-1].casefold().startswith("or "):
        labels[-1] = labels[-1][3:].lstrip()
    fault = None if len(labels) > 1 else "A choice needs at least two options, separated by commas."
    return Reading(
        slot=Slot.OPTIONS,
        change=lambda step: replace(step, kind=Kind.CHOICE, options=tuple(labels)),
        fault=fault,
    )


def form(body: str, _: Clock) -> Reading | None:
    """Read the fields of a form."""
    if len(body) > _LONGEST_FORM:
        return faulty(Slot.FORM, f"The form is longer than {_LONGEST_FORM:,} characters.")
    try:
        fields = read_fields(body)
    except Invalid as wrong:
        return faulty(Slot.FORM, wrong.message)
    if not fields:
        return faulty(Slot.FORM, "A form needs at least one field.")
    return Reading(slot=Slot.FORM, change=lambda step: replace(step, kind=Kind.FORM, fields=fields))


def context(body: str, _: Clock) -> Reading | None:
    """Read what people must know to answer."""
    if not body:
        return faulty(Slot.CONTEXT, "The context is empty.")
    return Reading(slot=Slot.CONTEXT, change=lambda step: replace(step, context=body))


def notify(body: str, _: Clock) -> Reading | None:
    """Read who is told without being asked."""
    people = read_list(body)
    if people is None:
        return None
    if not people:
        return faulty(Slot.NOTIFY, "Nobody is named who should be told.")
    return Reading(
        slot=Slot.NOTIFY, change=lambda step: replace(step, notify=(*step.notify, *people))
    )


def never_bare(slot: Slot, sentence: str, read: Reader) -> Reader:
    """Return `read` for a clause that needs words of its own, and is a fault without any."""

    def reader(body: str, clock: Clock) -> Reading | None:
        return read(body, clock) if body else faulty(slot, sentence)

    return reader


def faulty(slot: Slot, sentence: str) -> Reading:
    """Return a clause that was meant and cannot be carried out."""
    return Reading(slot=slot, change=lambda step: step, fault=sentence)
