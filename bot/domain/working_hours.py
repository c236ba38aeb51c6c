"""When a person can be reached: the hours they work, in their zone, and the time they are away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.domain.errors import Invalid
from bot.domain.instants import Micros
from bot.domain.text import shortened
from bot.domain.zones import WEEKDAYS, instant_of, local

DAY_MINUTES = 24 * 60
MAX_DAYS_AHEAD = 2 * 366
"""How far working time is counted; a deadline is a year away at most."""

# A zone that crosses the date line skips a day, which can be somebody's only working day.
_SEARCHED_DAYS = 16
_NO_DAY = "These working hours have no working day. Name at least one, such as mon: 09:00 to 17:00."
_EXAMPLE = "Write them as {“mon”: [“09:00”, “17:00”]}."
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_DAYS = {
    **{name.casefold(): n for n, name in enumerate(WEEKDAYS)},
    **{name[:3].casefold(): n for n, name in enumerate(WEEKDAYS)},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Shift:
    """One day's hours in minutes from its midnight; one that ends before it starts is overnight."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < DAY_MINUTES or not 0 <= self.end <= DAY_MINUTES:
            raise Invalid("A working day starts from 00:00 to 23:59 and ends by 24:00.")
        if self.start == self.end:
            raise Invalid(
                "A working day cannot end when it starts. For all day write 00:00 to 24:00."
            )

    @property
    def ends_next_day(self) -> bool:
        """Tell whether the end belongs to the day after."""
        return self.end < self.start


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkingHours:
    """A week of shifts, Monday first; None where a day is free. A shift has one start and one end.

    A shift starts and ends when the clocks of the zone say so: a night in which they skip an hour
    is an hour shorter. Times that they skip or show twice are as in `zones.instant_of`.
    """

    week: tuple[Shift | None, ...]

    def __post_init__(self) -> None:
        if len(self.week) != len(WEEKDAYS):
            raise Invalid("Working hours are for the seven days of a week.")

    @property
    def is_empty(self) -> bool:
        """Tell whether no day has hours at all."""
        return not any(self.week)

    def is_open(self, at: Micros, zone: str) -> bool:
        """Tell whether `at` is within the hours; a shift's end is not."""
        return not self.is_empty and self.next_open(at, zone) == at

    def next_open(self, at: Micros, zone: str) -> Micros:
        """Return the first open moment from `at` on; `Invalid` when no day has hours."""
        for start, _ in self._shifts(at, zone, _SEARCHED_DAYS):
            return start
        raise Invalid(_NO_DAY, code="no_working_day")

    def add_working_time(self, start: Micros, amount: Micros, zone: str) -> Micros:
        """Return the first moment by which `amount` of working time has passed since `start`.

        It can be the end of a shift, and is `start` itself for no time at all. Raises `Invalid`
        when the amount is negative, no day has hours, or it takes more than two years.
        """
        if amount < 0:
            raise Invalid("A working time must not be less than nothing.")
        if self.is_empty:
            raise Invalid(_NO_DAY, code="no_working_day")
        if amount == 0:
            return start
        left = amount
        for opens, closes in self._shifts(start, zone, MAX_DAYS_AHEAD):
            if left <= closes - opens:
                return opens + left
            left -= closes - opens
        raise Invalid(
            "That much working time takes more than two years to pass. Name a shorter one.",
            code="too_far",
        )

    def _shifts(self, after: Micros, zone: str, days: int) -> Iterator[tuple[Micros, Micros]]:
        """Yield what is left of the shifts from `after` on: in order, disjoint, never empty."""
        first = local(after, zone).date() - timedelta(days=2)
        closed = after
        for ahead in range(days + 2):
            day = first + timedelta(days=ahead)
            shift = self.week[day.weekday()]
            if shift is None:
                continue
            # A long night can reach into the next day's shift, which then starts when it ends.
            opens = max(_instant(day, shift.start, zone), closed)
            last = day + timedelta(days=1) if shift.ends_next_day else day
            closes = _instant(last, shift.end, zone)
            if closes > opens:
                yield opens, closes
                closed = closes


