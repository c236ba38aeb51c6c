"""A real HTTP server on loopback that speaks three providers' protocols and follows a script."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from tests import model_dialects


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
    retry_after: str | None = None

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


def fails(status: int, *, retry_after: str | None = None) -> Scripted:
    """Refuse with an HTTP status."""
    return Scripted(status=status, retry_after=retry_after)


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
        app.router.add_post("/v1/messages", self._complete)
        app.router.add_post("/v1beta/models/{call}", self._complete)
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
    def root(self) -> str:
        """Return the address without a version."""
        return self.url.removesuffix("/v1")

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
                {"error": {"message": "scripted", "type": "scripted"}},
                status=reply.status,
                headers={"Retry-After": reply.retry_after} if reply.retry_after else None,
            )
        if body.get("stream") or "contents" in body:
            return await self._stream(request, reply)
        return web.json_response(_whole(reply))

    async def _stream(self, request: web.Request, reply: Scripted) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        try:
            await response.prepare(request)
            for n, event in enumerate(_dialect(request.path)(reply.pieces, reply.finish)):
                if n and n < len(reply.pieces) and reply.pause:
                    await self._wait(reply.pause)
                await response.write(event)
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


def _dialect(path: str) -> Callable[[Sequence[str], str | None], model_dialects.Events]:
    if path.startswith("/v1beta/"):
        return model_dialects.google
    return model_dialects.anthropic if path == "/v1/messages" else model_dialects.openai


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
