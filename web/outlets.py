"""The channels outside the web that this deployment has; their SDKs are imported only for them."""

from __future__ import annotations

from typing import Protocol

from aiohttp import web

from bot.service.outlet import Opened, Parts
from bot.settings import Settings


class Outlet(Protocol):
    """A configured channel: its entrances are mounted first, it runs once the agent does."""

    @property
    def name(self) -> str:
        """Return the channel's name."""
        ...

    def mount(self, app: web.Application) -> None:
        """Add the entrances; until `open` they answer 503."""
        ...

    async def open(self, parts: Parts) -> Opened:
        """Begin; a channel that cannot reach its other side opens all the same, and says so."""
        ...


def outlets_of(settings: Settings) -> list[Outlet]:
    """Return the channels that are configured."""
    outlets: list[Outlet] = []
    if settings.has_slack:
        from web.slack_outlet import slack_outlet

        outlets.append(slack_outlet(settings))
    if settings.has_gmail:
        from web.gmail_outlet import gmail_outlet

        outlets.append(gmail_outlet(settings))
    return outlets
