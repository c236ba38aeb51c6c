"""A server that approved requests go to: it records what arrives and answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """One request as the server saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Target:
    """A local server; `answers` are given in turn, and "fine" once they are used up."""

    port: int = 0
    arrived: list[Arrived] = field(default_factory=list)
    answers: list[Answering | web.Response] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        """Return how the operator lists it."""
        return f"internal!http://127.0.0.1:{self.port}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.arrived.append(
            Arrived(
                method=request.method,
                path=request.path_qs,
                headers=headers,
                body=await request.read(),
            )
        )
        self.begun.set()
        answer = self.answers.pop(0) if self.answers else web.Response(text="fine")
        return answer if isinstance(answer, web.Response) else await answer(request)


@asynccontextmanager
async def a_target() -> AsyncIterator[Target]:
    target = Target()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", target.handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server(shutdown_timeout=0.1)
    try:
        target.port = server.port or 0
        yield target
    finally:
        await server.close()


async def hang(request: web.Request) -> web.StreamResponse:
    """Never answer."""
    await asyncio.sleep(60)
    return web.Response()


async def hang_up(request: web.Request) -> web.StreamResponse:
    """Take the request and close the connection."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def drip(request: web.Request) -> web.StreamResponse:
    """Answer, and then send a byte now and then, without end."""
    response = web.StreamResponse(headers={"content-type": "text/plain"})
    await response.prepare(request)
    while True:
        await response.write(b".")
        await asyncio.sleep(0.1)


async def flood(request: web.Request) -> web.StreamResponse:
    """Answer with megabytes."""
    response = web.StreamResponse(headers={"content-type": "text/plain"})
    await response.prepare(request)
    for _ in range(1_000):
        await response.write(b"x" * 65_536)
    return response
