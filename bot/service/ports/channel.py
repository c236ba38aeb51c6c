"""The channel port: how a question is shown somewhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.domain.feedback import FeedbackRequest
from bot.domain.surface import Surface


class Fate(StrEnum):
    """What became of one attempt."""

    SHOWN = "shown"
    """It is there now, in its newest version."""
    PARKED = "parked"
    """Nobody is there to see it; it is shown when they come, and nothing needs to be sent."""
    RETRY = "retry"
    """It failed in a way that may pass."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """An attempt's result; `detail` is for the journal and holds nothing secret."""

    fate: Fate
    detail: str = ""


class Channel(Protocol):
    """Shows questions; `deliver` is called for one surface at a time and may be repeated."""

    @property
    def name(self) -> str:
        """Return the channel's name in the design's vocabulary: chat, email or slack."""
        ...

    async def deliver(self, surface: Surface, request: FeedbackRequest) -> Delivery:
        """Show `request` as it stands; raises nothing but cancellation."""
        ...
