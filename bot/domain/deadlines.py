"""How people say when something is due, read in their own zone.

A day without a time means its last minute for a deadline and nine o'clock for a reminder; a time
without a day means the next time that the clock shows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.domain.errors import Invalid
from bot.domain.instants import DAY, Micros, to_micros
from bot.domain.spans import YEAR, read_span
from bot.domain.text import shortened
from bot.domain.zones import MONTHS, WEEKDAYS, instant_of, local, said

MAX_SAID = 80
"""Characters in which a moment can be said."""
EXAMPLES = "“within 2h”, “tomorrow 17:00”, “Friday noon” or “2026-03-14 09:30”"

_MIDNIGHT = 24 * 60
_LAST_MINUTE = _MIDNIGHT - 1
_MORNING = 9 * 60


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """A part of the day: in minutes, where it starts to remind, and where it ends to be due."""

    starts: int
    ends: int
    today: bool = False
    """Whether the word itself says that it is today's."""


_WHOLE_DAY = _Part(starts=_MORNING, ends=_LAST_MINUTE)


def _exactly(minute: int) -> _Part:
    return _Part(starts=minute, ends=minute)


_PARTS: tuple[tuple[re.Pattern[str], _Part], ...] = tuple(
    (re.compile(rf"\b(?:{words})\b"), part)
    for words, part in (
        (r"noon|midday", _exactly(12 * 60)),
        # The one that ends the day: whoever says "by Friday midnight" means Friday to be theirs.
        (r"midnight", _exactly(_MIDNIGHT)),
        (r"(?:the )?end of (?:the )?day(?: of| on)?|eod", _exactly(_LAST_MINUTE)),
        (r"(?:the )?(?:close|end) of business|cob", _exactly(17 * 60)),
        (r"morning", _Part(starts=_MORNING, ends=12 * 60)),
        (r"afternoon", _Part(starts=14 * 60, ends=18 * 60)),
        (r"evening", _Part(starts=18 * 60, ends=21 * 60)),
        (r"tonight", _Part(starts=20 * 60, ends=_LAST_MINUTE, today=True)),
        (r"night", _Part(starts=20 * 60, ends=_LAST_MINUTE)),
        (r"(?:the )?end of(?= )", _exactly(_LAST_MINUTE)),
    )
)
_LEAD = re.compile(r"\A(?:(?:due|no later than)\b ?)?(?:(?:by|before|until|till|due)\b ?)?")
_FILLERS = {"at", "on", "the", "of", "in"}
_IN = re.compile(r"\A(?:within|in) ")
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[t ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r" ?(?:z|[+-][0-9]{2}(?::?[0-9]{2})?)"
)
_BLANK = re.compile(r" (?=[Z+-])")
_ISO_T = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})t(?=[0-9]{2}:)")
# Not behind a sign or a digit, and nothing glued to it: "-9:00" and "9:000" are no times.
_CLOCK = re.compile(
    r"(?<![\w:.+-])([0-9]{1,2})(?::([0-9]{2}))?(?::00)?"
    r" ?(am|pm|a\.m\.|p\.m\.|a\.m|p\.m)?(?![\w:.+-])"
)
_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_NUMBERS = re.compile(r"(?<!\w)[0-9]{1,4}[./][0-9]{1,2}[./](?:[0-9]{2,4})?(?!\w)|[0-9]{1,2}/[0-9]+")
_NTH = r"([0-9]{1,2})(?:st|nd|rd|th)?"
_DAY_MONTH = re.compile(_NTH + r" ([a-z]{3,9})(?: ([0-9]{4}))?")
_MONTH_DAY = re.compile(r"([a-z]{3,9}) " + _NTH + r"(?: ([0-9]{4}))?")
_WEEKDAY = re.compile(r"(?:(this|next|coming|this coming) )?([a-z]{3,9})")

