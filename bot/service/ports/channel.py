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
    """It failed in a way that may pass, and left nothing behind."""
    UNKNOWN = "unknown"
    """It may or may not have arrived; it is tried again, and the channel must recognise it."""
    FAILED = "failed"
    """It failed for good: trying again cannot help."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """An attempt's result; `detail` is for the journal and its asker, and holds nothing secret."""

    fate: Fate
    detail: str = ""
    retry_after: float | None = None
    """Seconds for which the channel wants nothing more; only where it says so (HTTP 429)."""
    landed: str | None = None
    """Where it landed, in the channel's own words; given back as `Surface.landed`."""


class Channel(Protocol):
    """Shows questions; `deliver` is called for one surface at a time and may be repeated."""

    @property
    def name(self) -> str:
        """Return the channel's name in the design's vocabulary: chat, email or slack."""
        ...

    async def deliver(self, surface: Surface, request: FeedbackRequest) -> Delivery:
        """Show `request` as it stands; raises nothing but cancellation.

        `surface.attempts` counts from 1. Where `surface.may_be_there`, an earlier attempt may
        have arrived though nobody knows: `surface.id` and `request.version` tell it from another,
        so put them where they can be found again, and do not send the same twice.
        """
        ...
