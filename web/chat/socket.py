"""`GET /ws`: one socket from its handshake to its close; `web.app` adds `serve` to its router."""

from __future__ import annotations

import asyncio

import structlog
from aiohttp import WSMsgType, web
from aiohttp.abc import AbstractStreamWriter

from bot.domain.errors import HandraiseError, NotAllowed, Unauthenticated
from web.auth.principal import authenticate
from web.chat import protocol
from web.chat.connection import Connection
from web.chat.doorway import DOORWAY
from web.chat.hub import TOO_SLOW
from web.chat.origin import is_allowed
from web.chat.protocol import Auth, ProtocolError, decode
from web.keys import HUB, SETTINGS

AUTH_SECONDS = 5.0
CLOSE_SECONDS = 3.0

_NOT_AUTH = 4400
_NO_ACCESS = 4401
_FOREIGN_ORIGIN = 4403
_BROKEN = 1011
_TRY_LATER = 1013
_TOO_MANY = 4429

log = structlog.stdlib.get_logger(__name__)


async def serve(request: web.Request) -> web.StreamResponse:
    """Upgrade, sign in by the first frame, and serve the socket until it closes."""
    socket = web.WebSocketResponse(
        autoping=False,  # the connection's own, since a timer for each socket is a lot of memory
        # aiohttp refuses a frame that is as long as its limit.
        max_msg_size=protocol.MAX_FRAME + 1,
        compress=False,
        timeout=CLOSE_SECONDS,
        decode_text=False,
    )
    writer = await socket.prepare(request)
    socket.headers.clear()  # they are sent, and would be kept for as long as the socket
    settings = request.app[SETTINGS]
    origin = request.headers.get("Origin")
    if not is_allowed(origin, request.host, settings.public_url, settings.cors_origins):
        await socket.close(code=_FOREIGN_ORIGIN, message=b"origin_not_allowed")
        return socket
    with request.app[DOORWAY].place(request.remote) as has_room:
        if not has_room:
            await socket.close(code=_TRY_LATER, message=b"too_many_sockets")
            return socket
        connection = await _sign_in(request, socket, writer)
    if isinstance(connection, Connection):
        if request.app[HUB].is_full(connection.person_id):
            await socket.close(code=_TOO_MANY, message=b"too_many_sockets")
            return socket
        await connection.run()
    return socket


async def _sign_in(
    request: web.Request, socket: web.WebSocketResponse[bool], writer: AbstractStreamWriter
) -> Connection | None:
    """Return the connection of whom the first frame names; None when the socket was closed."""
    try:
        async with asyncio.timeout(AUTH_SECONDS):
            message = await socket.receive()
            while message.type in (WSMsgType.PING, WSMsgType.PONG):
                if message.type is WSMsgType.PING:
                    await socket.pong(message.data)
                message = await socket.receive()
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED):
                return None
            if message.type is not WSMsgType.TEXT:
                raise ProtocolError("Frames are text.")
            frame = decode(message.data)
            if not isinstance(frame, Auth):
                raise ProtocolError("The first frame must be `auth`.")
            principal = await authenticate(request.app, frame.token)
    except TimeoutError:
        await socket.close(code=TOO_SLOW, message=b"auth_timeout")
    except ProtocolError as refused:
        await socket.close(code=_NOT_AUTH, message=refused.code.encode())
    except (Unauthenticated, NotAllowed) as refused:
        await socket.close(code=_NO_ACCESS, message=refused.code.encode())
    except HandraiseError as refused:
        await socket.close(code=_TRY_LATER, message=refused.code.encode())
    except Exception:
        # Past the handshake there is no more HTTP: aiohttp would write its 500 among the frames.
        log.exception("socket_broken")
        await socket.close(code=_BROKEN, message=b"internal")
    else:
        return Connection(request, socket, writer, principal, frame.cursor)
    return None
