"""One signed-in socket: takes its frames one at a time, and writes what the hub hands it.

There may be thousands that say nothing: while one is idle, it is one task that waits.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import structlog
from aiohttp import WSMsgType, web
from aiohttp.abc import AbstractStreamWriter

from bot.domain.commands import CHAT, Actor
from bot.domain.errors import Conflict, HandraiseError, NotAllowed
from bot.domain.instants import Micros
from bot.service.ports.store import Transaction
from web.api import models
from web.api.endpoint import external_key
from web.auth.principal import Principal, authenticate
from web.chat import frames
from web.chat.acts import command_of
from web.chat.feed import CursorUnknown, Feed, Page, locate, read_page
from web.chat.hub import AWAY, EXPIRED, TOO_SLOW
from web.chat.outbox import Outbox, SlowReader
from web.chat.protocol import (
    Act,
    Auth,
    ClientFrame,
    Ping,
    ProtocolError,
    Renew,
    Seen,
    Unwatch,
    Visible,
    Watch,
    decode,
)
from web.chat.wire import packed
from web.keys import CLOCK, HUB, INTAKE, STORE
from web.views.sessions import session_of, show_session

MAX_WATCHED = 20
SILENT_TICKS, ANSWER_TICKS = 20, 20
"""Seconds of silence after which a sign of life is asked for, and how long one is waited for: for
so long, since none comes in the middle of a large frame over a slow line.
"""
_NOT_COUNTED = -(2**30)
"""While something is done for it, nobody listens for its signs of life."""
_CLOSE_SECONDS = 5.0

log = structlog.stdlib.get_logger(__name__)


class Connection:
    """A socket and who is behind it; the hub knows it as a `Subscriber`."""

    __slots__ = (
        "_app",
        "_clock",
        "_cursor",
        "_hub",
        "_leaving",
        "_outbox",
        "_principal",
        "_reader",
        "_request",
        "_silent",
        "_socket",
        "_store",
        "_writer",
        "visible",
    )

    def __init__(
        self,
        request: web.Request,
        socket: web.WebSocketResponse[bool],
        writer: AbstractStreamWriter,
        principal: Principal,
        cursor: int | None,
    ) -> None:
        """`writer` is what `socket` gave when it was prepared."""
        self._request = request
        self._socket = socket
        self._writer = writer
        self._principal = principal
        self._cursor = cursor
        self._app = request.app
        self._store = self._app[STORE]
        self._clock = self._app[CLOCK]
        self._hub = self._app[HUB]
        self._outbox = Outbox(self)
        self._reader: asyncio.Task[Any] | None = None
        self._leaving: tuple[int, str] | None = None
        self._silent = _NOT_COUNTED
        self.visible = True

    @property
    def person_id(self) -> str:
        """Return whose socket it is."""
        return self._principal.person_id

    @property
    def family_id(self) -> str:
        """Return the sign-in that its token came of."""
        return self._principal.family_id

    @property
    def expires_at(self) -> Micros:
        """Return when its token ends."""
        return self._principal.expires_at

    @property
    def lags(self) -> bool:
        """Tell whether what can be spared should not be sent now."""
        return self._outbox.half_full

    def offer(self, frame: bytes) -> bool:
        """Queue a frame, or leave because the reader is too slow."""
        if self._outbox.offer(frame):
            return True
        self.leave(TOO_SLOW, "too_slow")
        return False

    def leave(self, code: int, reason: str) -> None:
        """Close soon; only the first call counts."""
        if self._leaving is None:
            self._leaving = (code, reason)
            if self._reader is not None and self._reader is not asyncio.current_task():
                self._reader.cancel()

    def tick(self) -> None:
        """Ask who has been silent for a sign of life, and hang up on who gives none.

        Called once a second. Ticks are counted and not seconds, so that a server which was itself
        stopped for a while does not hold that against anybody.
        """
        self._silent += 1
        if self._silent == SILENT_TICKS:
            self._outbox.offer(b"")  # which `packed` makes a ping
        elif self._silent >= SILENT_TICKS + ANSWER_TICKS:
            self._hang_up()

    async def run(self) -> None:
        """Serve the socket until either side leaves; every task it started has ended then."""
        task = self._reader = asyncio.current_task()
        self._hub.join(self)
        try:
            await self._converse()
        except asyncio.CancelledError:
            # Ours, of `leave`; or the server's, which ends what is still open when it stops.
            if self._leaving is None or task is None or task.uncancel():
                raise
        except SlowReader:
            self._leaving = self._leaving or (TOO_SLOW, "too_slow")
        except ConnectionError:
            pass
        except Exception:
            log.exception("socket_broken")
        finally:
            self._reader = None
            self.visible = False
            try:
                await self._outbox.close()
                await self._close()
            finally:
                # Last, since a hub that closes waits for the sockets to have said goodbye.
                self._hub.drop(self)

    async def send(self, frames: Sequence[bytes]) -> None:
        """Write frames to the socket; for the outbox."""
        transport = self._request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError
        transport.write(packed(frames))
        await self._writer.drain()

    def broke(self, error: Exception) -> None:
        """Leave, since nothing can be sent any more; for the outbox."""
        if not isinstance(error, ConnectionError):
            log.error("socket_broken", exc_info=error)
        self.leave(1000, "")

    async def _close(self) -> None:
        if self._socket.closed:
            return
        code, reason = self._leaving or (1000, "")
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._socket.close(code=code, message=reason.encode())
        if code == TOO_SLOW:
            self._hang_up()  # what it does not read would otherwise be kept for it

    def _hang_up(self) -> None:
        transport = self._request.transport
        if transport is not None:
            transport.abort()

    async def _converse(self) -> None:
        """Greet, replay the personal feed, then take frames in order until the socket closes."""
        await self._greet()
        self._silent = 0
        while self._leaving is None:
            message = await self._socket.receive()
            self._silent = _NOT_COUNTED
            kind, data = message.type, message.data
            del message
            if kind is WSMsgType.TEXT:
                answer = await self._answer(data)
            elif kind is WSMsgType.BINARY:
                answer = frames.error(ProtocolError("Frames are text."))
            elif kind is WSMsgType.PING:
                await self._socket.pong(data)
                answer = None
            elif kind is WSMsgType.PONG:
                answer = None
            else:
                return
            if answer is not None:
                await self._outbox.put(answer)
            del answer, data
            self._silent = 0

    async def _greet(self) -> None:
        feed = Feed(id=self.person_id, personal=True)
        refused: CursorUnknown | None = None
        try:
            cursor = await self._locate(feed, self._cursor)
        except CursorUnknown as unknown:
            refused = unknown
            cursor = await self._locate(feed, None)
        who = self._principal
        await self._outbox.put(frames.ready(who.person_id, who.username, cursor, who.expires_at))
        if refused is not None:
            await self._outbox.put(frames.error(refused))
        await self._catch_up(feed, cursor)

    async def _answer(self, data: bytes | str) -> bytes | None:
        """Do what a frame asks; whatever is wrong becomes an error frame, and the socket stays."""
        client_id = None
        try:
            frame = decode(data)
            client_id = frame.client_id if isinstance(frame, Act) else None
            if self._clock.now() >= self.expires_at:
                self.leave(EXPIRED, "token_expired")
                return None
            return await self._do(frame)
        except ProtocolError as refused:
            return frames.error(refused, refused.client_id)
        except HandraiseError as refused:
            return frames.error(refused, client_id)
        except SlowReader:
            raise
        except Exception:
            log.exception("frame_broken")
            return frames.broken(client_id)

    async def _do(self, frame: ClientFrame) -> bytes | None:
        match frame:
            case Ping():
                return frames.PONG
            case Watch():
                await self._watch(frame)
                return None
            case Unwatch():
                self._hub.unfollow(self, frame.session_id)
                return None
            case Visible():
                self.visible = frame.visible
                return None
            case Renew():
                return await self._renew(frame)
            case Auth():
                raise Conflict("This socket is signed in: send `renew`.", code="signed_in")
            case Seen():
                key = external_key(self._principal, f"seen:{frame.request_id}:{frame.version}")
                await self._app[INTAKE].submit(command_of(frame, await self._actor(), key))
                return None
            case _:
                key = external_key(self._principal, frame.client_id)
                command = command_of(frame, await self._actor(), key)
                return frames.ack(frame.client_id, await self._app[INTAKE].submit(command))

    async def _actor(self) -> Actor:
        verified = self._principal.verified
        if not verified:
            # It may have been verified since this socket signed in.
            verified = await self._store.read(_is_verified, self._principal.account_id)
        return Actor(person_id=self.person_id, channel=CHAT, verified=verified)

    async def _renew(self, frame: Renew) -> bytes:
        principal = await authenticate(self._app, frame.token)
        if principal.account_id != self._principal.account_id:
            raise NotAllowed("This token is another account's: open a socket of its own for it.")
        self._principal = principal
        self._hub.recheck(self)
        return frames.renewed(principal.expires_at)

    async def _watch(self, frame: Watch) -> None:
        feed = Feed(id=frame.session_id)
        watched = self._hub.followed(self) - {self.person_id}
        if feed.id not in watched and len(watched) >= MAX_WATCHED:
            raise Conflict(
                f"This socket watches {MAX_WATCHED} sessions: send `unwatch` for one first.",
                code="too_many_watched",
            )
        cursor = await self._locate(feed, frame.cursor)
        self._hub.unfollow(self, feed.id)
        await self._catch_up(feed, cursor)

    async def _locate(self, feed: Feed, cursor: int | None) -> int:
        found: int = await self._store.read(locate, feed, self.person_id, cursor)
        return found

    async def _catch_up(self, feed: Feed, cursor: int) -> None:
        """Send what came after `cursor` at the reader's pace, and follow from there.

        Replayed here and not by the hub, so that one who is far behind holds nobody up. Nothing
        is missed in between: the hub reads on from the very cursor that was reached.
        """
        while True:
            page: Page = await self._store.read(
                read_page, feed, cursor, [self.person_id], self._clock.now()
            )
            for item in page.items.get(self.person_id, ()):
                await self._outbox.put(item.frame)
            cursor = page.last
            if page.ended:
                self.leave(AWAY, "merged")
                return
            if not page.more:
                break
        if not feed.personal:
            session: models.Session = await self._store.read(
                _shown, feed.id, self.person_id, self._clock.now()
            )
            await self._outbox.put(frames.watching(session, cursor))
        self._hub.follow(self, feed, cursor)


def _is_verified(tx: Transaction, account_id: str) -> bool:
    account = tx.accounts.get(account_id)
    return account is not None and account.verified_at is not None


def _shown(tx: Transaction, session_id: str, viewer_id: str, now: Micros) -> models.Session:
    session, _ = session_of(tx, session_id, viewer_id)
    return show_session(tx, session, viewer_id, now)
