"""Keeps Gmail announcing changes: renewed daily, since a watch ends within seven days."""

from __future__ import annotations

from bot.channels.gmail.mailbox import Mailbox
from bot.domain.instants import DAY, HOUR, Micros
from bot.service.ports.clock import Clock
from bot.service.ports.store import Store

WATCHED = "gmail.watched"
RENEWED_AFTER: Micros = DAY
LOOK_EVERY: Micros = HOUR
OLD: Micros = 2 * DAY


class Watching:
    """Renews the watch on a topic."""

    def __init__(self, *, mailbox: Mailbox, topic: str, store: Store, clock: Clock) -> None:
        self._mailbox = mailbox
        self._topic = topic
        self._store = store
        self._clock = clock
        self._since: Micros | None = None

    async def renew(self) -> None:
        """Renew the watch where it is a day old, or another topic's."""
        now = self._clock.now()
        kept = await self._store.read(lambda tx: tx.marks.get(WATCHED)) or ""
        at, _, topic = kept.partition(" ")
        if at.isdecimal() and topic == self._topic:
            self._since = int(at)
            if now - self._since < RENEWED_AFTER:
                return
        await self._mailbox.watch(self._topic)
        await self._store.run(lambda tx: tx.marks.put(WATCHED, f"{now} {self._topic}", now))
        self._since = now

    def age(self, now: Micros) -> Micros | None:
        """Return how old the watch is, as far as this server knows; None before the first."""
        return None if self._since is None else now - self._since