_WEEKDAY_NUMBERS = {
    **{name.casefold(): n for n, name in enumerate(WEEKDAYS)},
    **{name[:3].casefold(): n for n, name in enumerate(WEEKDAYS)},
    "tues": 1,
    "weds": 2,
    "thur": 3,
    "thurs": 3,
}
_MONTH_NUMBERS = {
    **{name.casefold(): n for n, name in enumerate(MONTHS, 1)},
    **{name[:3].casefold(): n for n, name in enumerate(MONTHS, 1)},
    "sept": 9,
}


def check_deadline(deadline: Micros, now: Micros, zone: str = "UTC") -> Micros:
    """Return `deadline` when it is ahead and at most a year away, else raise `Invalid`."""
    if deadline <= now:
        when = f" ({said(deadline, zone)})" if now - deadline <= YEAR else ""
        raise Invalid(f"That time{when} has passed. Name one that is ahead.", code="in_the_past")
    if deadline - now > YEAR:
        raise Invalid("That is more than a year away. Name a time within a year.", code="too_far")
    return deadline


def read_deadline(text: str, *, now: Micros, zone: str) -> Micros:
    """Return the instant by which `text` wants it, as said by somebody in `zone`.

    A length of time is elapsed time (a day has 24 hours). A local time that the clocks skip is the
    first moment after the gap; one that they show twice is the first. Raises `Invalid` when it
    cannot be read, has passed, or is more than a year away.
    """
    return _read(text, now, zone, lambda part: part.ends)


def read_reminder(text: str, *, now: Micros, zone: str) -> Micros:
    """Return the instant at which `text` wants to remind: as a deadline, but where a day starts."""
    return _read(text, now, zone, lambda part: part.starts)


def _read(text: str, now: Micros, zone: str, minute_of: Callable[[_Part], int]) -> Micros:
    if len(text) > MAX_SAID:
        raise _unreadable(text)
    words = " ".join(text.split()).casefold().strip(" .!")
    words = _LEAD.sub("", words, count=1)
    span = read_span(_IN.sub("", words, count=1))
    if span is not None:
        return check_deadline(now + span, now, zone)
    if _ISO.fullmatch(words):
        return check_deadline(_with_offset(text, words), now, zone)
    words = _ISO_T.sub(r"\1 ", words).replace(",", " ")
    _refuse_numbers(text, words)
    part, rest = _part_of_day(text, words)
    named = " ".join(word for word in rest.split() if word not in _FILLERS)
    if part is None and named in {"", "this"}:
        raise _unreadable(text)
    minute = minute_of(part or _WHOLE_DAY)
    meant = now
    today = local(now, zone).date()
    for day in _days(text, named, today, always_today=part is not None and part.today):
        if abs(day.year - today.year) > 1:
            # Out of range in any case, and perhaps of what Python can count.
            return check_deadline(now + (day - today).days * DAY, now, zone)
        meant = _instant(day, minute, zone)
        if meant > now:
            break
    return check_deadline(meant, now, zone)


def _instant(day: date, minute: int, zone: str) -> Micros:
    return instant_of(datetime.combine(day, time()) + timedelta(minutes=minute), zone)


def _with_offset(text: str, words: str) -> Micros:
    try:
        moment = datetime.fromisoformat(_BLANK.sub("", words.upper()))
        return to_micros(moment)
    except ValueError:
        raise _unreadable(text) from None


def _refuse_numbers(text: str, words: str) -> None:
    found = _NUMBERS.search(words)
    if found is not None:
        raise Invalid(
            f"“{shortened(text.strip(), 40)}” can be read in two ways."
            " Write the date with its month's name, or as 2026-03-14.",
            code="ambiguous_date",
        )


def _part_of_day(text: str, words: str) -> tuple[_Part | None, str]:
    """Return the one time that `words` name, or None, and what else they say."""
    clock = next((c for c in _CLOCK.finditer(words) if c[2] is not None or c[3] is not None), None)
    minute = None if clock is None else _minute(text, clock)
    rest = words if clock is None else _without(words, clock)
    for pattern, part in _PARTS:
        found = pattern.search(rest)
        if found is None:
            continue
        if minute is None:
            return part, _without(rest, found)
        if part.starts != part.ends:  # "Friday morning at 9:30": the clock says it better
            exact = _Part(starts=minute, ends=minute, today=part.today)
            return exact, _without(rest, found)
    return None if minute is None else _exactly(minute), rest


