"""How fast we may speak to Slack: a rate for each channel and each kind of call, on any clock.

Slack: about one message a second and channel, short bursts allowed; other methods have tiers a
minute and team (docs.slack.dev, "Rate limits").
"""

from __future__ import annotations

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
    """At most `burst` at once, and one each `interval` in the long run."""

    burst: int
    interval: Micros
    kept: tuple[int, int, int]
    """How much of a burst each rank leaves to those before it."""


RATES = {
    Pace.POST: Rate(burst=3, interval=SECOND, kept=(0, 1, 2)),
    Pace.UPDATE: Rate(burst=10, interval=MINUTE // 40, kept=(0, 2, 5)),
    Pace.START: Rate(burst=4, interval=MINUTE // 16, kept=(0, 0, 0)),
    Pace.APPEND: Rate(burst=10, interval=MINUTE // 85, kept=(0, 0, 0)),
    Pace.STOP: Rate(burst=4, interval=MINUTE // 16, kept=(0, 0, 0)),
}


@dataclass(kw_only=True, slots=True)
class Pacing:
    """Counts what this server sends; other servers' calls show only by Slack's `Retry-After`."""

    rates: dict[Pace, Rate] = field(default_factory=lambda: dict(RATES))
    _next: dict[tuple[Pace, str], Micros] = field(default_factory=dict)
    """When each would be free of all that it has taken (the virtual time of a leaky bucket)."""
    _held: dict[tuple[Pace, str], Micros] = field(default_factory=dict)

    def take(self, pace: Pace, key: str, rank: Rank, now: Micros) -> Micros:
        """Take a turn and return 0; else return after how long to ask again, taking none."""
        held = self._held.get((pace, key), 0)
        if now < held:
            return held - now
        self._held.pop((pace, key), None)
        rate = self.rates[pace]
        taken = max(self._next.get((pace, key), 0), now)
        room = rate.burst - 1 - rate.kept[rank]
        earliest = taken - rate.interval * room
        if now < earliest:
            return earliest - now
        self._forget(now)
        self._next[pace, key] = taken + rate.interval
        return 0

    def hold(self, pace: Pace, key: str, until: Micros) -> None:
        """Take no turn until then: Slack has asked for it."""
        self._held[pace, key] = max(until, self._held.get((pace, key), 0))

    def _forget(self, now: Micros) -> None:
        if len(self._next) < _REMEMBERED:
            return
        self._next = {where: at for where, at in self._next.items() if at > now}
        self._held = {where: at for where, at in self._held.items() if at > now}
        while len(self._next) >= _REMEMBERED:
            del self._next[next(iter(self._next))]
