"""A channel inside the fault kit's server: `mood.txt` in the data folder says how it fares."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.domain.card import Card
from bot.domain.feedback import FeedbackRequest
from bot.domain.post import Post
from bot.domain.surface import Surface
from bot.service.outlet import Health, Parts
from bot.service.ports.channel import Delivery, Fate, Saying
from tests.faults.process import SAID

NAME = "email"
"""Everybody with a verified address can be reached there."""
MOOD = "mood.txt"
ARRIVED = "arrived.jsonl"
MOODS = ("fails", "hangs", "limits", "loses", "works")


class SideChannel:
    """Implements the ports `Outlet`, `Opened` and `Channel`; what arrives is a line in a file."""

    name = NAME
    stage = None
    deals: Mapping[str, Any] = {}
    chores: Sequence[Any] = ()

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def channel(self) -> SideChannel:
        return self

    @property
    def speaker(self) -> SideChannel:
        return self

    def mount(self, app: web.Application) -> None:
        """Have no entrances."""

    async def open(self, parts: Parts) -> SideChannel:
        return self

    def health(self) -> Health:
        return Health(state="ready")

    async def close(self) -> None:
        """Stop nothing."""

    async def say(self, post: Post, saying: Saying) -> Delivery:
        line = {"to": post.place.removeprefix(f"{NAME}:"), "text": saying.text}
        with (self._folder / SAID).open("a") as said:
            said.write(json.dumps(line) + "\n")
        return Delivery(fate=Fate.SHOWN)

    async def deliver(
        self,
        surface: Surface,
        request: FeedbackRequest,
        card: Card | None = None,
    ) -> Delivery:
        mood = self._folder / MOOD
        match mood.read_text() if mood.exists() else "works":
            case "fails":
                return Delivery(fate=Fate.RETRY, detail="503")
            case "hangs":
                await asyncio.Event().wait()
            case "limits":
                return Delivery(fate=Fate.RETRY, detail="429", retry_after=1.5)
            case "loses":
                self._take(surface, request)
                return Delivery(fate=Fate.UNKNOWN, detail="connection lost")
        self._take(surface, request)
        return Delivery(fate=Fate.SHOWN, landed=surface.id)

    def _take(self, surface: Surface, request: FeedbackRequest) -> None:
        with (self._folder / ARRIVED).open("a") as arrived:
            arrived.write(json.dumps([surface.id, request.version, request.state.value]) + "\n")
