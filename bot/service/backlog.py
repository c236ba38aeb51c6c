"""The backlog: what was acknowledged and still has to be dealt with, tried until it is.

What was kept on this server is claimed right after its commit: the announcement wakes the loop, and
nothing waits for a poll.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.errors import HandraiseError, RateLimited, Unavailable
from bot.domain.instants import SECOND, Micros
from bot.domain.surface import retry_delay
from bot.service.lanes import Lanes, Turn
from bot.service.ports.clock import Clock
from bot.service.ports.inbox import Received
from bot.service.ports.store import Store, Topic, Transaction
from bot.service.pressure import SHORTEST, Pressure

log = logging.getLogger(__name__)

LEASE: Micros = 120 * SECOND
TIMEOUT = 100.0
"""Seconds that dealing with one thing may take: less than its lease."""
PATIENCE: Micros = 20 * SECOND
"""How long something may wait in hand for its turn; the two together are the lease."""
POLL: Micros = 5 * SECOND
AT_ONCE = 16
"""How many are dealt with side by side."""
IN_HAND = 256
"""How many are claimed at most, so that a lane with many does not hold up the others."""
MAX_TRIES = 20
"""After so many it is set aside for an operator, so that a poisonous one does not stay for ever."""

Deal = Callable[[Received], Awaitable[None]]
"""Deals with one thing, which may have been dealt with before. Raises `Unavailable` when it should
be tried again, `RateLimited` or `NotYet` when it should be later; any other refusal is final."""


class NotYet(Exception):
    """It is too early to deal with something; `due_in` from now it is not."""

    def __init__(self, due_in: Micros) -> None:
        super().__init__()
        self.due_in = due_in


@dataclass(frozen=True, slots=True)
class InOrder:
    """A `Deal` whose things have an order: those of one lane never run side by side."""

    deal: Deal
    turn: Callable[[Received], Turn]

    async def __call__(self, received: Received) -> None:
        """Deal with one thing."""
        await self.deal(received)


@dataclass(frozen=True, slots=True)
class _Ended:
    received: Received
    due_at: Micros | None
    error: str


class Backlog:
    """Deals with the inbox, each kind by its own `Deal`; any number of servers may.

    While much comes in, that goes first: whoever sends it waits for an answer.
    The order within a lane holds among what one server has in hand, and what is postponed lets
    the others pass.
    """

    def __init__(self, *, name: str, store: Store, clock: Clock, deals: Mapping[str, Deal]) -> None:
        self._name = name
        self._store = store
        self._clock = clock
        self._deals = deals
        self._lanes = Lanes()
        self._pressure = Pressure()
        self._pause: asyncio.TimerHandle | None = None
        """Runs until the next may begin, while too much comes in."""
        self._is_behind = False
        """Whether the inbox may hold more that is due than is in hand."""
        self._wake = asyncio.Event()
        self._loop_task: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to deal with what is due."""
        self._unlisten = self._store.listen(Topic.INBOX, self._arrived)
        self._loop_task = asyncio.create_task(self._loop(), name="backlog")

    async def close(self) -> None:
        """Stop; what is cut off is dealt with again after its lease."""
        if self._loop_task is None:
            return
        self._unlisten()
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        task, self._loop_task = self._loop_task, None
        self._lanes = Lanes()
        task.cancel()
        for running in self._running:
            running.cancel()
        await asyncio.gather(task, *self._running, return_exceptions=True)

    async def drain(self) -> None:
        """Deal with everything until nothing is due; for whoever drives the clock by hand."""
        while True:
            await self._claim_some()
            if not len(self._lanes) and not self._running:
                return
            if self._running:
                await asyncio.wait(self._running, timeout=SHORTEST)
            else:
                await asyncio.sleep(SHORTEST)

    async def _loop(self) -> None:
        while True:
            self._wake.clear()
            wait = POLL
            try:
                if len(self._lanes) <= (IN_HAND // 2 if self._is_behind else IN_HAND - 1):
                    await self._claim_some()
                if not self._is_behind:
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

    async def _claim_some(self) -> None:
        """Take in hand what is due, as far as there is room, and begin with it."""
        room = IN_HAND - len(self._lanes)
        claimed = await self._store.run(self._claim, room) if room > 0 else ()
        self._is_behind = len(claimed) >= room
        for received in claimed:
            self._lanes.add(self._turn(received), received)
        self._begin()

    def _claim(self, tx: Transaction, room: int) -> Sequence[Received]:
        now = self._clock.now()
        return tx.inbox.claim_due(self._name, now, now + LEASE, room)

    def _turn(self, received: Received) -> Turn:
        deal = self._deals.get(received.kind)
        if isinstance(deal, InOrder):
            return deal.turn(received)
        return Turn(lane=received.key, at=0)

    def _arrived(self, _: str) -> None:
        self._pressure.arrived()
        self._wake.set()

    def _begin(self) -> None:
        """Begin with as many as may run; under pressure with one, and the next after a pause."""
        while self._pause is None and len(self._running) < AT_ONCE:
            taken = self._lanes.take()
            if taken is None:
                return
            lane, received = taken
            task = asyncio.create_task(self._run(lane, received), name=f"inbox {received.kind}")
            self._running.add(task)
            task.add_done_callback(self._ended)
            if pause := self._pressure.pause():
                self._pause = asyncio.get_running_loop().call_later(pause, self._go_on)

    def _go_on(self) -> None:
        self._pause = None
        self._begin()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._begin()
        if self._is_behind and len(self._lanes) <= IN_HAND // 2:
            self._wake.set()

    async def _run(self, lane: str, received: Received) -> None:
        lanes = self._lanes
        try:
            if (received.claim_until or 0) - self._clock.now() < LEASE - PATIENCE:
                # It waited for its turn for so long that its lease may end before it is done.
                ended = _Ended(received, received.due_at, received.last_error or "")
            else:
                ended = await self._deal(received)
        finally:
            lanes.leave(lane)
        try:
            # Where others are under way, a commit to share is not far.
            run = self._store.run_soon if len(lanes) else self._store.run
            await run(_record, ended)
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
        except NotYet as early:
            return _Ended(received, self._clock.now() + early.due_in, "not yet")
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
