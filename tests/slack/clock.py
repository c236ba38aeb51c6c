"""The simulator's clock: the wall's, or another one, and it can be moved forward."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Tells seconds since the epoch; `source` is what it follows.

    To share a test's own clock: `Clock(lambda: fake.now() / SECOND)`. Bolt checks signatures by
    the wall's clock, so set `slack.post.signing_clock = time.time` where Bolt does the checking.
    """

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._offset = 0.0

    def now(self) -> float:
        """Return where the clock stands, in seconds."""
        return self._source() + self._offset

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0) -> None:
        """Move it forward."""
        self._offset += seconds + 60 * minutes + 3_600 * hours
