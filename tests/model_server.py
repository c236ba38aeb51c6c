"""A real HTTP server on loopback that speaks OpenAI's chat completions and says what it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web


@dataclass(frozen=True, kw_only=True, slots=True)
class Scripted:
    """One reply: `pieces` are sent as chunks, with `pause` seconds before each but the first.

    With `finish` None the stream ends without a last word, as a broken connection would.
    """

    pieces: tuple[str, ...] = ("",)
    finish: str | None = "stop"
    status: int = 200
    pause: float = 0.0
    hang: float = 0.0

    @property
    def text(self) -> str:
        """Return the whole text."""
        return "".join(self.pieces)


def says(text: str, *, finish: str | None = "stop") -> Scripted:
    """Answer with `text` at once."""
    return Scripted(pieces=(text,), finish=finish)


def plans(*steps: dict[str, Any]) -> Scripted:
    """Answer with a well-formed list of steps."""
    return says(json.dumps({"steps": list(steps)}))


def trickles(*pieces: str, pause: float = 0.05, finish: str | None = "stop") -> Scripted:
    """Stream `pieces` slowly."""
    return Scripted(pieces=pieces, pause=pause, finish=finish)


def fails(status: int) -> Scripted:
    """Refuse with an HTTP status."""
    return Scripted(status=status)


def hangs(seconds: float = 30.0) -> Scripted:
    """Accept the request, then say nothing for `seconds`."""
    return Scripted(hang=seconds)


class ModelServer:
    """Replies with its script in order, the last one again and again; keeps every request body."""

    def __init__(self, *script: Scripted) -> None:
        self.script: list[Scripted] = list(script)
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.asked = asyncio.Event()
        self.url = ""
        self._stopping = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._complete)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/v1"
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._stopping.set()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def prompts(self) -> Sequence[str]:
        """Return the text of each request's messages, joined."""
        return [_prompt(body) for body in self.requests]

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(body)
        self.asked.set()
        self.headers.append(dict(request.headers))
        turn = min(len(self.requests), len(self.script)) - 1
        reply = self.script[turn] if turn >= 0 else fails(503)
        if reply.hang:
            await self._wait(reply.hang)
        if reply.status != 200:
            return web.json_response(
                {"error": {"message": "scripted", "type": "scripted"}}, status=reply.status
            )
        if body.get("stream"):
            return await self._stream(request, reply)
        return web.json_response(_whole(reply))

    async def _stream(self, request: web.Request, reply: Scripted) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        try:
            await response.prepare(request)
            for n, piece in enumerate(reply.pieces):
                if n and reply.pause:
                    await self._wait(reply.pause)
                await _send(response, {"delta": {"content": piece}, "finish_reason": None})
            if reply.finish is not None:
                await _send(response, {"delta": {}, "finish_reason": reply.finish})
                await response.write(b"data: [DONE]\n\n")
        except ConnectionError:
            return response  # the client went away, which some tests want
        await response.write_eof()
        return response

    async def _wait(self, seconds: float) -> None:
        """Sleep, but not beyond the server's own end."""
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


async def _send(response: web.StreamResponse, choice: dict[str, Any]) -> None:
    chunk = {
        "id": "scripted",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "scripted",
        "choices": [{"index": 0, **choice}],
    }
    await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")


def _whole(reply: Scripted) -> dict[str, Any]:
    return {
        "id": "scripted",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "scripted",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": reply.text},
                "finish_reason": reply.finish,
            }
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


def _prompt(body: dict[str, Any]) -> str:
    parts: list[str] = []
    for message in body.get("messages", []):
        content = message["content"]
        if isinstance(content, str):
            parts.append(content)
        else:
            parts.extend(part.get("text", "") for part in content)
    return "\n".join(parts)
