"""The clock port: tests move it by hand."""

from __future__ import annotations

from typing import Protocol

from bot.domain.instants import Micros


class Clock(Protocol):
    """Tells the time; nothing in the product asks the machine directly."""

    def now(self) -> Micros:
        """Return UTC microseconds."""
        ...
