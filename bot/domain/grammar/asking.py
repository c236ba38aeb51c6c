"""From the words behind `ask` or `change` to the question that they stand for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.errors import Invalid
from bot.domain.feedback import Kind
from bot.domain.grammar.clauses import split_people, split_question
from bot.domain.grammar.people import Addressed, read_addressed
from bot.domain.grammar.reading import MAY_REPEAT, Clock, Reading, Slot
from bot.domain.instants import Micros
from bot.domain.planning import AskHuman
from bot.domain.proposals import check, with_room
from bot.domain.text import folded

# Phones with a Chinese or Japanese keyboard type a full-width colon. Between digits it is a time's.
_COLON = re.compile("(?<![0-9])[:\uff1a]|[:\uff1a](?![0-9])")
_APPROVAL_WORD = re.compile("^(?:approval|approve)\\s*[:\uff1a]\\s*", re.IGNORECASE)
_VERDICTS = {"approve", "reject"}


class Unnamed(Invalid):
    """Nobody is named who could be asked."""

    def __init__(self) -> None:
        super().__init__("Whom should I ask? Write: `ask <people>: <question>`.")


def read_ask(text: str, clock: Clock, wait: Micros) -> AskHuman:
    """Return the question of `<people>: <question> <clauses>`; `Invalid` says what is wrong."""
    if not text:
        raise Unnamed
    before, after = _at_colon(text, "A colon must stand between the people and the question.")
    named, first = split_people(before, clock)
    addressed = read_addressed(named)
    if not addressed.names:
        raise Unnamed
    step = _step(addressed, after, first, clock)
    return ready(step, now=clock.now, wait=wait)


def read_change(text: str, clock: Clock) -> AskHuman:
    """Return the question of `<question> <clauses>`, which names nobody yet."""
    return _step(Addressed(names=(), approval=False), text.strip(), (), clock)


def ready(step: AskHuman, *, now: Micros, wait: Micros) -> AskHuman:
    """Return `step` as it can be asked; `Invalid` says why it cannot."""
    roomy = with_room(step, now=now, wait=wait)
    check(roomy, now=now, wait=wait)
    return roomy


def _at_colon(text: str, otherwise: str) -> tuple[str, str]:
    colon = _COLON.search(text)
    if colon is None:
        raise Invalid(otherwise)
    return text[: colon.start()].strip(), text[colon.end() :].strip()


def _step(addressed: Addressed, question: str, first: Sequence[Reading], clock: Clock) -> AskHuman:
    word = _APPROVAL_WORD.match(question)
    approval = addressed.approval or word is not None
    if word is not None:
        question = question[word.end() :]
    question, clauses = split_question(question, clock)
    clauses = (*first, *clauses)
    _refuse_faults(clauses)
    _refuse_collisions(clauses, counted=addressed.quorum is not None or addressed.everybody)
    step = AskHuman(
        people=addressed.names,
        question=question,
        kind=Kind.INPUT,
        quorum=1 if addressed.quorum is None else addressed.quorum,
        everybody=addressed.everybody,
        room=addressed.room,
    )
    for clause in clauses:
        step = clause.change(step)
    return _of_its_kind(step, approval, {clause.slot for clause in clauses})


def _refuse_faults(clauses: Sequence[Reading]) -> None:
    for clause in clauses:
        if clause.fault is not None:
            raise Invalid(clause.fault)


def _refuse_collisions(clauses: Sequence[Reading], *, counted: bool) -> None:
    seen = {Slot.RULE} if counted else set()
    for clause in clauses:
        if clause.slot in seen and clause.slot not in MAY_REPEAT:
            raise Invalid(f"You say {clause.slot.value} twice. Keep one of them.")
        seen.add(clause.slot)
    if seen >= {Slot.REMIND, Slot.NO_REMIND}:
        raise Invalid("You ask for reminders and for none. Keep one of them.")
    if seen >= {Slot.OPTIONS, Slot.FORM}:
        raise Invalid("A question has options or a form. Keep one of them.")


def _of_its_kind(step: AskHuman, approval: bool, slots: set[Slot]) -> AskHuman:
    """Infer the kind; an approval's two buttons are its own, so its options are dropped."""
    verdicts = len(step.options) == 2 and {folded(option) for option in step.options} == _VERDICTS
    if verdicts:
        return replace(step, kind=Kind.APPROVAL, options=())
    if approval and Slot.FORM in slots:
        raise Invalid("An approval takes no form. Ask for one of the two.")
    return replace(step, kind=Kind.APPROVAL) if approval else step
