"""Slack's rate limits, by the simulator's clock: tiers a minute, and one message a second."""

from __future__ import annotations

from collections import defaultdict, deque
from math import ceil

from tests.slack.clock import Clock
from tests.slack.failures import RateLimited
from tests.slack.records import Json

POSTS = {"chat.postMessage", "chat.postEphemeral"}
READS = {"conversations.history", "conversations.replies"}


class Rates:
    """Counts calls in sliding windows; `enforced` turns the tiers and the channel's limit on."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.enforced = False
        self.burst = 3
        """Messages to one channel that may come at once before one a second holds."""
        self.reads_a_minute: int | None = 1
        """How often history is read, whether limits are enforced or not; None: as the tier says."""
        self._seen: dict[tuple[str, ...], deque[float]] = defaultdict(deque)

    def check(self, method: str, tier: int, team_id: str, args: Json) -> None:
        """Count a call; raise `RateLimited` if it is one too many."""
        if method in READS and self.reads_a_minute is not None:
            self._count((method, team_id), self.reads_a_minute, 60.0)
        if not self.enforced:
            return
        if method in POSTS:
            channel = str(args.get("channel"))
            self._count((method, team_id, channel), self.burst, float(self.burst))
        self._count((method, team_id, "tier"), tier, 60.0)

    def _count(self, key: tuple[str, ...], most: int, window: float) -> None:
        now, seen = self.clock.now(), self._seen[key]
        while seen and seen[0] <= now - window:
            seen.popleft()
        if len(seen) >= most:
            raise RateLimited(max(1, ceil(seen[0] + window - now)))
        seen.append(now)
