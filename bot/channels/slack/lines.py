"""Lines of mrkdwn: runs of text with their marks, put together and cut so that marks stay whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.channels.slack.caps import size
from bot.channels.slack.escaping import atoms

GAP = "\u200b"
"""A space that is not seen; Slack reads a mark only at the border of a word."""
_WORDS = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """Escaped text under the same marks, outermost first; a solid one is never cut."""

    text: str
    marks: tuple[str, ...] = ()
    solid: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line, with what stands before it: a list's bullet, a quote's sign."""

    runs: tuple[Run, ...]
    prefix: str = ""
    hanging: str = ""
    """What stands before what is left of the line when it is cut."""
    verbatim: bool = False
    """Whether white space at its ends counts, as in code."""


def put_together(line: Line) -> str:
    """Return a line as mrkdwn."""
    if line.verbatim:
        return line.prefix + "".join(run.text for run in line.runs)
    out = ""
    opened: list[str] = []
    for run in _trimmed(line.runs):
        marks = list(run.marks)
        shared = 0
        while shared < min(len(opened), len(marks)) and opened[shared] == marks[shared]:
            shared += 1
        closing = "".join(reversed(opened[shared:]))
        opening = "".join(marks[shared:])
        out += closing
        # A mark that touches a word on its outer side is not read as one.
        if (closing and not opening and _is_word(run.text[:1])) or (
            opening and out and _touches(out[-1])
        ):
            out += GAP
        out += opening + run.text
        opened = marks
    return line.prefix + out + "".join(reversed(opened))


def _trimmed(runs: Sequence[Run]) -> list[Run]:
    """Return runs without white space at their line's ends, where marks would not hold."""
    kept = [run for run in runs if run.text]
    while kept and not kept[0].text.lstrip():
        kept.pop(0)
    while kept and not kept[-1].text.rstrip():
        kept.pop()
    if kept:
        kept[0] = replace(kept[0], text=kept[0].text.lstrip())
        kept[-1] = replace(kept[-1], text=kept[-1].text.rstrip())
    return kept


def _is_word(char: str) -> bool:
    return char.isalnum() or char in {"*", "_", "~", "`"}


def _touches(char: str) -> bool:
    return char.isalnum() or char in {"*", "_", "~", "`", ";"}


def cut_line(line: Line, cap: int) -> Iterator[Line]:
    """Yield lines of at most `cap` that say the same, cut between words where there are any."""
    if size(put_together(line)) <= cap:
        yield line
        return
    room = cap - max(size(line.prefix), size(line.hanging))
    current: list[Run] = []
    used = 0
    prefix = line.prefix
    for run in _cut_runs(line.runs, max(1, room)):
        # Marks closed and opened again around it, and two gaps, at the very most.
        cost = size(run.text) + 2 * len(run.marks) + 2
        if current and used + cost > room:
            yield replace(line, runs=_joined(current), prefix=prefix)
            current, used, prefix = [], 0, line.hanging
        if current or line.verbatim or run.text.strip():
            current.append(run)
            used += cost
    if current:
        yield replace(line, runs=_joined(current), prefix=prefix)


def _cut_runs(runs: Iterable[Run], room: int) -> Iterator[Run]:
    """Yield words; what is longer than a line is cut between escapes."""
    for run in runs:
        if run.solid:
            yield run
            continue
        limit = room - 2 * len(run.marks) - 2
        for word in _WORDS.findall(run.text):
            if size(word) <= limit:
                yield replace(run, text=word)
                continue
            part: list[str] = []
            used = 0
            for atom in atoms(word):
                if part and used + size(atom) > limit:
                    yield replace(run, text="".join(part))
                    part, used = [], 0
                part.append(atom)
                used += size(atom)
            if part:
                yield replace(run, text="".join(part))


def _joined(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Return runs with neighbours of the same marks made one."""
    joined: list[Run] = []
    for run in runs:
        last = joined[-1] if joined else None
        if last and last.marks == run.marks and not last.solid and not run.solid:
            joined[-1] = replace(last, text=last.text + run.text)
        else:
            joined.append(run)
    return tuple(joined)
