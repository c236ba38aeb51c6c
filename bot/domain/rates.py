"""How often somebody may act: the generic cell rate algorithm, which needs one number a key."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.instants import MINUTE, SECOND, Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """So many acts a minute, all of them at once if need be; `scope` names whom it is for."""

    scope: str
    per_minute: int

    @property
    def interval(self) -> Micros:
        """Return the time that one act uses up."""
        return MINUTE // self.per_minute

    def wait(self, arrival: Micros, now: Micros) -> int:
        """Return the whole seconds to wait, 0 when it may go on.

        `arrival` is the theoretical arrival time with this act counted.
        """
        excess = arrival - now - self.per_minute * self.interval
        return 0 if excess <= 0 else -(-excess // SECOND)
