"""How people write and read lengths of time, from minutes to weeks."""

from __future__ import annotations

import re

from bot.domain.instants import DAY, HOUR, MINUTE, SECOND, Micros

WEEK: Micros = 7 * DAY
YEAR: Micros = 365 * DAY

_UNITS: dict[str, Micros] = {
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), MINUTE),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), HOUR),
    **dict.fromkeys(("d", "day", "days"), DAY),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), WEEK),
}
_ONE = {"a", "an", "one"}
# A month has no length and seconds are no time to answer in: both are refused by their absence.
_TOKEN = re.compile(
    r"(?: ?,| and\b)? ?(?:(\d{1,6})(?:\.(\d{1,3}))? ?|([a-z]{1,3}) )([a-z]{1,7})(?![^\W\d])"
)
_NAMES = ((WEEK, "week"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))


def read_span(text: str) -> Micros | None:
    """Return the length that `text` says (`90m`, `2 hours`, `1h 30m`, `a week`), or None."""
    folded = " ".join(text.split()).casefold()
    total = 0
    at = 0
    while at < len(folded):
        found = _TOKEN.match(folded, at)
        if found is None:
            return None
        whole, fraction, word, unit = found.groups()
        if unit not in _UNITS or (word is not None and word not in _ONE):
            return None
        thousandths = 1000
        if whole is not None:
            thousandths = int(whole) * 1000 + int((fraction or "").ljust(3, "0"))
        total += thousandths * _UNITS[unit] // 1000
        at = found.end()
    return total if at else None


def say_span(span: Micros) -> str:
    """Return `span` in at most two units, rounded down: `2 days`, `1 hour 30 minutes`."""
    parts: list[str] = []
    rest = span
    for size, name in _NAMES:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {name}" if count == 1 else f"{count} {name}s")
        if len(parts) == 2 or (parts and not count):
            break
    return " ".join(parts) or "0 seconds"
