"""Reading a submitted modal back into values, and its mistakes as errors beside their fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.channels.slack import caps
from bot.channels.slack.clicks import NotOurs, decode_picked
from bot.channels.slack.escaping import one_line
from bot.channels.slack.facts import Submitted, Value
from bot.channels.slack.modals import FIELD, PERSON, PICKED, USER, WORDS
from bot.domain.errors import Invalid
from bot.domain.feedback import FeedbackRequest, Field, FieldKind
from bot.domain.forms import read_values

_ERROR = 250


class Mistakes(Invalid):
    """What is wrong with a submitted modal, by the block that it stands in."""

    code = "mistakes"

    def __init__(self, by_block: Mapping[str, str]) -> None:
        super().__init__(" ".join(by_block.values()))
        self.by_block = dict(by_block)


def errors_response(mistakes: Mapping[str, str]) -> dict[str, Any]:
    """Return the acknowledgement that keeps a modal open and says what is wrong where.

    (docs.slack.dev, "Modals", `response_action: errors`.)
    """
    return {
        "response_action": "errors",
        "errors": {block: one_line(why, _ERROR) or "–" for block, why in mistakes.items()},
    }


def update_response(view: Mapping[str, Any]) -> dict[str, Any]:
    """Return the acknowledgement that puts another view in a modal's place."""
    return {"response_action": "update", "view": dict(view)}


def words_of(submitted: Submitted) -> str:
    """Return what was written; `Mistakes` when it is nothing."""
    words = _one(dict(submitted.inputs), WORDS).strip()
    if not words:
        raise Mistakes({WORDS: "Write something first."})
    return words


@dataclass(frozen=True, kw_only=True, slots=True)
class HandOn:
    """Whom a question is handed on to: a Slack user, or a name or address."""

    user: str | None = None
    name: str | None = None


def person_of(submitted: Submitted) -> HandOn:
    """Return whom somebody picked or named; `Mistakes` unless it is exactly one."""
    inputs = dict(submitted.inputs)
    user, name = _one(inputs, USER).strip(), _one(inputs, PERSON).strip()
    if user and name:
        raise Mistakes({PERSON: "Pick a person or name one, not both."})
    if not user and not name:
        raise Mistakes({USER: "Pick a person, or name one below."})
    return HandOn(user=user or None, name=name or None)


def choice_of(request: FeedbackRequest, submitted: Submitted) -> tuple[tuple[str, ...], str]:
    """Return the options that were picked, and the words; `Mistakes` when there are neither.

    Raises `NotOurs` for options of another question, or of this one as it was not shown.
    """
    inputs = dict(submitted.inputs)
    held = inputs.get(PICKED, ())
    chosen = picked(request, (held,) if isinstance(held, str) else held)
    words = _one(inputs, WORDS).strip()
    if not chosen and not words:
        raise Mistakes({PICKED: "Pick an option, or write below."})
    return chosen, words


def picked(request: FeedbackRequest, values: Sequence[str]) -> tuple[str, ...]:
    """Return the options that a select's values name; `NotOurs` for those of another question."""
    chosen = []
    for click in decode_picked(tuple(values)):
        if (click.subject, click.digest) != (request.id, request.digest):
            raise NotOurs
        if click.option is None or click.option >= len(request.options):
            raise NotOurs
        chosen.append(request.options[click.option])
    return tuple(dict.fromkeys(chosen))


def form_of(fields: Sequence[Field], submitted: Submitted) -> tuple[tuple[str, str], ...]:
    """Return a form's values; `Mistakes` says of each field what is wrong with it."""
    inputs = dict(submitted.inputs)
    filled: list[tuple[str, str]] = []
    mistakes: dict[str, str] = {}
    for number, field in enumerate(fields):
        block = f"{FIELD}{number}"
        given = _field_text(field, _one(inputs, block))
        try:
            filled += read_values([field], [(field.name, given)])
        except Invalid as wrong:
            mistakes[block] = wrong.message
    if mistakes:
        raise Mistakes(mistakes)
    return tuple(filled)


def _field_text(field: Field, given: str) -> str:
    if field.kind is not FieldKind.SELECT or len(field.options) > caps.OPTIONS or not given:
        return given
    numbers = {str(n): label for n, label in enumerate(field.options)}
    if given not in numbers:
        raise NotOurs
    return numbers[given]


def _one(inputs: Mapping[str, Value], block: str) -> str:
    value = inputs.get(block, "")
    return value if isinstance(value, str) else ""
