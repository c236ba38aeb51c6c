"""What a request's and a response's columns hold as JSON, there and back."""

from __future__ import annotations

from collections.abc import Sequence

from bot.adapters.store.packing import packed, unpacked
from bot.domain.feedback import Action, Answer, Field, FieldKind
from bot.domain.timetable import EscalationStep, Timetable


def answer_text(answer: Answer | None) -> str | None:
    """Return an answer as it is stored."""
    if answer is None:
        return None
    return packed([answer.approved, answer.choices, answer.values, answer.text])


def answer_of(text: str | None) -> Answer | None:
    """Return a stored answer."""
    if text is None:
        return None
    approved, choices, values, words = unpacked(text)
    return Answer(
        approved=approved,
        choices=tuple(choices),
        values=tuple((name, value) for name, value in values),
        text=words,
    )


def fields_text(fields: Sequence[Field]) -> str:
    """Return a form's fields as they are stored."""
    if not fields:
        return "[]"
    return packed([[f.name, f.label, f.kind.value, f.required, f.options] for f in fields])


def fields_of(text: str) -> tuple[Field, ...]:
    """Return a stored form's fields."""
    if text == "[]":
        return ()
    return tuple(
        Field(
            name=name, label=label, kind=FieldKind(kind), required=required, options=tuple(options)
        )
        for name, label, kind, required, options in unpacked(text)
    )


def action_text(action: Action | None) -> str | None:
    """Return an action as it is stored."""
    return None if action is None else packed([action.tool, action.arguments, action.digest])


def action_from(text: str | None) -> Action | None:
    """Return a stored action."""
    if text is None:
        return None
    tool, arguments, digest = unpacked(text)
    return Action(tool=tool, arguments=arguments, digest=digest)


def timetable_text(timetable: Timetable) -> str:
    """Return a timetable as it is stored."""
    steps = [[step.at, step.people] for step in timetable.escalations]
    return packed([timetable.asked_at, timetable.deadline, timetable.reminders, steps])


def timetable_of(text: str) -> Timetable:
    """Return a stored timetable."""
    asked_at, deadline, reminders, steps = unpacked(text)
    return Timetable(
        asked_at=asked_at,
        deadline=deadline,
        reminders=tuple(reminders),
        escalations=tuple(EscalationStep(at=at, people=tuple(people)) for at, people in steps),
    )
