"""The worker: claims turns that are due and runs them, so many at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from bot.domain.errors import HandraiseError
from bot.domain.instants import SECOND, Micros
from bot.service.handoff import Handoff
from bot.service.orchestrator import Orchestrator
from bot.service.ports.clock import Clock
from bot.service.ports.store import Store, Topic, Transaction
from bot.service.turns import ClaimedTurn, Turns

log = logging.getLogger(__name__)

POLL: Micros = 5 * SECOND
"""How long to wait at most before looking again, in case an announcement was lost."""


class Worker:
    """Owns the tasks of the turns that run on this server."""

    def __init__(
        self,
        *,
        name: str,
        store: Store,
        clock: Clock,
        orchestrator: Orchestrator,
        turns: Turns,
        handoff: Handoff | None = None,
        at_once: int = 64,
    ) -> None:
        self._name = name
        self._store = store
        self._clock = clock
        self._orchestrator = orchestrator
        self._turns = turns
        self._handoff = handoff or Handoff(store)
        self._at_once = at_once
        self._running: dict[str, tuple[ClaimedTurn, asyncio.Task[None]]] = {}
        self._wake = asyncio.Event()
        self._loop_task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to take turns."""
        self._unlisten = [
            self._store.listen(Topic.TURN, lambda _: self._wake.set()),
            self._store.listen(Topic.STOP, self._stop_turn),
        ]
        self._loop_task = asyncio.create_task(self._loop(), name="worker")
        self._handoff.offer_to(Topic.TURN, self)

    async def close(self) -> None:
        """Stop taking turns; those that run are cut off and given back."""
        if self._loop_task is None:
            return
        self._handoff.withdraw(Topic.TURN)
        for unlisten in self._unlisten:
            unlisten()
        self._loop_task.cancel()
        cut_off = list(self._running.values())
        for _, task in cut_off:
            task.cancel()
        await asyncio.gather(self._loop_task, *(t for _, t in cut_off), return_exceptions=True)
        self._loop_task = None
        for claim, _ in cut_off:
            await self._give_back(claim)

    async def _give_back(self, claim: ClaimedTurn) -> None:
        """Release a claim, so that a restart does not make its session wait out the lease."""
        try:
            await self._store.run(self._turns.release, claim, self._clock.now())
        except HandraiseError as error:  # it was committed after all, or the database is gone
            log.info("a claim was not given back: %s", error.code)

    async def drain(self) -> None:
        """Run turns until none is due; for whoever drives the clock by hand."""
        while True:
            claims = await self._claim()
            if not claims and not self._running:
                return
            self.begin(claims)
            tasks = [task for _, task in self._running.values()]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)

    async def _loop(self) -> None:
        while True:
            self._wake.clear()
            try:
                claims = await self._claim()
                self.begin(claims)
                wait = 0.0 if len(claims) == self._at_once else await self._pause()
            except HandraiseError as error:
                log.warning("turns cannot be claimed: %s", error.code)
                wait = 1.0
            except Exception:
                # One session that cannot be read must not stop everybody's turns for ever.
                log.exception("turns cannot be claimed")
                wait = 1.0
            if wait > 0:
                try:
                    async with asyncio.timeout(wait):
                        await self._wake.wait()
                except TimeoutError:
                    continue

    async def _claim(self) -> Sequence[ClaimedTurn]:
        free = self._at_once - len(self._running)
        if free <= 0:
            return ()
        return await self._store.run(self._claim_due, free)

    def _claim_due(self, tx: Transaction, limit: int) -> Sequence[ClaimedTurn]:
        now = self._clock.now()
        claims = (
            self._turns.claim(tx, session_id, self._name, now)
            for session_id in tx.sessions.due(now, limit)
        )
        return [claim for claim in claims if claim is not None]

    async def _pause(self) -> float:
        """Return how many seconds nothing is due for, as far as is known now."""
        if len(self._running) >= self._at_once:
            return POLL / SECOND
        due = await self._store.read(_next_due)
        if due is None:
            return POLL / SECOND
        return min(POLL, max(0, due - self._clock.now())) / SECOND

    def claim_within(self, tx: Transaction, key: str, now: Micros) -> Sequence[ClaimedTurn]:
        """Claim a session in the transaction that gave it input.

        What runs is counted without a lock, from another thread: one batch of the store may go
        beyond `at_once`, and no more.
        """
        if len(self._running) >= self._at_once:
            return ()
        claim = self._turns.claim(tx, key, self._name, now)
        return () if claim is None else (claim,)

    def begin(self, claims: Sequence[ClaimedTurn]) -> None:
        """Run claimed turns, each in a task of its own."""
        for claim in claims:
            task = asyncio.create_task(self._orchestrator.run(claim), name=f"turn {claim.turn_id}")
            self._running[claim.turn_id] = (claim, task)
            task.add_done_callback(partial(self._ended, claim.turn_id))

    def _ended(self, turn_id: str, task: asyncio.Task[None]) -> None:
        full = len(self._running) >= self._at_once
        self._running.pop(turn_id, None)
        if not task.cancelled() and task.exception() is not None:
            log.error("turn task failed: %s", type(task.exception()).__name__)
        if full or task.cancelled():
            self._wake.set()

    def _stop_turn(self, session_id: str) -> None:
        for claim, task in self._running.values():
            if claim.session.id == session_id:
                task.cancel()


def _next_due(tx: Transaction) -> Micros | None:
    return tx.sessions.next_due()
