"""A clock that tests move by hand."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.domain.instants import SECOND, Micros, to_micros

START = to_micros(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))


class FakeClock:
    """Implements the port `Clock`."""

    def __init__(self, now: Micros = START) -> None:
        self._now = now

    def now(self) -> Micros:
        """Return where the clock stands."""
        return self._now

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0) -> None:
        """Move it forward."""
        self._now += round((seconds + 60 * minutes + 3_600 * hours) * SECOND)
