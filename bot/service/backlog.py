"""The backlog: what was acknowledged and still has to be dealt with, tried until it is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.errors import HandraiseError, RateLimited, Unavailable
from bot.domain.instants import SECOND, Micros
from bot.domain.surface import retry_delay
from bot.service.ports.clock import Clock
from bot.service.ports.inbox import Received
from bot.service.ports.store import Store, Topic, Transaction

log = logging.getLogger(__name__)

LEASE: Micros = 120 * SECOND
TIMEOUT = 100.0
"""Seconds that dealing with one thing may take: less than its lease."""
POLL: Micros = 5 * SECOND
BATCH = 32
MAX_TRIES = 20
"""After so many it is set aside for an operator, so that a poisonous one does not stay for ever."""

Deal = Callable[[Received], Awaitable[None]]
"""Deals with one thing, which may have been dealt with before. Raises `Unavailable` when it should
be tried again, `RateLimited` when it should be later; any other refusal is final."""


@dataclass(frozen=True, slots=True)
class _Ended:
    received: Received
    due_at: Micros | None
    error: str


class Backlog:
    """Deals with the inbox, each kind by its own `Deal`; any number of servers may."""

    def __init__(self, *, name: str, store: Store, clock: Clock, deals: Mapping[str, Deal]) -> None:
        self._name = name
        self._store = store
        self._clock = clock
        self._deals = deals
        self._wake = asyncio.Event()
        self._loop_task: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to deal with what is due."""
        self._unlisten = self._store.listen(Topic.INBOX, lambda _: self._wake.set())
        self._loop_task = asyncio.create_task(self._loop(), name="backlog")

    async def close(self) -> None:
        """Stop; what is cut off is dealt with again after its lease."""
        if self._loop_task is None:
            return
        self._unlisten()
        self._loop_task.cancel()
        for task in self._running:
            task.cancel()
        await asyncio.gather(self._loop_task, *self._running, return_exceptions=True)
        self._loop_task = None

    async def drain(self) -> None:
        """Deal with everything until nothing is due; for whoever drives the clock by hand."""
        while True:
            claimed = await self._store.run(self._claim)
            self._begin(claimed)
            if not self._running:
                return
            await asyncio.wait(self._running)

    async def _loop(self) -> None:
        while True:
            self._wake.clear()
            try:
                claimed = await self._store.run(self._claim)
                self._begin(claimed)
                if len(claimed) == BATCH:
                    await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
                    continue
                due = await self._store.read(lambda tx: tx.inbox.next_due())
                wait = POLL if due is None else min(POLL, max(0, due - self._clock.now()))
            except HandraiseError as error:
                log.warning("the inbox cannot be read: %s", error.code)
                wait = SECOND
            except Exception:
                log.exception("the inbox cannot be read")
                wait = SECOND
            if wait:
                try:
                    async with asyncio.timeout(wait / SECOND):
                        await self._wake.wait()
                except TimeoutError:
                    continue

    def _claim(self, tx: Transaction) -> Sequence[Received]:
        now = self._clock.now()
        return tx.inbox.claim_due(self._name, now, now + LEASE, BATCH)

    def _begin(self, claimed: Sequence[Received]) -> None:
        for received in claimed:
            task = asyncio.create_task(self._run(received), name=f"inbox {received.kind}")
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _run(self, received: Received) -> None:
        ended = await self._deal(received)
        try:
            await self._store.run(_record, ended)
        except HandraiseError as error:
            # Not recorded: the lease runs out, and it is dealt with again.
            log.warning("the inbox cannot be written: %s", error.code)

    async def _deal(self, received: Received) -> _Ended:
        deal = self._deals.get(received.kind)
        if deal is None:
            return self._again(received, "no such channel here")
        try:
            async with asyncio.timeout(TIMEOUT):
                await deal(received)
        except RateLimited as refusal:
            due_at = self._clock.now() + refusal.retry_after * SECOND
            return _Ended(received, due_at, refusal.code)
        except (Unavailable, TimeoutError) as error:
            return self._again(received, getattr(error, "code", "timed out"))
        except HandraiseError as refusal:
            return _Ended(received, None, f"refused: {refusal.code}")
        except Exception as error:
            log.exception("what was received broke: %s", received.kind)
            return self._again(received, type(error).__name__)
        return _Ended(received, None, "")

    def _again(self, received: Received, error: str) -> _Ended:
        if received.attempts >= MAX_TRIES:
            log.error("set aside: %s", received.kind, extra={"error": error})
            return _Ended(received, None, error)
        return _Ended(received, self._clock.now() + retry_delay(received.attempts), error)


def _record(tx: Transaction, ended: _Ended) -> None:
    received = ended.received
    if ended.due_at is None and not ended.error:
        tx.inbox.done(received.key, received.claim_number)
    else:
        tx.inbox.postpone(received.key, received.claim_number, ended.due_at, ended.error)
