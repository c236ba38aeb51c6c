"""Reading an answer: from a button, from options, or from words that clearly decide."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.errors import Invalid
from bot.domain.feedback import Answer, FeedbackRequest, Kind
from bot.domain.forms import read_values
from bot.domain.text import ANSWER_BYTES, clean, folded

_YES = {"yes", "y", "yep", "yeah", "yes please", "approve", "approved", "ok", "okay", "sure",
        "go ahead", "go", "👍", "✅", "lgtm", "ship it", "+1"}  # fmt: skip
_NO = {"no", "n", "nope", "no thanks", "reject", "rejected", "deny", "denied", "decline",
       "declined", "👎", "❌", "-1"}  # fmt: skip
_PARTS = re.compile(r"\s*(?:,|;|\n|&|\band\b)\s*", re.IGNORECASE)
_OUTER = re.compile(r"^[\s\"'“”‘’.,!]+|[\s\"'“”‘’.,!]+$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Unclear:
    """Words that do not clearly decide; `question` is what to ask back."""

    question: str


def read(
    request: FeedbackRequest,
    *,
    approved: bool | None = None,
    choices: Sequence[str] = (),
    values: Sequence[tuple[str, str]] | None = None,
    text: str = "",
) -> Answer | Unclear:
    """Return what a response says about `request`; `Invalid` when it does not fit its kind.

    Words decide only when they are nothing but a verdict or an option: a guess is not an answer.
    """
    words = clean(text, what="answer", limit=ANSWER_BYTES) if text.strip() else ""
    _check_shape(request, approved, choices, values)
    match request.kind:
        case Kind.APPROVAL:
            return _approval(approved, words)
        case Kind.CHOICE:
            return _choice(request, choices, words)
        case Kind.FORM:
            return _form(request, values, words)
        case Kind.INPUT:
            if not words:
                raise Invalid("The answer is empty. Write something first.", code="empty")
            return Answer(text=words)


def _check_shape(
    request: FeedbackRequest,
    approved: bool | None,
    choices: Sequence[str],
    values: Sequence[tuple[str, str]] | None,
) -> None:
    if approved is not None and request.kind is not Kind.APPROVAL:
        raise Invalid("This question is not an approval: send choices, values or text.")
    if choices and request.kind is not Kind.CHOICE:
        raise Invalid("This question has no options to choose from.")
    if values is not None and request.kind is not Kind.FORM:
        raise Invalid("This question is not a form.")


def _approval(approved: bool | None, words: str) -> Answer | Unclear:
    if approved is not None:
        return Answer(approved=approved, text=words)
    if not words:
        raise Invalid("The answer is empty: approve, reject, or write something.", code="empty")
    said = _folded(words)
    if said in _YES:
        return Answer(approved=True)
    if said in _NO:
        return Answer(approved=False)
    return Unclear(
        question="I could not tell whether that approves or rejects it, so nothing is decided. "
        "Please approve, reject, or write just “yes” or “no”."
    )


def _choice(request: FeedbackRequest, choices: Sequence[str], words: str) -> Answer | Unclear:
    options = request.options
    if choices:
        chosen = tuple(dict.fromkeys(choices))
        if len(chosen) != 1 and not request.multiple:
            raise Invalid("Choose one of the options.")
        if not set(chosen) <= set(options):
            raise Invalid(
                "That is not one of the options. Choose from: " + "; ".join(options) + "."
            )
        return Answer(choices=tuple(o for o in options if o in chosen), text=words)
    if not words:
        raise Invalid("The answer is empty: choose an option or write something.", code="empty")
    option = _option(options, words)
    if option is not None:
        return Answer(choices=(option,))
    if request.multiple:
        several = {_option(options, part) for part in _PARTS.split(words)}
        if None not in several:
            return Answer(choices=tuple(o for o in options if o in several))
    return Unclear(
        question="I could not tell which option you mean, so nothing is decided. "
        "Please choose from: " + "; ".join(options) + "."
    )


def _option(options: Sequence[str], words: str) -> str | None:
    """Return the option that these words are the label or the number of, and nothing else."""
    said = _folded(words)
    exact = [option for option in options if folded(option) == folded(words)]
    same = exact or [option for option in options if _folded(option) == said]
    if len(same) == 1:
        return same[0]
    # A number in a label may be what is meant by one: "1" does not clearly say the first.
    labels_hold_numbers = any(char.isdigit() for option in options for char in option)
    number = said.removeprefix("#").rstrip(")")
    # Only ASCII digits: "²" counts as a digit elsewhere, and int() refuses it.
    if re.fullmatch("[0-9]{1,3}", number) and not labels_hold_numbers:
        position = int(number)
        if 1 <= position <= len(options):
            return options[position - 1]
    return None


def _form(
    request: FeedbackRequest, values: Sequence[tuple[str, str]] | None, words: str
) -> Answer | Unclear:
    if values is None:
        if not words:
            raise Invalid("The form is empty. Fill it in first.", code="empty")
        return Unclear(
            question="This question is a form, so nothing is decided. Please fill in: "
            + ", ".join(field.label for field in request.fields)
            + "."
        )
    return Answer(values=read_values(request.fields, values), text=words)


def _folded(text: str) -> str:
    return _OUTER.sub("", " ".join(text.casefold().split()))
