"""Reading an answer: from a button, from options, or from words that clearly decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.errors import Invalid
from bot.domain.feedback import Answer, FeedbackRequest, Kind
from bot.domain.forms import read_values
from bot.domain.invisible import visible
from bot.domain.reading import spelling
from bot.domain.reading.options import chosen
from bot.domain.reading.questions import deciding_words
from bot.domain.reading.spelling import reordered, seen
from bot.domain.reading.verdicts import verdict
from bot.domain.text import ANSWER_BYTES, clean

_LONGEST = 2_000
"""Characters; whatever is longer says more than a verdict."""


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
    names: Sequence[str] = (),
) -> Answer | Unclear:
    """Return what a response says about `request`; `Invalid` when it does not fit its kind.

    `names` are of its author and of whom it may greet: they say nothing below an answer.
    Words decide only when they are nothing but a verdict or an option: a guess is not an answer.
    """
    words = clean(text, what="answer", limit=ANSWER_BYTES) if visible(text).strip() else ""
    _check_shape(request, approved, choices, values)
    if approved is None and not choices and values is None and _hides(text):
        return unclear(request)
    match request.kind:
        case Kind.APPROVAL:
            return _approval(request, approved, words, names)
        case Kind.CHOICE:
            return _choice(request, choices, words, names)
        case Kind.FORM:
            return _form(request, values, words)
        case Kind.INPUT:
            if not words:
                raise Invalid("The answer is empty. Write something first.", code="empty")
            return Answer(text=words)


def _hides(text: str) -> bool:
    """Tell whether `text` may have looked to its author as something else than its letters say."""
    return reordered(text) or bool(text.strip() and not visible(text).strip())


def unclear(request: FeedbackRequest) -> Unclear:
    """Return what to ask back where words do not clearly answer `request`."""
    if request.kind is Kind.CHOICE:
        return Unclear(
            question="I could not tell which option you mean, so nothing is decided. "
            "Please choose from: " + "; ".join(request.options) + "."
        )
    if request.kind is Kind.FORM:
        return Unclear(
            question="This question is a form, so nothing is decided. Please fill in: "
            + ", ".join(field.label for field in request.fields)
            + "."
        )
    words = deciding_words(request)
    how = (
        f"Please approve, reject, or write just “{words[0]}” or “{words[1]}”."
        if words
        else ("Please use the buttons to approve or to reject it.")
    )
    return Unclear(
        question="I could not tell whether that approves or rejects it, so nothing is decided. "
        + how
    )


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


def _approval(
    request: FeedbackRequest, approved: bool | None, words: str, names: Sequence[str]
) -> Answer | Unclear:
    if approved is not None:
        return Answer(approved=approved, text=words)
    if not words:
        raise Invalid("The answer is empty: approve, reject, or write something.", code="empty")
    return _by_rules(request, words, names) or unclear(request)


def _choice(
    request: FeedbackRequest, choices: Sequence[str], words: str, names: Sequence[str]
) -> Answer | Unclear:
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
    return _by_rules(request, words, names) or unclear(request)


def _form(
    request: FeedbackRequest, values: Sequence[tuple[str, str]] | None, words: str
) -> Answer | Unclear:
    if values is None:
        if not words:
            raise Invalid("The form is empty. Fill it in first.", code="empty")
        return unclear(request)
    return Answer(values=read_values(request.fields, values), text=words)


def _by_rules(request: FeedbackRequest, words: str, names: Sequence[str]) -> Answer | None:
    if len(words) > _LONGEST or reordered(words):
        return None
    shown = seen(words)
    known = frozenset(word for name in names for word in spelling.words(name))
    return (verdict if request.kind is Kind.APPROVAL else chosen)(request, shown, known)
