"""A human the bot knows."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.instants import Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """One human; `merged_into` names the canonical person when two were found to be one."""

    id: str
    name: str
    zone: str
    feed_seq: int
    merged_into: str | None
    created_at: Micros

    @property
    def canonical_id(self) -> str:
        """Return the id that rules count."""
        return self.merged_into or self.id
