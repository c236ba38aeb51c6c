"""Times: aware UTC in Python, integer UTC microseconds in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

Micros = int
"""Microseconds since 1970-01-01T00:00:00Z."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
SECOND: Micros = 1_000_000
MINUTE: Micros = 60 * SECOND
HOUR: Micros = 60 * MINUTE
DAY: Micros = 24 * HOUR


def to_micros(moment: datetime) -> Micros:
    """Return `moment` in microseconds; ValueError when it is naive, since naive means local."""
    if moment.tzinfo is None:
        raise ValueError("a time must say its zone")
    return (moment - EPOCH) // _MICROSECOND


def from_micros(micros: Micros) -> datetime:
    """Return the aware UTC time of `micros`."""
    return EPOCH + timedelta(microseconds=micros)


def iso(micros: Micros) -> str:
    """Return RFC 3339 text in UTC, with microseconds."""
    return from_micros(micros).isoformat(timespec="microseconds").replace("+00:00", "Z")
