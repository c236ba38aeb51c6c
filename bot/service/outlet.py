"""What a channel outside the web is to the rest of the agent, and the rest to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.domain.instants import HOUR, Micros
from bot.service.backlog import Deal
from bot.service.cards import Cards
from bot.service.chores import Chore
from bot.service.intake import Intake
from bot.service.links import Links
from bot.service.ports.channel import Channel, Speaker, Stage
from bot.service.ports.clock import Clock
from bot.service.ports.sealer import Sealer
from bot.service.ports.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What a channel may use of the agent."""

    name: str
    """Of this process, in claims and leases."""
    store: Store
    clock: Clock
    intake: Intake
    sealer: Sealer
    cards: Cards
    links: Links
    public_url: str
    session_timeout: Micros = 24 * HOUR


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """How a channel does: `ready`, `degraded` or `closed`, and why, in a sentence for operators."""

    state: str
    reason: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


class Opened(Protocol):
    """A channel that runs on this server."""

    @property
    def channel(self) -> Channel: ...
    @property
    def speaker(self) -> Speaker: ...
    @property
    def stage(self) -> Stage | None: ...
    @property
    def deals(self) -> Mapping[str, Deal]:
        """Return how what it keeps in the inbox is dealt with, by kind."""
        ...

    @property
    def chores(self) -> Sequence[Chore]: ...

    def health(self) -> Health: ...

    async def close(self) -> None:
        """Stop what it has begun; nothing it acknowledged is lost."""
        ...
