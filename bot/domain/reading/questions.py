"""Which answers a question leaves clear: “no” to “any objections?” is no rejection."""

from __future__ import annotations

import re

from bot.domain.feedback import FeedbackRequest, Kind
from bot.domain.reading.languages.language import listed
from bot.domain.reading.phrases import (
    AMOUNTS,
    LEANING_YES,
    NEGATIONS,
    OBJECTIONS,
    REFUSING,
    holds,
    spelt,
)
from bot.domain.reading.spelling import seen, words
from bot.domain.reading.troubles import asks_for_trouble, offers_two

_SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]*")
_FIRST_WORDS = 4
# "Ship without tests?" asks for what a plain yes allows.
_WITHOUT = spelt(listed("without | ohne | sans | sin | sem | senza | zonder"))


def yes_and_no_are_clear(request: FeedbackRequest) -> bool:
    """Tell whether yes approves and no rejects.

    A negative question turns them round, one after troubles may, and to "this or that?" they say
    neither.
    """
    return not any(
        holds(said, OBJECTIONS)
        or holds(said[:_FIRST_WORDS], NEGATIONS - _WITHOUT)
        or asks_for_trouble(said)
        or (request.kind is Kind.APPROVAL and offers_two(said))
        for said in _sentences(request)
    )


def approving_is_clear(request: FeedbackRequest) -> bool:
    """Tell whether "rejected" can only mean the request, and not what it asks to be rejected."""
    return not any(
        holds(said, REFUSING) and not holds(said, LEANING_YES | OBJECTIONS)
        for said in _sentences(request)
    )


def deciding_words(request: FeedbackRequest) -> tuple[str, str] | None:
    """Return two words of which one surely approves and the other rejects; None for no such."""
    if yes_and_no_are_clear(request):
        return "yes", "no"
    return ("approved", "rejected") if approving_is_clear(request) else None


def numbers_count_options(request: FeedbackRequest) -> bool:
    """Tell whether a number can only mean the option at that place."""
    asked = seen(f"{request.question}\n{request.context}")
    # "Which version, 2 or 3?": there a number means what the question means by it.
    if any(char.isdigit() for option in request.options for char in seen(option)):
        return False
    return not any(char.isdigit() for char in asked) and not holds(words(request.question), AMOUNTS)


def _sentences(request: FeedbackRequest) -> list[tuple[str, ...]]:
    found = (words(part[0]) for part in _SENTENCE.finditer(seen(request.question)))
    return [said for said in found if said]
