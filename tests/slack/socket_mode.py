"""Socket Mode: connected clients, envelopes, acknowledgements, and sending again to another one."""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.slack.outbox import Parcel
from tests.slack.records import Json
from tests.slack.workspace import Workspace

MOST_CONNECTIONS = 10
MOST_TRIES = 3
TYPES = {
    "event": "events_api",
    "interaction": "interactive",
    "options": "interactive",
    "command": "slash_commands",
}


@dataclass(kw_only=True, eq=False, slots=True)
class Connection:
    """One connected client and the envelopes that it has not acknowledged."""

    id: str
    ws: web.WebSocketResponse
    pending: dict[str, asyncio.Future[Any]] = field(default_factory=dict)
    sent: list[Json] = field(default_factory=list)
    acked: list[str] = field(default_factory=list)
    leaving: bool = False


class Sockets:
    """All connected clients of the app."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.connections: list[Connection] = []
        self.changed = asyncio.Condition()
        self._tickets: set[str] = set()
        self._turn = 0

    @property
    def connected(self) -> int:
        """How many clients are connected."""
        return len(self.connections)

    async def wait_for(self, count: int) -> None:
        """Wait until this many clients are connected."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.connected == count)

    def issue_path(self) -> str:
        """Return the path and query of an address that connects once."""
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        return f"/link/?ticket={ticket}&app_id={self.workspace.app.id}"

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one client until it leaves."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            raise web.HTTPForbidden(text="invalid ticket")
        self._tickets.discard(ticket)
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        if self.connected >= MOST_CONNECTIONS:
            await ws.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await ws.close()
            return ws
        connection = Connection(id=secrets.token_hex(6), ws=ws)
        hello = {
            "type": "hello",
            "num_connections": self.connected + 1,
            "connection_info": {"app_id": self.workspace.app.id},
            "debug_info": {
                "host": connection.id,
                "build_number": 1,
                "approximate_connection_time": 3600,
            },
        }
        await ws.send_json(hello)
        await self._join(connection)
        try:
            async for message in ws:
                if message.type is WSMsgType.TEXT:
                    self._take(connection, message.data)
        finally:
            await self._leave(connection)
        return ws

    async def _join(self, connection: Connection) -> None:
        self.connections.append(connection)
        async with self.changed:
            self.changed.notify_all()

    async def _leave(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
        for future in connection.pending.values():
            if not future.done():
                future.set_exception(ConnectionResetError())
                future.exception()  # whoever waits will see it; nobody else has to
        async with self.changed:
            self.changed.notify_all()

    @staticmethod
    def _take(connection: Connection, text: str) -> None:
        try:
            ack = json.loads(text)
        except ValueError:
            return
        id_ = str(ack.get("envelope_id", "")) if isinstance(ack, dict) else ""
        future = connection.pending.pop(id_, None)
        if future is not None and not future.done():
            connection.acked.append(id_)
            future.set_result(ack.get("payload"))

    async def send(
        self, parcel: Parcel, patience: float, *, number: int = 0, reason: str = ""
    ) -> tuple[bool, Json | None]:
        """Send an envelope to one client; what it does not acknowledge goes to the next.

        Only events are sent again after a silence: a person who clicked is told at once.
        Returns whether it was acknowledged, and the answer that came with it.
        """
        for turn in range(MOST_TRIES):
            candidates = [c for c in self.connections if not c.leaving]
            if not candidates:
                return False, None
            self._turn += 1
            connection = candidates[self._turn % len(candidates)]
            try:
                answer = await self._deliver(connection, parcel, patience, number + turn, reason)
            except ConnectionResetError:
                reason = "connection_closed"
            except TimeoutError:
                reason = "timeout"
                if parcel.kind != "event":
                    return False, None
            else:
                return True, answer
        return False, None

    async def _deliver(
        self, connection: Connection, parcel: Parcel, patience: float, number: int, reason: str
    ) -> Json | None:
        id_ = secrets.token_hex(12)
        envelope: Json = {
            "envelope_id": id_,
            "type": TYPES[parcel.kind],
            "accepts_response_payload": parcel.kind != "event",
            "payload": parcel.body,
        }
        if parcel.kind == "event":
            envelope |= {"retry_attempt": number, "retry_reason": reason}
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        connection.pending[id_] = future
        connection.sent.append(envelope)
        try:
            await connection.ws.send_json(envelope)
            answer = await asyncio.wait_for(future, patience)
        finally:
            connection.pending.pop(id_, None)
        return answer if isinstance(answer, dict) else None

    async def disconnect(self, reason: str = "refresh_requested", index: int = 0) -> None:
        """Tell a client to leave, as Slack does before it closes a connection."""
        connection = self.connections[index]
        connection.leaving = True
        await connection.ws.send_json({"type": "disconnect", "reason": reason, "debug_info": {}})

    async def cut(self, index: int = 0) -> None:
        """Break a connection without a word."""
        connection = self.connections[index]
        connection.leaving = True
        await connection.ws.close(code=1001)

    async def close(self) -> None:
        """Close every connection."""
        for connection in list(self.connections):
            await connection.ws.close(code=1001)
