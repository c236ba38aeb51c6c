"""The connection itself: what is no HTTP is refused in our shape, who is too slow is dropped."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.typedefs import Handler
from aiohttp.web_protocol import RequestHandler
from aiohttp.web_request import BaseRequest

from web.api.faults import Malformed, answer_refused
from web.headers import NOTHING

HEAD_SECONDS = 10.0
"""For the head of a request, from its first byte, or from the connection's beginning."""
BODY_SECONDS = 40.0
"""For a request's body, from the end of its head; an endpoint that reads it says 408 before."""
IDLE_SECONDS = 75.0
"""Between two requests of one connection."""
MAX_HEADER = 8 * 1024
"""Bytes of the request line, and of one header."""
MAX_HEADERS = 64
_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


@web.middleware
async def expect_host(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a request that does not say, in one header, which host it is for (RFC 9112, 3.2)."""
    hosts = request.headers.getall("Host", ())
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
        raise Malformed("Send one Host header with the name of this server.")
    return await handler(request)


class FrontDoor(web.AppRunner):
    """Runs the application behind connections that are a `Reception`."""

    __slots__ = ()

    def __init__(self, app: web.Application, **settings: Any) -> None:
        settings.setdefault("access_log", None)
        super().__init__(
            app,
            keepalive_timeout=IDLE_SECONDS,
            max_line_size=MAX_HEADER,
            max_field_size=MAX_HEADER,
            max_headers=MAX_HEADERS,
            auto_decompress=False,  # no endpoint takes a packed body, and none is a bomb then
            **settings,
        )

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Receptions(
            made.request_handler,
            request_factory=made.request_factory,
            loop=made._loop,  # noqa: SLF001 - aiohttp has no other way to a protocol of one's own
            **made._kwargs,  # noqa: SLF001
        )


class _Receptions(web.Server):
    def __call__(self) -> RequestHandler:
        return Reception(self, loop=self._loop, **self._kwargs)


class Reception(RequestHandler):
    """aiohttp's side of one connection, with a time for each head and each body."""

    __slots__ = ("_body_timer", "_head_timer")

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._head_timer: asyncio.TimerHandle | None = None
        self._body_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._head_timer = self._loop.call_later(HEAD_SECONDS, self._drop)

    def data_received(self, data: bytes) -> None:
        """Take bytes; those that complete no head keep its time running."""
        waiting = len(self._messages)
        super().data_received(data)
        if self._upgraded or self._force_close:
            self._calm()
        elif len(self._messages) > waiting:
            self._calm()
            payload = self._messages[-1][1]
            if not payload.is_eof():
                self._body_timer = self._loop.call_later(BODY_SECONDS, self._cut, payload)
        elif data and self._head_timer is None and not self._is_busy:
            self._head_timer = self._loop.call_later(HEAD_SECONDS, self._drop)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the times."""
        self._calm()
        super().connection_lost(exc)

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - the parser's own, which quotes what it read
    ) -> web.StreamResponse:
        """Answer what aiohttp itself refuses, such as a header that is too long."""
        if request.writer.output_size > 0:
            raise ConnectionError("a part of another answer is sent already")
        if status >= 500:
            self.log_exception("Error handling request", exc_info=exc)
        response = answer_refused(431 if isinstance(exc, LineTooLong) else status)
        response.headers["Content-Security-Policy"] = NOTHING
        response.headers["Server"] = "Handraise"  # else aiohttp tells its version and Python's
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.force_close()
        return response

    @property
    def _is_busy(self) -> bool:
        """Tell whether a request is being answered, or waits for it: its time is not a head's."""
        return bool(self._messages) or self._current_request is not None

    def _calm(self) -> None:
        for timer in (self._head_timer, self._body_timer):
            if timer is not None:
                timer.cancel()
        self._head_timer = self._body_timer = None

    def _drop(self) -> None:
        """End a connection on which no head came in time."""
        self._head_timer = None
        if not self._is_busy:
            self._abort()

    def _cut(self, payload: Any) -> None:
        """End a connection on which a body did not end in time."""
        self._body_timer = None
        if not payload.is_eof():
            self._abort()

    def _abort(self) -> None:
        transport = self.transport
        self.force_close()
        if isinstance(transport, asyncio.Transport):
            transport.abort()