def _without(words: str, found: re.Match[str]) -> str:
    return f"{words[: found.start()]} {words[found.end() :]}"


def _minute(text: str, found: re.Match[str]) -> int:
    hour, minute = int(found[1]), int(found[2] or 0)
    half = (found[3] or "")[:1]
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    elif half:
        hour = 99
    total = hour * 60 + minute
    if minute > 59 or total > _MIDNIGHT:
        raise Invalid(
            f"“{found[0].strip()}” in “{shortened(text.strip(), 40)}” is not a time of day."
            " Write one such as 17:00 or 5pm.",
            code="unreadable_time",
        )
    return total


def _days(text: str, named: str, today: date, *, always_today: bool) -> tuple[date, ...]:
    """Return the days that `named` can mean, in order; the first that is still ahead is meant."""
    if not named:
        return (today,) if always_today else (today, today + timedelta(days=1))
    if named in {"today", "this"}:
        return (today,)
    if named in {"tomorrow", "day after tomorrow"}:
        return (today + timedelta(days=1 if named == "tomorrow" else 2),)
    return _weekday(named, today) or _date(text, named, today)


def _weekday(named: str, today: date) -> tuple[date, ...]:
    found = _WEEKDAY.fullmatch(named)
    number = None if found is None else _WEEKDAY_NUMBERS.get(found[2])
    if found is None or number is None:
        return ()
    if found[1] == "next":  # the one of the next week, which starts on a Monday
        return (today + timedelta(days=7 - today.weekday() + number),)
    ahead = today + timedelta(days=(number - today.weekday()) % 7)
    return (ahead, ahead + timedelta(days=7))


def _date(text: str, named: str, today: date) -> tuple[date, ...]:
    """Return the day of a date; one without a year means this year's or the next one's."""
    first, _, rest = named.partition(" ")
    weekday = _WEEKDAY_NUMBERS.get(first)
    year, month, day = _numbers(text, named if weekday is None else rest)
    found: list[date] = []
    for candidate in (today.year, today.year + 1) if year is None else (year,):
        try:
            found.append(date(candidate, month, day))
        except ValueError:  # 29 February
            continue
    right = [found_day for found_day in found if weekday in {None, found_day.weekday()}]
    if right:
        return tuple(right)
    if found:
        raise Invalid(
            f"“{shortened(text.strip(), 40)}” names a {WEEKDAYS[weekday or 0]}, but that date is a"
            f" {WEEKDAYS[found[0].weekday()]}. Name one of the two.",
            code="ambiguous_date",
        )
    raise Invalid(
        f"There is no such day as “{shortened(text.strip(), 40)}”. Look at a calendar.",
        code="unreadable_time",
    )


def _numbers(text: str, named: str) -> tuple[int | None, int, int]:
    """Return year (None when it is not said), month and day."""
    found = _DATE.fullmatch(named)
    if found is not None:
        return int(found[1]), int(found[2]), int(found[3])
    found = _DAY_MONTH.fullmatch(named)
    day, name = (found[1], found[2]) if found is not None else ("", "")
    if found is None:
        found = _MONTH_DAY.fullmatch(named)
        day, name = (found[2], found[1]) if found is not None else ("", "")
    if found is None or name not in _MONTH_NUMBERS:
        raise _unreadable(text)
    return int(found[3]) if found[3] else None, _MONTH_NUMBERS[name], int(day)


def _unreadable(text: str) -> Invalid:
    shown = shortened(" ".join(text.split()), 40)
    return Invalid(
        f"“{shown}” is not a time I can read. Write it like {EXAMPLES}.", code="unreadable_time"
    )
