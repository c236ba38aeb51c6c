"""The new words of a mail: what it quotes and what signs it are taken off.

Nothing here guesses in favour of a decision. What only a quotation says is never taken for the
answer; and words that could be the sender's own are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.channels.gmail.quote_marks import (
    WRAPPED,
    header_block,
    is_introduction,
    is_separator,
    starts_introduction,
)
from bot.channels.gmail.signatures import without_signature


@dataclass(frozen=True, kw_only=True, slots=True)
class NewText:
    """What the sender wrote now; `inline` where answers stand between the lines of a quotation.

    Inline answers belong to the words above each of them, which are not here: do not let them
    decide by themselves.
    """

    text: str
    quoted: bool
    inline: bool


def new_text(text: str, *, writer: str = "") -> NewText:
    """Return the new words in a mail's text; "" where it only quotes. Never raises.

    `writer` is the sender's name as the mail shows it, which may sign the words.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    quoted = [line.lstrip().startswith(">") for line in lines]
    end = len(lines)
    dropped: set[int] = set()
    for at, line in enumerate(lines):
        if quoted[at] or not line.strip():
            continue
        if is_separator(line) or header_block(lines, at):
            end = at
            break
        window = _introduction(lines, quoted, at)
        if window is None:
            continue
        dropped.update(window)
        if not _quote_follows(lines, quoted, at):
            end = window.start
            break
    end = _without_rule(lines, end)
    kept = [
        (at, line) for at, line in enumerate(lines[:end]) if not quoted[at] and at not in dropped
    ]
    groups = _groups(kept)
    first_quote = next((at for at in range(end) if quoted[at]), end)
    written: list[tuple[int, str]] = []
    for start, group in groups:
        said = without_signature(group, writer=writer, below_words=bool(written))
        if said:
            written.append((start, said))
    above = [said for start, said in written if start < first_quote]
    below = [said for start, said in written if start >= first_quote]
    # "yes" below one line of several may agree with that line alone.
    quoted_on = bool(below) and any(quoted[written[-1][0] : end])
    inline = len(below) > 1 or (bool(above) and bool(below)) or quoted_on
    return NewText(
        text="\n\n".join(above + below),
        quoted=end < len(lines) or any(quoted),
        inline=inline,
    )


def _introduction(lines: list[str], quoted: list[bool], at: int) -> range | None:
    """Return the lines of the introduction that ends at line `at`, None where there is none."""
    if not lines[at].rstrip().endswith((":", "：")):
        return None
    follows = _quote_follows(lines, quoted, at)
    alone: range | None = None
    for size in range(1, WRAPPED + 1):
        start = at - size + 1
        if start < 0 or quoted[start] or not lines[start].strip():
            break
        joined = " ".join(line.strip() for line in lines[start : at + 1])
        if is_introduction(joined, quote_follows=follows):
            if starts_introduction(lines[start].strip()) and (
                alone is None or _goes_on(lines[start].strip())
            ):
                return range(start, at + 1)
            alone = alone or range(start, at + 1)
    return alone


def _goes_on(line: str) -> bool:
    """Tell whether `line` could be the first of a wrapped introduction, and no answer above it."""
    dated = len(line) >= 10 and any(char.isdigit() for char in line)
    return dated and not line.endswith((".", "?", "!"))


def _quote_follows(lines: list[str], quoted: list[bool], at: int) -> bool:
    for below in range(at + 1, min(at + 4, len(lines))):
        if lines[below].strip():
            return quoted[below]
    return False


def _without_rule(lines: list[str], end: int) -> int:
    """Return `end`, moved up over the line that Outlook draws above the headers it repeats."""
    if end == len(lines):
        return end
    above = end
    while above and not lines[above - 1].strip(" \t*"):
        above -= 1
    if above and len(lines[above - 1].strip()) >= 5 and not lines[above - 1].strip(" _-=\t"):
        return above - 1
    return end


def _groups(kept: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the runs of lines that follow one another, each with its first line's number."""
    groups: list[tuple[int, list[str]]] = []
    last = -2
    for at, line in kept:
        if groups and at == last + 1:
            groups[-1][1].append(line)
        else:
            groups.append((at, [line]))
        last = at
    return [(at, "\n".join(lines)) for at, lines in groups]
