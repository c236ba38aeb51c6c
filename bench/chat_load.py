"""The sockets of `bench.chat`: they sign in, and each says something as soon as it is answered."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.chat_server import answer_to
from bench.thin_socket import ThinSocket

KNOCKING = 40
"""Sockets that are let in at once: a server keeps 50 of one address waiting in its doorway."""
BEGINNING = 0.5
"""Seconds over which the sockets begin to talk: a thousand people do not press a key at once."""
PATIENCE = 60.0


@dataclass(kw_only=True)
class Crowd:
    """Sockets of one server, and what they have to show for themselves."""

    port: int
    people: Sequence[tuple[str, str]] = ()
    """Access token and session of each; none for an echo."""
    sockets: list[Talker] = field(default_factory=list)
    turns: int = 0
    """Done since the beginning; of an echo: frames that came back."""
    until: float = 0.0
    said: list[tuple[str, str]] = field(default_factory=list)
    """Session and text of every turn that was acknowledged and answered."""
    previews: int = 0
    wrong: int = 0
    _busy: int = 0
    _all_done: asyncio.Event = field(default_factory=asyncio.Event)

    async def enter(self, number: int) -> None:
        """Have so many sockets open and signed in, each by its first frame."""
        waiting = iter(range(len(self.sockets), number))

        async def enter_some() -> None:
            for index in waiting:
                person = self.people[index] if self.people else None
                talker = Talker(self, index, person)
                await talker.enter()
                self.sockets.append(talker)

        await asyncio.gather(*(enter_some() for _ in range(KNOCKING)))

    async def talk(self, seconds: float) -> float:
        """Let every socket talk for so long; return turns a second, once all have begun."""
        loop = asyncio.get_running_loop()
        self.until = time.perf_counter() + BEGINNING + seconds
        self._busy = len(self.sockets)
        self._all_done.clear()
        for number, talker in enumerate(self.sockets):
            loop.call_later(BEGINNING * number / len(self.sockets), talker.speak)
        await asyncio.sleep(BEGINNING)
        start, turns = time.perf_counter(), self.turns
        await asyncio.sleep(self.until - start)
        rate = (self.turns - turns) / (time.perf_counter() - start)
        async with asyncio.timeout(PATIENCE):
            await self._all_done.wait()
        return rate

    async def leave(self) -> None:
        """Close every socket."""
        for talker in self.sockets:
            talker.leave()
        await asyncio.sleep(0.2)

    def rested(self) -> None:
        """Count a socket that has stopped talking."""
        self._busy -= 1
        if not self._busy:
            self._all_done.set()


class Talker:
    """One socket: an echo's, or one person's who says things in one session."""

    def __init__(self, crowd: Crowd, index: int, person: tuple[str, str] | None) -> None:
        self._crowd = crowd
        self._index = index
        self._token, self._session = person or ("", "")
        self._number = 0
        self._text = ""
        self._answer = b""
        self._acked = self._answered = False
        self._entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def enter(self) -> None:
        """Connect; sign in and watch the session, where there is one."""
        self._socket = await ThinSocket.open(
            self._crowd.port, self._heard if self._session else self._echoed
        )
        if not self._session:
            return
        self._socket.send(json.dumps({"type": "auth", "token": self._token}).encode())
        async with asyncio.timeout(PATIENCE):
            await self._entered

    def leave(self) -> None:
        """Hang up."""
        self._socket.close()

    def speak(self) -> None:
        """Say the next thing, or stop when the time is up."""
        if time.perf_counter() >= self._crowd.until or self._socket.closed:
            self._crowd.wrong += self._socket.closed
            self._crowd.rested()
            return
        self._number += 1
        self._text = f"Turn {self._number} of socket {self._index}"
        frame = {
            "type": "message",
            "client_id": f"c{self._number}",
            "session_id": self._session,
            "text": self._text,
        }
        self._answer = json.dumps(answer_to(self._text)).encode()
        self._acked = self._answered = False
        self._socket.send(json.dumps(frame, separators=(",", ":")).encode())

    def _echoed(self, text: bytes) -> None:
        self._crowd.wrong += self._text.encode() not in text
        self._crowd.turns += 1
        self.speak()

    def _heard(self, text: bytes) -> None:
        if text.startswith(b'{"type":"event"'):
            if b'"role":"agent"' in text and self._answer in text:
                self._answered = True
                self._step()
        elif text.startswith(b'{"type":"preview"'):
            self._crowd.previews += 1
        elif text.startswith(b'{"type":"ack"'):
            self._acked = True
            self._step()
        elif text.startswith(b'{"type":"ready"'):
            watch = {"type": "watch", "session_id": self._session}
            self._socket.send(json.dumps(watch).encode())
        elif text.startswith(b'{"type":"watching"'):
            self._entered.set_result(None)
        elif text.startswith(b'{"type":"error"'):
            self._crowd.wrong += 1
            self._crowd.rested()

    def _step(self) -> None:
        if self._acked and self._answered:
            self._acked = False
            self._crowd.turns += 1
            self._crowd.said.append((self._session, self._text))
            self.speak()
