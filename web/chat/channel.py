"""The chat channel: a card travels in the person's feed, so all there is to do is to look."""

from __future__ import annotations

from bot.domain.card import Card
from bot.domain.commands import CHAT
from bot.domain.feedback import FeedbackRequest
from bot.domain.surface import Surface
from bot.service.ports.channel import Delivery, Fate
from web.chat.hub import Hub


class ChatChannel:
    """Implements the port `Channel` over this server's sockets."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    @property
    def name(self) -> str:
        """Return the channel's name."""
        return CHAT

    async def deliver(
        self,
        surface: Surface,
        request: FeedbackRequest,
        card: Card | None,  # noqa: ARG002 - the page asks for what it shows
    ) -> Delivery:
        """Say whether a page is there to show `request`; who comes later loads it with the rest."""
        if self._hub.is_present(surface.person_id):
            return Delivery(fate=Fate.SHOWN, detail=f"{request.state.value} on an open page")
        return Delivery(fate=Fate.PARKED, detail="no open page")
