"""What waits to be written to one socket: bounded, in order; knows nothing of frames' meaning."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

MAX_FRAMES = 256
MAX_BYTES = 1024 * 1024
_PATIENCE = 30.0
"""Seconds that a writer of replays waits for room."""


class SlowReader(Exception):
    """The other side does not read what it is sent."""


class Outbox:
    """One socket's queue: feeds `offer`, whoever can wait `put`s, one task `drain`s."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    @property
    def half_full(self) -> bool:
        """Tell whether the reader lags: then what can be spared is not queued."""
        return len(self._frames) >= MAX_FRAMES // 2 or self._bytes >= MAX_BYTES // 2

    def offer(self, frame: bytes) -> bool:
        """Queue a frame; False when there is no room, and then the socket cannot be kept."""
        full = len(self._frames) >= MAX_FRAMES or self._bytes + len(frame) > MAX_BYTES
        # One frame always fits, however large: nothing waits before it.
        if full and self._frames:
            return False
        self._frames.append(frame)
        self._bytes += len(frame)
        self._filled.set()
        if self.half_full:
            self._room.clear()
        return True

    async def put(self, frame: bytes) -> None:
        """Queue a frame once half of the room is free, which is left to others; `SlowReader`."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while self.half_full:
                    await self._room.wait()
        except TimeoutError:
            raise SlowReader from None
        if not self.offer(frame):
            raise SlowReader

    async def drain(self, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Send what is queued, for ever; raises what `send` raises."""
        while True:
            await self._filled.wait()
            while self._frames:
                frame = self._frames.popleft()
                self._bytes -= len(frame)
                if not self.half_full:
                    self._room.set()
                await send(frame)
            self._filled.clear()
