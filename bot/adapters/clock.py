"""The real clock."""

from __future__ import annotations

import time

from bot.domain.instants import Micros


class SystemClock:
    """Implements the port `Clock` by the machine's own."""

    def now(self) -> Micros:
        """Return UTC microseconds."""
        return time.time_ns() // 1_000
