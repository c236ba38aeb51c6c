"""A client of the socket as a careful one is written: keeps cursors, and checks their order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from aiohttp import ClientWebSocketResponse, WSMsgType

from tests.flows.conftest import Client, SignedIn

PATIENCE = 10.0


async def eventually(holds: Callable[[], bool]) -> None:
    """Wait until `holds`, which nothing announces."""
    for _ in range(int(PATIENCE * 50)):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("this did not become true in time")


class Line:
    """One socket; `seen` holds every frame that came, oldest first."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.seen: list[dict[str, Any]] = []
        self.cursors: dict[str, int] = {}

    @classmethod
    async def open(cls, client: Client, **options: Any) -> Line:
        return cls(await client.ws_connect("/ws", **options))

    @classmethod
    async def sign_in(cls, person: SignedIn, cursor: int | None = None, **options: Any) -> Line:
        line = await cls.open(person.client, **options)
        await line.send(type="auth", token=person.tokens["access_token"], cursor=cursor)
        ready = await line.until("ready")
        line.cursors["me"] = ready["cursor"]
        return line

    async def send(self, **frame: Any) -> None:
        await self.socket.send_json({k: v for k, v in frame.items() if v is not None})

    async def next(self) -> dict[str, Any]:
        message = await self.socket.receive(timeout=PATIENCE)
        assert message.type is WSMsgType.TEXT, (message, self.socket.close_code)
        frame: dict[str, Any] = json.loads(message.data)
        self.seen.append(frame)
        if frame["type"] == "event":
            known = self.cursors.get(frame["feed"], 0)
            assert frame["cursor"] > known, "an entry came twice, or out of order"
            self.cursors[frame["feed"]] = frame["cursor"]
        return frame

    async def until(
        self, kind: str, fits: Callable[[dict[str, Any]], bool] = lambda _: True
    ) -> dict[str, Any]:
        """Return the next frame of a kind, reading over all others."""
        async with asyncio.timeout(PATIENCE):
            while True:
                frame = await self.next()
                if frame["type"] == kind and fits(frame):
                    return frame

    async def act(self, **frame: Any) -> dict[str, Any]:
        """Send a frame with a `client_id` and return its ack or its error."""
        await self.send(**frame)
        while True:
            answer = await self.next()
            if answer["type"] in ("ack", "error") and answer.get("client_id") == frame["client_id"]:
                return answer

    async def watch(self, session_id: str, cursor: int | None = None) -> dict[str, Any]:
        self.cursors[session_id] = cursor or 0
        await self.send(type="watch", session_id=session_id, cursor=cursor)
        answer = await self.until("watching")
        self.cursors[session_id] = answer["cursor"]
        return answer

    async def closed(self) -> int | None:
        """Read to the end and return the close code."""
        async with asyncio.timeout(PATIENCE):
            while not self.socket.closed:
                await self.socket.receive()
        return self.socket.close_code

    async def close(self) -> None:
        await self.socket.close()
