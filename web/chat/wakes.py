"""Which feeds have news: each waits at most once and is read by at most one task at a time."""

from __future__ import annotations

import asyncio


class Wakes:
    """A queue of ids that forgets doublets: news during a read means one more read after it."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._waiting: set[str] = set()
        self._taken: set[str] = set()
        self._again: set[str] = set()

    def mark(self, feed_id: str) -> None:
        """Note that there is news; whatever the number of calls, one read finds it all."""
        if feed_id in self._taken:
            self._again.add(feed_id)
        elif feed_id not in self._waiting:
            self._waiting.add(feed_id)
            self._queue.put_nowait(feed_id)

    async def take(self) -> str:
        """Return the next id, which is the caller's until `done`."""
        feed_id = await self._queue.get()
        self._waiting.discard(feed_id)
        self._taken.add(feed_id)
        return feed_id

    def done(self, feed_id: str) -> None:
        """Give an id back."""
        self._taken.discard(feed_id)
        if feed_id in self._again:
            self._again.discard(feed_id)
            self.mark(feed_id)
