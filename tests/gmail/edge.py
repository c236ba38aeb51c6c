"""Between HTTP and what a method does: the record, ordered faults, and errors as JSON."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.gmail.calls import Call, Calls
from tests.gmail.clock import Clock
from tests.gmail.consent import OAuthError
from tests.gmail.errors import ApiError
from tests.gmail.faults import DONE_FIRST, SILENT, Fault, Faults, Order, error_of

Work = Callable[[], Any]
_HTML_502 = (
    "<!DOCTYPE html><html lang=en><title>Error 502 (Server Error)!!1</title>"
    "<p><b>502.</b> <ins>That’s an error.</ins><p>The server encountered a temporary error and "
    "could not complete your request.<p>Please try again in 30 seconds.</html>"
)


class Edge:
    """Runs the work of a call, or lets it go wrong as ordered."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.calls = Calls()
        self.faults = Faults()
        self.stopping = asyncio.Event()

    def begin(self, method: str, request: web.Request) -> Call:
        """Write down that a call came in."""
        query = {key: request.query.getall(key) for key in request.query}
        call = Call(method=method, at=self.clock.now(), path=dict(request.match_info), query=query)
        self.calls.all.append(call)
        return call

    async def answer(
        self, call: Call, request: web.Request, check: Callable[[], Awaitable[None]], work: Work
    ) -> web.StreamResponse:
        """Check, do the work, and answer with what it returns, as JSON; None is 204."""
        try:
            await check()
            order = self.faults.due(call.method, call.mailbox)
            if order is not None:
                call.fault = order.fault.value
                if order.fault in SILENT:
                    return await self._silent(order, call, request, work)
                raise error_of(order, self.clock.now())
            result = work()
        except ApiError as error:
            call.status = error.code
            return web.json_response(error.body, status=error.code, headers=error.headers)
        except OAuthError as error:
            call.status = error.code
            return web.json_response(error.body, status=error.code)
        call.status = 204 if result is None else 200
        return web.Response(status=204) if result is None else web.json_response(result)

    async def _silent(
        self, order: Order, call: Call, request: web.Request, work: Work
    ) -> web.StreamResponse:
        result = work() if order.fault in DONE_FIRST else None
        if order.fault is Fault.BAD_GATEWAY:
            call.status = 502
            return web.Response(status=502, text=_HTML_502, content_type="text/html")
        if order.fault in {Fault.HANG, Fault.HANG_AFTER}:
            await self.stopping.wait()
        transport = request.transport
        if transport is None:
            return web.Response()
        if order.fault is Fault.GARBLED:
            return await _cut_off(request, json.dumps(result).encode())
        if order.fault in {Fault.RESET, Fault.RESET_AFTER}:
            # Lingering for no time makes the close a reset, which a client sees as an error.
            peer = transport.get_extra_info("socket")
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        return web.Response()


async def _cut_off(request: web.Request, body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response
