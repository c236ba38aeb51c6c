"""A running summary made without a model: the newest lines, each shortened."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.planning import Spoken

MAX_SUMMARY = 3_000
"""Characters that a running summary may have, whoever writes it.

A model is asked for 2,500. The prompt of a session of 2,000 messages is then at most 1.2 times that
of one with 50, which has a short summary yet (`bench.prompt`).
"""
_MAX_LINE = 300
_MAX_AUTHOR = 64
_LEFT_OUT = "(earlier lines left out)"


def digest(summary: str, messages: Sequence[Spoken]) -> str:
    """Return the end of the old summary and of `messages`, as much as fits, oldest first."""
    old = summary.removeprefix(_LEFT_OUT).strip()
    whole = "\n".join([*([old] if old else []), *(_line(message) for message in messages)])
    room = MAX_SUMMARY - len(_LEFT_OUT) - 1
    if len(whole) <= room:
        return f"{_LEFT_OUT}\n{whole}" if summary.startswith(_LEFT_OUT) else whole
    tail = whole[-room:]
    # Half a line at the start would put words into somebody's mouth.
    return f"{_LEFT_OUT}\n{tail.partition(chr(10))[2] or tail}"


def _line(message: Spoken) -> str:
    author = " ".join(message.author.split())[:_MAX_AUTHOR]
    text = " ".join(message.text.split())
    said = f"{author}: {text}"
    return said if len(said) <= _MAX_LINE else said[: _MAX_LINE - 1] + "…"
