"""How fast we may speak to Slack: a rate for each channel and each kind of call, on any clock.

Slack: about one message a second and channel, short bursts allowed; other methods have tiers a
minute and team (docs.slack.dev, "Rate limits").
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from bot.domain.instants import MINUTE, SECOND, Micros

_REMEMBERED = 4_096


class Pace(StrEnum):
    """What is counted together; the key is the channel for `POST`, else the team."""

    POST = "post"
    UPDATE = "update"
    START = "start"
    """Of a stream; its end is counted apart."""
    APPEND = "append"
    STOP = "stop"


class Rank(IntEnum):
    """What may go first; whatever matters less leaves room for what matters more."""

    DECISION = 0
    WORDS = 1
    PREVIEW = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """At most `most` in any `window`."""

    most: int
    window: Micros
    kept: tuple[int, int, int] = (0, 0, 0)
    """How many of them each rank leaves to those before it."""


RATES = {
    Pace.POST: Rate(most=3, window=3 * SECOND, kept=(0, 0, 1)),
    Pace.UPDATE: Rate(most=45, window=MINUTE, kept=(0, 8, 20)),
    Pace.START: Rate(most=18, window=MINUTE),
    Pace.APPEND: Rate(most=90, window=MINUTE),
    Pace.STOP: Rate(most=18, window=MINUTE),
}


@dataclass(kw_only=True, slots=True)
class Pacing:
    """Counts what this server sends; other servers' calls show only by Slack's `Retry-After`."""

    rates: dict[Pace, Rate] = field(default_factory=lambda: dict(RATES))
    _taken: dict[tuple[Pace, str], deque[Micros]] = field(default_factory=dict)
    """When, oldest first, as far as it still counts."""
    _held: dict[tuple[Pace, str], Micros] = field(default_factory=dict)

    def take(self, pace: Pace, key: str, rank: Rank, now: Micros) -> Micros:
        """Take a turn and return 0; else return after how long to ask again, taking none."""
        held = self._held.get((pace, key), 0)
        if now < held:
            return held - now
        self._held.pop((pace, key), None)
        rate = self.rates[pace]
        taken = self._taken.get((pace, key))
        if taken is None:
            self._forget(now)
            taken = self._taken[pace, key] = deque()
        while taken and taken[0] <= now - rate.window:
            taken.popleft()
        over = len(taken) - (rate.most - rate.kept[rank])
        if over >= 0:
            return taken[over] + rate.window - now
        taken.append(now)
        return 0

    def hold(self, pace: Pace, key: str, until: Micros) -> None:
        """Take no turn until then: Slack has asked for it."""
        self._held[pace, key] = max(until, self._held.get((pace, key), 0))

    def _forget(self, now: Micros) -> None:
        """Forget what counts no more, and whatever is over a bound."""
        if len(self._taken) < _REMEMBERED:
            return
        self._held = {where: at for where, at in self._held.items() if at > now}
        for where in list(self._taken):
            last = self._taken[where]
            if not last or last[-1] <= now - self.rates[where[0]].window:
                del self._taken[where]
        while len(self._taken) >= _REMEMBERED:
            del self._taken[next(iter(self._taken))]
