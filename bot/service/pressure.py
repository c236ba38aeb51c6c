"""Pressure: whether so much comes in that what was taken in before should wait."""

from __future__ import annotations

import asyncio

LATE = 0.002
"""Seconds from when something is due on the event loop until it runs, on a loop that is busy."""
SHORTEST, LONGEST = 0.02, 0.1
"""Seconds of a pause: what waits goes on all the same, slowly."""
_SHARE = 10
"""How many times as long as the loop is late a pause is."""
RECENT = 0.1
"""Seconds after which an arrival says nothing any more."""
_WEIGHT = 0.2


class Pressure:
    """Measures at each arrival how late the event loop is; smoothed, and forgotten soon."""

    def __init__(self) -> None:
        self._late = 0.0
        self._measured_at = -RECENT
        self._is_measuring = False

    def arrived(self) -> None:
        """Note that something came in; call it on the event loop."""
        if not self._is_measuring:
            self._is_measuring = True
            loop = asyncio.get_running_loop()
            loop.call_soon(self._measure, loop, loop.time())

    def _measure(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self._is_measuring = False
        now = loop.time()
        if now - self._measured_at > RECENT:
            self._late = 0.0
        self._late += _WEIGHT * (now - due - self._late)
        self._measured_at = now

    def pause(self) -> float:
        """Return for how many seconds nothing should begin; 0 where the loop is in time."""
        now = asyncio.get_running_loop().time()
        if self._late <= LATE or now - self._measured_at >= RECENT:
            return 0.0
        return min(LONGEST, max(SHORTEST, _SHARE * self._late))
