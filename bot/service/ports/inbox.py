"""What a transaction can do with what came in and could not be applied at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.instants import Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """One thing that an entrance has acknowledged and that still has to be dealt with.

    `kind` says who deals with it (`slack.event`, `read`), `payload` is that one's own JSON.
    """

    key: str
    kind: str
    payload: str
    due_at: Micros | None
    """When it should be dealt with (again); None once it was set aside."""
    claim_owner: str | None = None
    claim_number: int = 0
    claim_until: Micros | None = None
    attempts: int = 0
    last_error: str | None = None
    received_at: Micros


class InboxTable(Protocol):
    """What waits to be dealt with, by its external key."""

    def add(self, received: Received) -> bool:
        """Keep it; False when it was kept before, also when it was dealt with meanwhile."""
        ...

    def get(self, key: str) -> Received | None: ...
    def claim_due(self, owner: str, now: Micros, until: Micros, limit: int) -> Sequence[Received]:
        """Claim what is due, oldest first, skipping what others hold."""
        ...

    def next_due(self) -> Micros | None: ...
    def done(self, key: str, claim_number: int) -> bool:
        """Note that it was dealt with; False when the claim was lost, then nothing is written.

        Its key stays known, its payload goes.
        """
        ...

    def postpone(self, key: str, claim_number: int, due_at: Micros | None, error: str) -> bool:
        """Deal with it later, or (None) set it aside for an operator; written as `done` is."""
        ...

    def set_aside(self, limit: int) -> Sequence[Received]:
        """Return what was set aside, newest first."""
        ...

    def prune(self, before: Micros, limit: int) -> int:
        """Forget the keys of what was dealt with and received before then."""
        ...
