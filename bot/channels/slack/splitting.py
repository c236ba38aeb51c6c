"""Long text in several messages: cut at paragraphs, lines or words; fences are reopened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.channels.slack.caps import MESSAGE_TEXT, size
from bot.channels.slack.lines import Line, cut_line, put_together

_FENCE = "```"


@dataclass(frozen=True, kw_only=True, slots=True)
class Paragraph:
    """Lines that belong together; a tight one follows the one before without an empty line."""

    lines: tuple[Line, ...]
    fenced: bool = False
    tight: bool = False


def pieces(paragraphs: Sequence[Paragraph], cap: int = MESSAGE_TEXT) -> list[str]:
    """Return mrkdwn in pieces of at most `cap`; none for nothing."""
    done: list[str] = []
    current = ""
    for paragraph in paragraphs:
        text = _whole(paragraph)
        if not text:
            continue
        joint = "\n" if paragraph.tight else "\n\n"
        if not current:
            joint = ""
        if size(current) + len(joint) + size(text) <= cap:
            current += joint + text
            continue
        if current:
            done.append(current)
        *full, current = _parts(paragraph, cap) if size(text) > cap else [text]
        done += full
    if current:
        done.append(current)
    return done


def _whole(paragraph: Paragraph) -> str:
    texts = [put_together(line) for line in paragraph.lines]
    return _closed(texts) if paragraph.fenced else "\n".join(t for t in texts if t.strip())


def _closed(lines: Sequence[str]) -> str:
    return "\n".join([_FENCE, *lines, _FENCE])


def _parts(paragraph: Paragraph, cap: int) -> list[str]:
    """Return a paragraph that is longer than `cap` in parts that are not."""
    room = cap - 2 * (len(_FENCE) + 1) if paragraph.fenced else cap
    parts: list[str] = []
    current: list[str] = []
    used = 0
    for text in _lines(paragraph, room):
        if current and used + 1 + size(text) > room:
            parts.append(_closed(current) if paragraph.fenced else "\n".join(current))
            current, used = [], 0
        used += size(text) + (1 if current else 0)
        current.append(text)
    if current:
        parts.append(_closed(current) if paragraph.fenced else "\n".join(current))
    return parts


def _lines(paragraph: Paragraph, room: int) -> Iterator[str]:
    for line in paragraph.lines:
        for part in cut_line(line, room):
            text = put_together(part)
            if text.strip() or paragraph.fenced:
                yield text
