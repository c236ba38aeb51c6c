"""What waits to be written to one socket: bounded, in order; knows nothing of frames' meaning."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Protocol

MAX_FRAMES = 256
MAX_BYTES = 1024 * 1024
AT_ONCE = 64 * 1024
"""Bytes that are written together; more where one frame is larger."""
_PATIENCE = 30.0
"""Seconds that a writer of replays waits for room."""


class SlowReader(Exception):
    """The other side does not read what it is sent."""


class Line(Protocol):
    """The way to the other side."""

    async def send(self, frames: Sequence[bytes]) -> None:
        """Write frames at once; returns when there is room for more."""
        ...

    def broke(self, error: Exception) -> None:
        """Take note that `send` failed, and that nothing more will be sent."""
        ...


class Outbox:
    """One socket's queue: feeds `offer`, whoever can wait `put`s.

    A task sends while there is something to send. An idle socket has none, nor a queue: there may
    be thousands of them.
    """

    __slots__ = ("_bytes", "_frames", "_line", "_room", "_writer")

    def __init__(self, line: Line) -> None:
        self._line: Line | None = line
        self._frames: deque[bytes] | None = None
        self._bytes = 0
        self._room: asyncio.Event | None = None
        self._writer: asyncio.Task[None] | None = None

    @property
    def half_full(self) -> bool:
        """Tell whether the reader lags: then what can be spared is not queued."""
        frames = self._frames
        return frames is not None and (
            len(frames) >= MAX_FRAMES // 2 or self._bytes >= MAX_BYTES // 2
        )

    def offer(self, frame: bytes) -> bool:
        """Queue a frame; False when there is no room, and then the socket cannot be kept."""
        line = self._line
        if line is None:
            return True  # it is on its way out, and wants nothing more
        frames = self._frames
        if frames is None:
            frames = self._frames = deque()
        full = len(frames) >= MAX_FRAMES or self._bytes + len(frame) > MAX_BYTES
        # One frame always fits, however large: nothing waits before it.
        if full and frames:
            return False
        frames.append(frame)
        self._bytes += len(frame)
        if self._writer is None:
            self._writer = asyncio.create_task(self._drain(frames, line))
        return True

    async def put(self, frame: bytes) -> None:
        """Queue a frame once half of the room is free, which is left to others; `SlowReader`."""
        if self.half_full:
            await self._wait_for_room()
        if not self.offer(frame):
            raise SlowReader

    async def close(self) -> None:
        """Send nothing more; what waits is forgotten."""
        self._line = None  # which knows this outbox: without this, only a collector would find them
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        self._frames = None

    async def _wait_for_room(self) -> None:
        self._room = asyncio.Event()
        try:
            async with asyncio.timeout(_PATIENCE):
                while self.half_full:
                    self._room.clear()
                    await self._room.wait()
        except TimeoutError:
            raise SlowReader from None
        finally:
            self._room = None

    async def _drain(self, frames: deque[bytes], line: Line) -> None:
        """Send what is queued, and what is queued meanwhile."""
        try:
            while frames:
                await line.send(self._next(frames))
        except Exception as error:  # noqa: BLE001 - told, and the end of this socket
            self._line = None
            line.broke(error)
        # Nothing is awaited between the last look at the queue and here.
        self._frames = self._writer = None

    def _next(self, frames: deque[bytes]) -> Sequence[bytes]:
        """Take off the queue what is written together."""
        taken = [frames.popleft()]
        size = len(taken[0])
        while frames and size + len(frames[0]) <= AT_ONCE:
            size += len(frames[0])
            taken.append(frames.popleft())
        self._bytes -= size
        if self._room is not None and not self.half_full:
            self._room.set()
        return taken
