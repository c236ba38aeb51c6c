"""The server's clock: real time that can be set and moved by hand."""

from __future__ import annotations

import time
from typing import Protocol

from bot.domain.instants import SECOND, Micros


class Clock(Protocol):
    """What the server needs of a clock; a test's frozen clock fits too."""

    def now(self) -> Micros: ...

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0) -> None: ...


class SettableClock:
    """Runs with real time, shifted by what was set."""

    def __init__(self) -> None:
        self._shift: Micros = 0

    def now(self) -> Micros:
        return time.time_ns() // 1_000 + self._shift

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0) -> None:
        """Move it forward."""
        self._shift += round((seconds + 60 * minutes + 3_600 * hours) * SECOND)

    def set(self, moment: Micros) -> None:
        """Let it be `moment` now; it runs on from there."""
        self._shift += moment - self.now()
