"""Reading an answer: from a button, from options, or from words that clearly decide."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.asking import folded
from bot.domain.errors import Invalid
from bot.domain.feedback import Answer, FeedbackRequest, Kind
from bot.domain.text import ANSWER_BYTES, clean

_YES = {"yes", "y", "yep", "yeah", "yes please", "approve", "approved", "ok", "okay", "sure",
        "go ahead", "go", "👍", "✅", "lgtm", "ship it", "+1"}  # fmt: skip
_NO = {"no", "n", "nope", "no thanks", "reject", "rejected", "deny", "denied", "decline",
       "declined", "👎", "❌", "-1"}  # fmt: skip
_OUTER = re.compile(r"^[\s\"'“”‘’.,!]+|[\s\"'“”‘’.,!]+$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Unclear:
    """Words that do not clearly decide; `question` is what to ask back."""

    question: str


def read(
    request: FeedbackRequest, *, approved: bool | None, choices: Sequence[str], text: str
) -> Answer | Unclear:
    """Return what a response says about `request`; `Invalid` when it does not fit its kind.

    Words decide only when they are nothing but a verdict or an option: a guess is not an answer.
    """
    words = clean(text, what="answer", limit=ANSWER_BYTES) if text.strip() else ""
    if request.kind is Kind.APPROVAL:
        if choices:
            raise Invalid("This question wants an approval: send approved, true or false.")
        return _approval(approved, words)
    if approved is not None:
        raise Invalid("This question is not an approval: send choices or text.")
    if request.kind is Kind.CHOICE:
        return _choice(request.options, choices, words)
    if choices:
        raise Invalid("This question has no options: answer in words.")
    if not words:
        raise Invalid("The answer is empty. Write something first.", code="empty")
    return Answer(text=words)


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


def _choice(options: Sequence[str], choices: Sequence[str], words: str) -> Answer | Unclear:
    if choices:
        if len(choices) != 1:
            raise Invalid("Choose one of the options.")
        if choices[0] not in options:
            raise Invalid(
                "That is not one of the options. Choose one of: " + "; ".join(options) + "."
            )
        return Answer(choices=(choices[0],), text=words)
    if not words:
        raise Invalid("The answer is empty: choose an option or write something.", code="empty")
    said = _folded(words)
    exact = [option for option in options if folded(option) == folded(words)]
    same = exact or [option for option in options if _folded(option) == said]
    if len(same) == 1:
        return Answer(choices=(same[0],))
    # A number in a label may be what is meant by one: "1" does not clearly say the first.
    labels_hold_numbers = any(char.isdigit() for option in options for char in option)
    number = said.removeprefix("#").rstrip(")")
    if number.isdecimal() and len(number) < 4 and not labels_hold_numbers:
        position = int(number)
        if 1 <= position <= len(options):
            return Answer(choices=(options[position - 1],))
    return Unclear(
        question="I could not tell which option you mean, so nothing is decided. "
        "Please choose one of: " + "; ".join(options) + "."
    )


def _folded(text: str) -> str:
    return _OUTER.sub("", " ".join(text.casefold().split()))
