"""Sockets that are open and not signed in so far: bounded for each address they come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from web.auth.attempts import network

WAITING = 50
"""Of one address at once; each has five seconds, and a whole office shares one address."""


class Doorway:
    """Counts who stands in the doorway of this server."""

    def __init__(self) -> None:
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def place(self, remote: str | None) -> Iterator[bool]:
        """Take a place until the block ends, and tell whether there was one."""
        address = network(remote)
        if self._waiting[address] >= WAITING:
            yield False
            return
        self._waiting[address] += 1
        try:
            yield True
        finally:
            self._waiting[address] -= 1
            if not self._waiting[address]:
                del self._waiting[address]


DOORWAY: web.AppKey[Doorway] = web.AppKey("doorway")
