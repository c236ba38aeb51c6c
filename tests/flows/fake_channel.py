"""A channel that records what is delivered, and fares as a test says."""

from __future__ import annotations

import asyncio

from bot.domain.card import Card
from bot.domain.commands import (
    CHAT,
)
from bot.domain.feedback import FeedbackRequest
from bot.domain.surface import Surface
from bot.service.ports.channel import Delivery, Fate


class FakeChannel:
    """Records what is delivered; `fates` says what becomes of it, `hold` makes it wait."""

    def __init__(self, name: str = CHAT) -> None:
        self.name = name
        self.delivered: list[tuple[Surface, FeedbackRequest]] = []
        self.fates: list[Fate | Exception] = []
        self.begun = asyncio.Event()
        self.hold: asyncio.Event | None = None

    async def deliver(
        self, surface: Surface, request: FeedbackRequest, card: Card | None = None
    ) -> Delivery:
        self.delivered.append((surface, request))
        self.begun.set()
        if self.hold is not None:
            await self.hold.wait()
        fate = self.fates.pop(0) if self.fates else Fate.SHOWN
        if isinstance(fate, Exception):
            raise fate
        return Delivery(fate=fate)

    def states(self) -> list[str]:
        """Return the states in which requests were delivered, in order."""
        return [request.state.value for _, request in self.delivered]
