"""What a question to people may look like, whoever proposes it: the grammar or a model."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.feedback import Field, Kind
from bot.domain.forms import fields_fault
from bot.domain.instants import Micros
from bot.domain.spans import YEAR
from bot.domain.text import folded

MAX_PEOPLE = 20
MAX_PERSON = 254
"""Characters of an address (RFC 5321)."""
MAX_QUESTION = 2_000
MIN_OPTIONS = 2
MAX_OPTIONS = 20
MAX_OPTION = 75
"""Characters that fit on a Slack button."""


def once_each(names: Sequence[str]) -> tuple[str, ...]:
    """Return `names` without repetitions, the first spelling kept."""
    kept: dict[str, str] = {}
    for name in names:
        kept.setdefault(folded(name), name)
    return tuple(kept.values())


def fault(
    *,
    people: Sequence[str],
    question: str,
    kind: Kind,
    options: Sequence[str],
    within: Micros | None,
    quorum: int,
    fields: Sequence[Field] = (),
) -> str | None:
    """Return the first thing that is wrong with a question, as a sentence, or None."""
    return (
        people_fault(people)
        or _question_fault(question)
        or _options_fault(kind, options)
        or _form_fault(kind, fields)
        or _within_fault(within)
        or _quorum_fault(quorum, len(people))
    )


def people_fault(people: Sequence[str]) -> str | None:
    """Return what is wrong with the names of those who are asked or told, or None."""
    if not people:
        return "Nobody is named who could answer."
    if len(people) > MAX_PEOPLE:
        return f"That is {len(people)} people; one question can go to at most {MAX_PEOPLE}."
    for person in people:
        if len(person) > MAX_PERSON:
            return f"A name is longer than {MAX_PERSON} characters."
        name, at, host = person.partition("@")
        if not person.strip() or (at and (not name or not host or "@" in host)):
            return f"“{person}” is neither a user name nor an address."
    return None


def _question_fault(question: str) -> str | None:
    if not question.strip():
        return "The question itself is missing."
    if len(question) > MAX_QUESTION:
        return (
            f"The question has {len(question):,} characters; at most {MAX_QUESTION:,} fit."
            " Put the details where people can read them, and ask for the decision."
        )
    return None


def _options_fault(kind: Kind, options: Sequence[str]) -> str | None:
    if kind is not Kind.CHOICE:
        if not options:
            return None
        return f"A question of the kind {kind.value} takes no options of its own."
    if len(options) < MIN_OPTIONS:
        return "A choice needs at least two options, separated by commas."
    if len(options) > MAX_OPTIONS:
        return f"That is {len(options)} options; at most {MAX_OPTIONS} can be offered."
    seen: dict[str, str] = {}
    for option in options:
        if not folded(option):
            return "One of the options is empty."
        if len(option) > MAX_OPTION:
            return f"An option is longer than {MAX_OPTION} characters."
        key = folded(option)
        if key in seen:
            return f"The options “{seen[key]}” and “{option}” look the same to a reader."
        seen[key] = option
    return None


def _form_fault(kind: Kind, fields: Sequence[Field]) -> str | None:
    if kind is Kind.FORM:
        return fields_fault(fields)
    return "Only a form has fields." if fields else None


def _within_fault(within: Micros | None) -> str | None:
    if within is None:
        return None
    if within <= 0:
        return "The time to answer must be longer than nothing."
    if within > YEAR:
        return "The time to answer can be a year at most."
    return None


def _quorum_fault(quorum: int, people: int) -> str | None:
    if quorum < 1:
        return "The quorum must be at least 1."
    if quorum > people:
        asked = "one person is" if people == 1 else f"{people} people are"
        return f"The quorum is {quorum}, but only {asked} asked."
    return None
