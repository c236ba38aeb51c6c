"""Circuit breakers: a lane that keeps failing is left alone for a while, then tried once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pybreaker import STATE_CLOSED, STATE_HALF_OPEN, STATE_OPEN, CircuitBreaker, CircuitBreakerError

from bot.domain.instants import SECOND, Micros

_REMEMBERED = 4_096


class LaneFailed(Exception):
    """Tells a breaker of a failure."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LaneHealth:
    """A lane that has failed lately: its breaker is `closed`, `open` or `half-open`."""

    channel: str
    lane: str
    breaker: str
    failures: int


@dataclass(kw_only=True, slots=True)
class _Guard:
    breaker: CircuitBreaker
    retry_at: Micros = 0
    probing: bool = False


@dataclass(kw_only=True, slots=True)
class Breakers:
    """A breaker for each channel and lane that fails; a lane that works has none.

    The counting and the states are pybreaker's, the time is ours: it reads the machine's clock.
    """

    failures: int = 5
    """In a row, until a lane is left alone."""
    rest: Micros = 30 * SECOND
    """For how long."""
    _guards: dict[tuple[str, str], _Guard] = field(default_factory=dict)
    _held: dict[tuple[str, str], Micros] = field(default_factory=dict)

    def enter(self, channel: str, lane: str, now: Micros) -> Micros | None:
        """Begin an attempt: None when it may be made, else when to come again.

        Once a lane has rested, one attempt is let through; the others wait for its result.
        """
        held = self._held.get((channel, lane))
        if held is not None:
            if now < held:
                return held
            del self._held[channel, lane]
        guard = self._guards.get((channel, lane))
        if guard is None or guard.breaker.current_state == STATE_CLOSED:
            return None
        if guard.breaker.current_state == STATE_OPEN:
            if now < guard.retry_at:
                return guard.retry_at
            guard.breaker.half_open()
        if guard.probing:
            return now + SECOND
        guard.probing = True
        return None

    def succeeded(self, channel: str, lane: str) -> None:
        """End an attempt that reached the other side."""
        guard = self._guards.get((channel, lane))
        if guard is None or guard.breaker.current_state == STATE_OPEN:
            return  # an attempt from before it opened proves nothing now
        del self._guards[channel, lane]

    def failed(self, channel: str, lane: str, now: Micros) -> None:
        """End an attempt that did not."""
        guard = self._guards.get((channel, lane))
        if guard is None:
            while len(self._guards) >= _REMEMBERED:  # of addresses that nobody writes to any more
                del self._guards[next(iter(self._guards))]
            breaker = CircuitBreaker(
                fail_max=self.failures, reset_timeout=self.rest / SECOND, name=channel
            )
            guard = self._guards[channel, lane] = _Guard(breaker=breaker)
        if guard.breaker.current_state == STATE_OPEN:
            return
        try:
            guard.breaker.call(_fail)
        except (LaneFailed, CircuitBreakerError):
            guard.probing = False
        if guard.breaker.current_state == STATE_OPEN:
            guard.retry_at = now + self.rest

    def hold(self, channel: str, lane: str, until: Micros) -> None:
        """Leave a lane alone until then, since the other side asked for it."""
        self._held[channel, lane] = until

    def abandon(self, channel: str, lane: str) -> None:
        """End an attempt that was cut off before it had a result."""
        guard = self._guards.get((channel, lane))
        if guard is not None:
            guard.probing = False

    def health(self) -> Sequence[LaneHealth]:
        """Return the lanes that have failed since they last worked."""
        return [
            LaneHealth(
                channel=channel,
                lane=lane,
                breaker=guard.breaker.current_state,
                failures=guard.breaker.fail_counter,
            )
            for (channel, lane), guard in sorted(self._guards.items())
        ]

    def open_lanes(self, channel: str) -> int:
        """Return how many lanes of a channel are left alone or being tried again."""
        return sum(
            name == channel and guard.breaker.current_state in (STATE_OPEN, STATE_HALF_OPEN)
            for (name, _), guard in self._guards.items()
        )


def _fail() -> None:
    raise LaneFailed
