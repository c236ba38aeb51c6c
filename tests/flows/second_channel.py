"""A channel in this process whose fate the test sets, and what then stands at its other side."""

from __future__ import annotations

import asyncio
from enum import Enum, auto

from bot.domain.card import Card
from bot.domain.commands import CHAT
from bot.domain.feedback import FeedbackRequest
from bot.domain.instants import Micros
from bot.domain.surface import Surface
from bot.service.ports.channel import Delivery, Fate
from tests.clock import FakeClock


class Mood(Enum):
    """How the other side takes what is sent."""

    WORKS = auto()
    FAILS = auto()
    HANGS = auto()
    LIMITS = auto()
    """429, with a time to come back after."""
    LOSES = auto()
    """Takes it, and loses the connection before it says so."""
    REFUSES = auto()
    """For good: there is no such address."""


class SecondChannel:
    """Implements the port `Channel`; `world` is what people see, by surface."""

    def __init__(self, name: str, clock: FakeClock) -> None:
        self.name = name
        self.mood = Mood.WORKS
        self.moods: list[Mood] = []
        """The next ones; when they are used up, `mood` holds."""
        self.retry_after = 90.0
        self.hold: asyncio.Event | None = None
        self.begun = asyncio.Event()
        self.tried: list[tuple[Micros, Surface, FeedbackRequest]] = []
        self.world: dict[str, list[tuple[int, str]]] = {}
        self.recognised = 0
        """Tries that were found to be there already."""
        self._clock = clock

    async def deliver(
        self, surface: Surface, request: FeedbackRequest, card: Card | None = None
    ) -> Delivery:
        self.tried.append((self._clock.now(), surface, request))
        self.begun.set()
        if self.hold is not None:
            await self.hold.wait()
        match self.moods.pop(0) if self.moods else self.mood:
            case Mood.FAILS:
                return Delivery(fate=Fate.RETRY, detail="503")
            case Mood.HANGS:
                await asyncio.Event().wait()
            case Mood.LIMITS:
                return Delivery(fate=Fate.RETRY, detail="429", retry_after=self.retry_after)
            case Mood.REFUSES:
                return Delivery(fate=Fate.FAILED, detail="no such address")
            case Mood.LOSES:
                self._take(surface, request)
                return Delivery(fate=Fate.UNKNOWN, detail="connection lost")
        self._take(surface, request)
        return Delivery(fate=Fate.SHOWN, landed=f"{self.name}/{surface.id}")

    def _take(self, surface: Surface, request: FeedbackRequest) -> None:
        """Put it where people see it, unless the same is there already."""
        shown = self.world.setdefault(surface.id, [])
        if (request.version, request.state.value) in shown:
            self.recognised += 1
        else:
            shown.append((request.version, request.state.value))

    @property
    def times(self) -> list[Micros]:
        """Return when it was tried."""
        return [at for at, _, _ in self.tried]

    @property
    def shown(self) -> list[str]:
        """Return the states in which questions stand at the other side, in order."""
        return [state for versions in self.world.values() for _, state in versions]


class EmptyPage:
    """Implements the port `Channel` for a chat at which nobody is."""

    name = CHAT

    async def deliver(
        self, surface: Surface, request: FeedbackRequest, card: Card | None = None
    ) -> Delivery:
        return Delivery(fate=Fate.PARKED, detail="no open page")
