"""Tables as columns of plain text, where they are narrow enough for a message."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

MAX_WIDTH = 90
"""Columns that a code block shows on a screen without breaking its lines."""


def table_lines(rows: Sequence[Sequence[str]]) -> list[str] | None:
    """Return the rows in columns, a line below the first; None where they are too wide."""
    count = max((len(row) for row in rows), default=0)
    if not count:
        return []
    full = [[*row, *[""] * (count - len(row))] for row in rows]
    widths = [max(_width(row[n]) for row in full) for n in range(count)]
    if sum(widths) + 3 * (count - 1) > MAX_WIDTH:
        return None
    lines = [_line(row, widths) for row in full]
    return [lines[0], "-+-".join("-" * width for width in widths), *lines[1:]]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
    return " | ".join(cells).rstrip()


def _width(text: str) -> int:
    """Return how many columns a text takes; signs of East Asia take two, accents none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )
