"""One person's client: resends what was not acknowledged, and resumes its feeds by cursor."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

Frame = dict[str, Any]

TRY_AGAIN = {"unavailable", "outcome_unknown"}


@dataclass
class Act:
    """A frame that changes something, and what was said to it in the end."""

    frame: Frame
    outcome: Frame | None = None
    refusal: Frame | None = None
    sent: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def client_id(self) -> str:
        """Return the key under which it is known."""
        client_id: str = self.frame["client_id"]
        return client_id


@dataclass(eq=False)
class Talker:
    """A signed-in person; `urls` says which servers they may turn to just now."""

    name: str
    token: str
    urls: Callable[[], Sequence[str]]
    random: random.Random
    heartbeat: float | None = None
    on_send: Callable[[], None] = lambda: None
    acts: dict[str, Act] = field(default_factory=dict)
    pending: dict[str, Act] = field(default_factory=dict)
    cursors: dict[str, int] = field(default_factory=dict)
    messages: dict[str, dict[int, Frame]] = field(default_factory=dict)
    questions: dict[str, Frame] = field(default_factory=dict)
    sessions: dict[str, Frame] = field(default_factory=dict)
    watched: dict[str, asyncio.Event] = field(default_factory=dict)
    unavailable: int = 0
    connections: int = 0
    close_codes: list[int | None] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    person_id: str = ""
    socket: aiohttp.ClientWebSocketResponse | None = None
    stopped: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)
    _retries: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Stay connected until `stopped`; whatever breaks, come back."""
        pause = 0.02
        async with aiohttp.ClientSession() as http:
            while not self.stopped:
                reached = False
                with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                    reached = await self._converse(http)
                self.socket = None
                # Full jitter: a crowd that comes back in step would knock the server over.
                pause = 0.02 if reached else min(pause * 2, 0.4)
                await asyncio.sleep(self.random.uniform(0, pause))
        for retry in self._retries:
            retry.cancel()

    async def act(self, frame: Frame) -> Act:
        """Send a frame with a `client_id` of its own; it is sent until it is answered."""
        act = self.acts[frame["client_id"]] = self.pending[frame["client_id"]] = Act(frame)
        await self._send_act(act)
        return act

    async def say(self, **frame: Any) -> Act:
        """Send a frame and wait until it was acknowledged or refused."""
        act = await self.act(frame)
        await act.done.wait()
        return act

    async def watch(self, session_id: str) -> None:
        """Follow a session from its first entry, or from where it was left."""
        self.watched.setdefault(session_id, asyncio.Event()).clear()
        await self._send(self._watch_frame(session_id))

    async def unwatch(self, session_id: str) -> None:
        """Follow it no more."""
        self.watched.pop(session_id, None)
        await self._send({"type": "unwatch", "session_id": session_id})

    async def catch_up(self, session_id: str) -> None:
        """Return once everything of a session that is stored now has arrived."""
        await self.watch(session_id)
        await self.watched[session_id].wait()

    async def until(self, holds: Callable[[], bool], patience: float = 30) -> None:
        """Wait until something that arrived makes `holds` true."""
        async with asyncio.timeout(patience):
            while not holds():
                self.news.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.news.wait(), 1)

    def break_off(self) -> None:
        """Lose the connection, as in a tunnel."""
        if self.socket is not None and self.socket._conn is not None:
            transport = self.socket._conn.transport
            if transport is not None:
                transport.abort()

    async def _converse(self, http: aiohttp.ClientSession) -> bool:
        urls = self.urls()
        if not urls:
            return False
        url = self.random.choice(urls)
        async with http.ws_connect(
            f"{url}/ws", heartbeat=self.heartbeat, max_msg_size=0, compress=0
        ) as socket:
            hello = {"type": "auth", "token": self.token, "cursor": self.cursors.get("me", 0)}
            await socket.send_str(json.dumps(hello))
            ready = False
            try:
                async for message in socket:
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        break
                    frame = json.loads(message.data)
                    if frame["type"] == "ready":
                        ready = True
                        self.connections += 1
                        self.person_id = frame["person"]["id"]
                        await self._resume(socket)
                    self._take(frame)
            finally:
                self.close_codes.append(socket.close_code)
        return ready

    async def _resume(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        for session_id in list(self.watched):
            await self._send(self._watch_frame(session_id))
        for act in list(self.pending.values()):
            await self._send_act(act)

    def _watch_frame(self, session_id: str) -> Frame:
        cursor = self.cursors.get(session_id, 0)
        return {"type": "watch", "session_id": session_id, "cursor": cursor}

    async def _send_act(self, act: Act) -> None:
        act.sent += 1
        await self._send(act.frame)
        self.on_send()

    async def _send(self, frame: Frame) -> None:
        if self.socket is not None:
            with contextlib.suppress(aiohttp.ClientError, ConnectionError, OSError):
                await self.socket.send_str(json.dumps(frame))

    def _take(self, frame: Frame) -> None:
        match frame["type"]:
            case "ack":
                self._acknowledged(frame)
            case "error":
                self._refused(frame)
            case "event":
                self._happened(frame)
            case "watching":
                session_id = frame["session"]["id"]
                self._advance(session_id, frame["cursor"], at_least=True)
                if session_id in self.watched:
                    self.watched[session_id].set()
        self.news.set()

    def _acknowledged(self, frame: Frame) -> None:
        act = self.acts[frame["client_id"]]
        outcome = frame["outcome"]
        if act.outcome is not None:
            same = {**outcome, "replayed": None} == {**act.outcome, "replayed": None}
            if not same:
                self.violations.append(f"{act.client_id} was acknowledged differently: {outcome}")
        act.outcome = outcome
        self.pending.pop(act.client_id, None)
        act.done.set()

    def _refused(self, frame: Frame) -> None:
        error = frame["error"]
        act = self.acts.get(frame.get("client_id") or "")
        if error["code"] in TRY_AGAIN:
            self.unavailable += 1
            if not error["message"].endswith("."):
                self.violations.append(f"{self.name}: no sentence: {error}")
            retry = asyncio.create_task(self._again(act), name=f"{self.name} again")
            self._retries.add(retry)
            retry.add_done_callback(self._retries.discard)
        elif act is None or error["code"] in ("internal", "rate_limited", "error"):
            self.violations.append(f"{self.name} was told {error}")
        elif act.outcome is None:
            act.refusal = error
            self.pending.pop(act.client_id, None)
            act.done.set()
        else:
            self.violations.append(f"{act.client_id} was acknowledged, then refused: {error}")

    async def _again(self, act: Act | None) -> None:
        await asyncio.sleep(self.random.uniform(0.1, 0.4))
        if act is None:
            self.break_off()  # a feed could not be followed: begin anew from the cursors
        elif act.client_id in self.pending:
            await self._send_act(act)

    def _happened(self, frame: Frame) -> None:
        feed, event = frame["feed"], frame["event"]
        if not self._advance(feed, frame["cursor"]):
            return
        match event["kind"]:
            case "message":
                self._heard(event["message"])
            case "question":
                question = event["question"]
                known = self.questions.get(question["id"])
                if known is None or question["version"] >= known["version"]:
                    self.questions[question["id"]] = question
            case "session":
                self.sessions[event["session"]["id"]] = event["session"]

    def _advance(self, feed: str, cursor: int, *, at_least: bool = False) -> bool:
        known = self.cursors.get(feed, 0)
        if cursor < known or (cursor == known and not at_least):
            self.violations.append(f"{self.name}: feed {feed} went from {known} to {cursor}")
            return False
        self.cursors[feed] = cursor
        return True

    def _heard(self, message: Frame) -> None:
        kept = self.messages.setdefault(message["session_id"], {})
        expected = max(kept, default=0) + 1
        if message["seq"] != expected:
            self.violations.append(
                f"{self.name}: {message['session_id']} gave {message['seq']} instead of {expected}"
            )
        kept[message["seq"]] = message
