"""A channel inside the fault kit's server: `mood.txt` in the data folder says how it fares.

People speak there by `POST /side`, each act under a key of its own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.domain.card import Card
from bot.domain.commands import Actor, SpeakAt
from bot.domain.feedback import FeedbackRequest
from bot.domain.place import place_of
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
        """Take what people say there."""
        app.router.add_post("/side", self.hear)

    async def open(self, parts: Parts) -> SideChannel:
        self._parts = parts
        return self

    async def hear(self, request: web.Request) -> web.Response:
        """Store what somebody says in a thread: 200 means that it is stored."""
        said = await request.json()
        person = await self._parts.store.read(
            lambda tx: tx.people.by_identity("email", said["address"])
        )
        if person is None:
            raise web.HTTPNotFound
        command = SpeakAt(
            external_key=f"side:{said['key']}",
            actor=Actor(person_id=person.id, channel=NAME),
            place=place_of(NAME, said["thread"]),
            text=said["text"],
            opens=True,
        )
        outcome = await self._parts.intake.submit(command)
        return web.json_response({"session_id": outcome.session_id, "seq": outcome.seq})

    def health(self) -> Health:
        return Health(state="ready")

    async def close(self) -> None:
        """Stop nothing."""

    async def say(self, post: Post, saying: Saying) -> Delivery:
        if post.may_be_there and post.id in said_posts(self._folder):
            return Delivery(fate=Fate.SHOWN)
        to = post.place.removeprefix(f"{NAME}:").removeprefix("ahead/")
        line = {"to": to, "text": saying.text, "post": post.id}
        return await self._fare(SAID, line)

    async def deliver(
        self,
        surface: Surface,
        request: FeedbackRequest,
        card: Card | None = None,
    ) -> Delivery:
        return await self._fare(
            ARRIVED, [surface.id, request.version, request.state.value], landed=surface.id
        )

    async def _fare(self, file: str, line: object, landed: str | None = None) -> Delivery:
        """Take a line or not, and say what became of it or not, as the mood wants it."""
        mood = self._folder / MOOD
        match mood.read_text() if mood.exists() else "works":
            case "fails":
                return Delivery(fate=Fate.RETRY, detail="503")
            case "hangs":
                await asyncio.Event().wait()
            case "limits":
                return Delivery(fate=Fate.RETRY, detail="429", retry_after=1.5)
            case "loses":
                self._take(file, line)
                return Delivery(fate=Fate.UNKNOWN, detail="connection lost")
        self._take(file, line)
        return Delivery(fate=Fate.SHOWN, landed=landed)

    def _take(self, file: str, line: object) -> None:
        with (self._folder / file).open("a") as arrived:
            arrived.write(json.dumps(line) + "\n")


def said_posts(folder: Path) -> dict[str, list[dict[str, str]]]:
    """Return what the channel said, by the post: each once, if all is well."""
    path = folder / SAID
    found: dict[str, list[dict[str, str]]] = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        said = json.loads(line)
        found.setdefault(said["post"], []).append(said)
    return found
