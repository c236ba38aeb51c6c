"""What waits to be written to one socket: bounded, in order; knows nothing of frames' meaning."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

MAX_FRAMES = 256
MAX_BYTES = 1024 * 1024
_PATIENCE = 30.0
"""Seconds that a writer of replays waits for room."""


class SlowReader(Exception):
    """The other side does not read what it is sent."""


class Line(Protocol):
    """The way to the other side."""

    async def send(self, frame: bytes) -> None:
        """Write a frame; returns when there is room for more."""
        ...

    def broke(self, error: Exception) -> None:
        """Take note that `send` failed, and that nothing more will be sent."""
        ...


class Outbox:
    """One socket's queue: feeds `offer`, whoever can wait `put`s.

    A task sends while there is something to send. An idle socket has none, nor a queue: there may
    be thousands of them.
    """

    __slots__ = ("_bytes", "_frames", "_is_closed", "_line", "_room", "_writer")

    def __init__(self, line: Line) -> None:
        self._line = line
        self._frames: deque[bytes] | None = None
        self._bytes = 0
        self._room: asyncio.Event | None = None
        self._writer: asyncio.Task[None] | None = None
        self._is_closed = False

    @property
    def half_full(self) -> bool:
        """Tell whether the reader lags: then what can be spared is not queued."""
        frames = self._frames
        return frames is not None and (
            len(frames) >= MAX_FRAMES // 2 or self._bytes >= MAX_BYTES // 2
        )

    def offer(self, frame: bytes) -> bool:
        """Queue a frame; False when there is no room, and then the socket cannot be kept."""
        if self._is_closed:
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
            self._writer = asyncio.create_task(self._drain(frames))
        return True

    async def put(self, frame: bytes) -> None:
        """Queue a frame once half of the room is free, which is left to others; `SlowReader`."""
        if self.half_full:
            await self._wait_for_room()
        if not self.offer(frame):
            raise SlowReader

    async def close(self) -> None:
        """Send nothing more; what waits is forgotten."""
        self._is_closed = True
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

    async def _drain(self, frames: deque[bytes]) -> None:
        """Send what is queued, and what is queued meanwhile."""
        try:
            while frames:
                frame = frames.popleft()
                self._bytes -= len(frame)
                if self._room is not None and not self.half_full:
                    self._room.set()
                await self._line.send(frame)
        except Exception as error:  # noqa: BLE001 - told, and the end of this socket
            self._is_closed = True
            self._line.broke(error)
        # Nothing is awaited between the last look at the queue and here.
        self._frames = self._writer = None
