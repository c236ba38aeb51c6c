"""A human the bot knows."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.instants import Micros
from bot.domain.invisible import visible


@dataclass(frozen=True, kw_only=True)  # without slots, since it is `changed`
class Person:
    """One human; `merged_into` names the canonical person when two were found to be one."""

    id: str
    name: str
    zone: str
    feed_seq: int
    merged_into: str | None
    working_hours: str | None = None
    """As JSON, in the person's zone; None means reachable at any time."""
    away_from: Micros | None = None
    away_until: Micros | None = None
    delegate_id: str | None = None
    """Who is asked in their place while they are away."""
    preferred_channel: str | None = None
    last_channel: str | None = None
    """Where they were last active."""
    created_at: Micros

    def __post_init__(self) -> None:
        # Names come from directories of others, and stand in the middle of our sentences.
        if not self.name.isascii():
            object.__setattr__(self, "name", " ".join(visible(self.name).split()) or "somebody")

    @property
    def canonical_id(self) -> str:
        """Return the id that rules count."""
        return self.merged_into or self.id
