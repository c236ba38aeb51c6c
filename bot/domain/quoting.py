"""Text from outside, put so that it reads as data and not as words of ours."""

from __future__ import annotations

import re

from bot.domain.text import shortened

QUOTED_LENGTH = 4_000
"""Characters that are kept of what a tool returned."""

_UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_TICKS = re.compile("`{3,}")


def showable(text: str, limit: int = QUOTED_LENGTH) -> str:
    """Return `text` bounded, with what cannot be shown or reorders what is shown replaced."""
    text = text[: limit + 1].replace("\r\n", "\n").replace("\r", "\n")
    return shortened(_UNSHOWABLE.sub("\ufffd", text).strip(), limit)


def cited(words: str) -> str:
    """Return somebody's words as a part of a sentence of ours: of several lines, as a quotation.

    Else their second line could pass for another sentence of ours.
    """
    lines = words.splitlines()
    if len(lines) < 2:
        return words
    return "\n\n" + "\n".join(f"> {line.strip()}".rstrip() for line in lines)


def uncited(words: str) -> str:
    """Return what `cited` was given, as far as a reader sees it."""
    lines = words.splitlines()
    if not lines or not all(line.startswith(">") for line in lines):
        return words
    return "\n".join(line[1:].removeprefix(" ") for line in lines)


def fenced(text: str) -> str:
    """Return text as a Markdown code block that nothing inside it can close."""
    longest = max((len(ticks) for ticks in _TICKS.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}text\n{text}\n{fence}"
