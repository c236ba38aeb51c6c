"""The runner: runs what people have approved, outside any transaction, one claim at a time."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from bot.domain.action_run import ActionState
from bot.domain.errors import HandraiseError, StaleClaim
from bot.domain.instants import SECOND, Micros
from bot.service.acting import MAX_AGE, Acting, ClaimedAction
from bot.service.ports.clock import Clock
from bot.service.ports.observer import Observer, Unobserved
from bot.service.ports.store import Store, Topic, Transaction
from bot.service.ports.tools import ResultUnknown, Toolbox

log = logging.getLogger(__name__)

LEASE: Micros = 60 * SECOND
RUN_TIMEOUT = 30.0
"""Seconds that one run may take: half its lease."""
LAST_WAIT = 12.0
"""Seconds that closing waits for what runs: cut off, its result is unknown."""
AT_ONCE = 16
POLL: Micros = 5 * SECOND


class Runner:
    """Owns the tasks of the actions that run on this server."""

    def __init__(
        self,
        *,
        name: str,
        store: Store,
        clock: Clock,
        toolbox: Toolbox | None,
        session_timeout: Micros,
        max_age: Micros = MAX_AGE,
        observer: Observer | None = None,
    ) -> None:
        self._name = name
        self._store = store
        self._clock = clock
        self._toolbox = toolbox
        self._observer = observer or Unobserved()
        self._acting = Acting(
            toolbox=toolbox, lease=LEASE, session_timeout=session_timeout, max_age=max_age
        )
        self._running: dict[str, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._loop_task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to run what is due."""
        self._unlisten = self._store.listen(Topic.ACTION, lambda _: self._wake.set())
        self._loop_task = asyncio.create_task(self._loop(), name="action runner")

    async def close(self) -> None:
        """Take nothing new, and let what runs end, since a repeat is not always possible."""
        if self._loop_task is None:
            return
        self._unlisten()
        self._loop_task.cancel()
        await asyncio.gather(self._loop_task, return_exceptions=True)
        tasks = list(self._running.values())
        if tasks:
            await asyncio.wait(tasks, timeout=LAST_WAIT)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self._loop_task = None

    async def drain(self) -> None:
        """Run actions until none is due; for whoever drives the clock by hand."""
        while True:
            await self._begin_due()
            if not self._running:
                return
            await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)

    async def _loop(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._begin_due()
                due = await self._store.read(_next_due)
                full = len(self._running) >= AT_ONCE
                wait = POLL if due is None or full else min(POLL, due - self._clock.now())
            except HandraiseError as error:
                log.warning("actions cannot be claimed: %s", error.code)
                wait = SECOND
            try:
                # Never without a pause: what cannot be claimed must not spin.
                async with asyncio.timeout(max(wait / SECOND, 0.02)):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _begin_due(self) -> None:
        """Claim what is due, each in a transaction of its own, and begin to run it."""
        free = AT_ONCE - len(self._running)
        if free <= 0:
            return
        for request_id in await self._store.read(_due, self._clock.now(), free):
            try:
                claim = await self._store.run(self._claim, request_id)
            except HandraiseError:
                raise
            except Exception:
                # One that breaks must not hold up the others.
                log.exception("an action cannot be claimed: request %s", request_id)
                continue
            if isinstance(claim, ActionState):
                self._observer.action(claim.value, 0.0)
            elif claim is not None:
                task = asyncio.create_task(self._run(claim), name=f"action {request_id}")
                self._running[request_id] = task
                task.add_done_callback(partial(self._ended, request_id))

    def _claim(self, tx: Transaction, request_id: str) -> ClaimedAction | ActionState | None:
        return self._acting.claim(tx, request_id, self._name, self._clock.now())

    async def _run(self, claim: ClaimedAction) -> None:
        began = self._clock.now()
        result = await self._result(claim)
        outcome = "unrecorded"
        try:
            state = await self._store.run(self._finish, claim, result)
            outcome = "postponed" if state is ActionState.DUE else state.value
        except StaleClaim:
            outcome = "stale"
            log.warning("a result came after its claim had run out: request %s", claim.request_id)
        except HandraiseError as error:
            # Not recorded: the lease runs out, and the result counts as unknown.
            log.warning("an action's result cannot be recorded: %s", error.code)
        finally:
            self._observer.action(outcome, (self._clock.now() - began) / SECOND)

    async def _result(self, claim: ClaimedAction) -> str | HandraiseError:
        if self._toolbox is None:
            return HandraiseError("No tools are configured here.")
        try:
            async with asyncio.timeout(RUN_TIMEOUT):
                return await self._toolbox.run(claim.action, claim.request_id)
        except HandraiseError as error:
            return error
        except TimeoutError:
            return ResultUnknown("It did not end in time.")
        except Exception:
            log.exception("tool %s broke its promise", claim.action.tool)
            return ResultUnknown("It broke unexpectedly on our side.")

    def _finish(
        self, tx: Transaction, claim: ClaimedAction, result: str | HandraiseError
    ) -> ActionState:
        return self._acting.finish(tx, claim, result, self._clock.now())

    def _ended(self, request_id: str, task: asyncio.Task[None]) -> None:
        if self._running.get(request_id) is task:
            del self._running[request_id]
        if not task.cancelled() and task.exception() is not None:
            log.error("action task failed: %s", type(task.exception()).__name__)
        self._wake.set()


def _due(tx: Transaction, now: Micros, limit: int) -> list[str]:
    return list(tx.actions.due(now, limit))


def _next_due(tx: Transaction) -> Micros | None:
    return tx.actions.next_due()