def _instant(day: date, minute: int, zone: str) -> Micros:
    return instant_of(datetime.combine(day, time()) + timedelta(minutes=minute), zone)


_NINE_TO_FIVE = Shift(start=9 * 60, end=17 * 60)
DEFAULT_HOURS = WorkingHours(week=(_NINE_TO_FIVE,) * 5 + (None,) * 2)
"""Monday to Friday, nine to five. Whoever has set no hours has none, and is always reachable."""


def read_hours(raw: object) -> WorkingHours:
    """Return the hours of a JSON object such as `{"mon": ["09:00", "17:00"], "sun": null}`.

    Days are English names or their first three letters; those left out are free. Raises `Invalid`.
    """
    if not isinstance(raw, Mapping):
        raise Invalid(f"Working hours are an object of days. {_EXAMPLE}")
    week: list[Shift | None] = [None] * len(WEEKDAYS)
    seen: set[int] = set()
    for name, value in raw.items():
        number = _DAYS.get(name.strip().casefold()) if isinstance(name, str) else None
        if number is None:
            raise Invalid(f"“{_shown(name)}” is not a day of the week. {_EXAMPLE}")
        if number in seen:
            raise Invalid(f"{WEEKDAYS[number]} is named twice. Name each day once.")
        seen.add(number)
        week[number] = None if value is None else _read_shift(WEEKDAYS[number], value)
    hours = WorkingHours(week=tuple(week))
    if hours.is_empty:
        raise Invalid(_NO_DAY, code="no_working_day")
    return hours


def hours_json(hours: WorkingHours) -> dict[str, list[str]]:
    """Return what `read_hours` reads: the days that have hours."""
    return {
        WEEKDAYS[n][:3].casefold(): [_clock(shift.start), _clock(shift.end)]
        for n, shift in enumerate(hours.week)
        if shift is not None
    }


def _read_shift(day: str, value: object) -> Shift:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise Invalid(f"{day} needs a start and an end. {_EXAMPLE}")
    start, end = (_read_minute(day, one) for one in value)
    try:
        return Shift(start=start, end=end)
    except Invalid as wrong:
        raise Invalid(f"{day}: {wrong.message}") from None


def _read_minute(day: str, value: object) -> int:
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    minute = DAY_MINUTES + 1 if found is None else int(found[1]) * 60 + int(found[2])
    if found is None or int(found[2]) > 59 or minute > DAY_MINUTES:
        raise Invalid(f"{day}: “{_shown(value)}” is not a time of day. Write one such as 09:00.")
    return minute


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _shown(value: object) -> str:
    # No `str` of what is no text: a deep JSON value is long, or too deep to say.
    text = value[:41] if isinstance(value, str) else type(value).__name__
    return shortened("".join(c if c.isprintable() else "�" for c in text), 40)


@dataclass(frozen=True, kw_only=True, slots=True)
class Away:
    """A time in which a person does not answer: from `from_` on, back at `until`."""

    from_: Micros
    until: Micros

    def __post_init__(self) -> None:
        if self.until <= self.from_:
            raise Invalid("An absence must end after it starts.")

    def covers(self, at: Micros) -> bool:
        """Tell whether the person is away at `at`."""
        return self.from_ <= at < self.until


def reachable_at(
    hours: WorkingHours | None, away: Away | None, *, zone: str, at: Micros, urgent: bool
) -> Micros:
    """Return the first moment from `at` on at which a person may be asked.

    Nobody's hours or absence hold back what is urgent: where it should go to somebody else instead
    is for `Away.covers` to tell. No hours set means always reachable.
    """
    if urgent:
        return at
    found = _open(hours, zone, at)
    if away is not None and away.covers(found):
        found = _open(hours, zone, away.until)
    return found


def _open(hours: WorkingHours | None, zone: str, at: Micros) -> Micros:
    return at if hours is None else hours.next_open(at, zone)
