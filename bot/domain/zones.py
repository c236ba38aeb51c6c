"""Time zones by their IANA names: local times from instants, instants from local times."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.domain.errors import Invalid
from bot.domain.instants import SECOND, Micros, from_micros, to_micros
from bot.domain.text import shortened

MAX_ZONE = 64
"""Characters of a zone's name; the longest in the database has 32."""

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

# No dots, so that a name cannot climb out of the zone database's folder.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}")
# The host's own zone, placeholders, and the copies that count leap seconds.
_NO_ZONES = re.compile(r"(?:localtime|posixrules|Factory|(?:right|posix)(?:/.*)?)", re.IGNORECASE)


def zone_of(name: str) -> ZoneInfo:
    """Return the zone called `name`; `Invalid` when there is none."""
    if len(name) <= MAX_ZONE and _NAME.fullmatch(name) and not _NO_ZONES.fullmatch(name):
        found = _found(name)
        if found is not None:
            return found
    shown = shortened("".join(c if c.isprintable() else "�" for c in name[:MAX_ZONE]), 40)
    raise Invalid(
        f"“{shown}” is not a time zone. Write one such as Europe/Berlin, America/New_York or UTC.",
        code="unknown_zone",
    )


# zoneinfo itself keeps only eight zones, and reads a file for each of the others again.
@lru_cache(maxsize=256)
def _found(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # none of that name, no zone in it, a folder
        return None


def local(micros: Micros, zone: str) -> datetime:
    """Return the aware local time of `micros` in `zone`."""
    return from_micros(micros).astimezone(zone_of(zone))


def instant_of(wall: datetime, zone: str) -> Micros:
    """Return the instant at which the clocks of `zone` show `wall`, a naive time.

    Where the clocks show it twice it is the first time. Where they skip it, it is the first moment
    after the gap: so a later `wall` is never an earlier instant, and nothing has to be refused.
    """
    if wall.tzinfo is not None:
        raise ValueError("a wall time has no zone of its own")
    place = zone_of(zone)
    first = _offset(wall.replace(tzinfo=place, fold=0))
    second = _offset(wall.replace(tzinfo=place, fold=1))
    universal = to_micros(wall.replace(tzinfo=UTC, fold=0))
    if first >= second:
        return universal - first
    # In a gap (PEP 495): the offset before the change, then the one after it.
    return _change_between(universal - second, universal - first, second, place)


def _offset(moment: datetime) -> Micros:
    return (moment.utcoffset() or timedelta()) // timedelta(microseconds=1)


def _change_between(low: Micros, high: Micros, new: Micros, place: ZoneInfo) -> Micros:
    """Return the whole second after `low`, at the latest `high`, from which `new` is in force."""
    below, above = low // SECOND, -(-high // SECOND)
    while above - below > 1:
        middle = (below + above) // 2
        if _offset(from_micros(middle * SECOND).astimezone(place)) == new:
            above = middle
        else:
            below = middle
    return above * SECOND


def said(micros: Micros, zone: str, now: Micros | None = None) -> str:
    """Return the instant as people say it: `Fri 13 Mar 2026, 17:00 (Europe/Berlin)`.

    With `now`, the day is `today` or `tomorrow` where it is, and this year goes without saying.
    """
    moment = local(micros, zone)
    day = f"{WEEKDAYS[moment.weekday()][:3]} {moment.day} {MONTHS[moment.month - 1][:3]}"
    if now is None:
        day += f" {moment.year}"
    else:
        today = local(now, zone)
        ahead = (moment.date() - today.date()).days
        if ahead in (0, 1):
            day = ("today", "tomorrow")[ahead]
        elif moment.year != today.year:
            day += f" {moment.year}"
    return f"{day}, {moment:%H:%M} ({zone})"
