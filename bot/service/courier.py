"""The one way out: makes every surface show the newest version of its question."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.errors import HandraiseError
from bot.domain.feedback import FeedbackRequest
from bot.domain.instants import HOUR, SECOND, Micros
from bot.domain.surface import Surface
from bot.service.handoff import Handoff
from bot.service.ports.channel import Channel, Delivery, Fate
from bot.service.ports.clock import Clock
from bot.service.ports.observer import Observer, Unobserved
from bot.service.ports.store import Store, Topic, Transaction
from bot.service.ports.tables import Attempt

log = logging.getLogger(__name__)

LEASE: Micros = 60 * SECOND
BATCH = 64
POLL: Micros = 5 * SECOND
DELIVERY_TIMEOUT = 30.0
"""Seconds that one attempt may take: half its lease."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Errand:
    surface: Surface
    request: FeedbackRequest


_Result = tuple[_Errand, Delivery]


class Courier:
    """Claims due surfaces, hands them to their channels, and records what became of it.

    Each claimed batch is a task; results gather while a record is being written and go into the
    next one together, since one commit costs as much as many.
    """

    def __init__(
        self,
        *,
        name: str,
        store: Store,
        clock: Clock,
        channels: Mapping[str, Channel],
        handoff: Handoff | None = None,
        observer: Observer | None = None,
    ) -> None:
        self._name = name
        self._store = store
        self._clock = clock
        self._channels = channels
        self._handoff = handoff or Handoff(store)
        self._observer = observer or Unobserved()
        self._wake = asyncio.Event()
        self._loop_task: asyncio.Task[None] | None = None
        self._recorder: asyncio.Task[None] | None = None
        self._errands: set[asyncio.Task[None]] = set()
        self._results: list[_Result] = []

    async def start(self) -> None:
        """Begin to deliver."""
        self._unlisten = self._store.listen(Topic.SURFACE, lambda _: self._wake.set())
        self._loop_task = asyncio.create_task(self._loop(), name="courier")
        self._handoff.offer_to(Topic.SURFACE, self)

    async def close(self) -> None:
        """Stop; an attempt that is cut off is made again after its lease."""
        if self._loop_task is None:
            return
        self._handoff.withdraw(Topic.SURFACE)
        self._unlisten()
        self._loop_task.cancel()
        for errand in self._errands:
            errand.cancel()
        await asyncio.gather(self._loop_task, *self._errands, return_exceptions=True)
        if self._recorder is not None:
            await asyncio.gather(self._recorder, return_exceptions=True)
        self._loop_task = None

    async def drain(self) -> None:
        """Deliver until nothing is due; for whoever drives the clock by hand."""
        while True:
            errands = await self._store.run(self._claim)
            self.begin(errands)
            if not self._errands and self._recorder is None:
                return
            while self._errands:
                await asyncio.wait(self._errands)
            if self._recorder is not None:
                await asyncio.wait([self._recorder])

    async def _loop(self) -> None:
        while True:
            self._wake.clear()
            try:
                errands = await self._store.run(self._claim)
                self.begin(errands)
                if len(errands) == BATCH:
                    await asyncio.wait(self._errands, return_when=asyncio.FIRST_COMPLETED)
                    continue
                due = await self._store.read(_next_due)
                wait = POLL if due is None else min(POLL, max(0, due - self._clock.now()))
            except HandraiseError as error:
                log.warning("surfaces cannot be claimed: %s", error.code)
                wait = SECOND
            except Exception:
                # One surface that cannot be read must not stop everybody's questions for ever.
                log.exception("surfaces cannot be claimed")
                wait = SECOND
            if wait:
                try:
                    async with asyncio.timeout(wait / SECOND):
                        await self._wake.wait()
                except TimeoutError:
                    continue

    def _claim(self, tx: Transaction) -> Sequence[_Errand]:
        now = self._clock.now()
        return self._with_requests(tx, tx.surfaces.claim_due(self._name, now, now + LEASE, BATCH))

    def claim_within(self, tx: Transaction, key: str, now: Micros) -> Sequence[_Errand]:
        """Claim a request's surfaces in the transaction that made them due."""
        if len(self._errands) >= BATCH:
            return ()
        return self._with_requests(tx, tx.surfaces.claim_of(key, self._name, now, now + LEASE))

    def _with_requests(self, tx: Transaction, surfaces: Sequence[Surface]) -> Sequence[_Errand]:
        errands = []
        requests: dict[str, FeedbackRequest | None] = {}
        for surface in surfaces:
            if surface.request_id not in requests:
                requests[surface.request_id] = tx.requests.get(surface.request_id)
            request = requests[surface.request_id]
            if request is not None:
                errands.append(_Errand(surface=surface, request=request))
        return errands

    def begin(self, claims: Sequence[_Errand]) -> None:
        """Deliver claimed surfaces, each lane in a task of its own, in order."""
        lanes: dict[str, list[_Errand]] = {}
        for errand in claims:
            lanes.setdefault(errand.surface.lane, []).append(errand)
        for errands in lanes.values():
            task = asyncio.create_task(self._run(errands), name="errand")
            self._errands.add(task)
            task.add_done_callback(self._errands.discard)

    async def _run(self, errands: Sequence[_Errand]) -> None:
        for errand in errands:
            self._results.append((errand, await self._deliver(errand)))
            if self._recorder is None:
                self._recorder = asyncio.create_task(self._write_results(), name="recorder")

    async def _write_results(self) -> None:
        try:
            while self._results:
                results, self._results = self._results, []
                try:
                    await self._handoff.run_soon(self._clock.now, self._record, results)
                except HandraiseError as error:
                    # Not recorded: the leases run out, and the attempts are made again.
                    log.warning("attempts cannot be recorded: %s", error.code)
        finally:
            self._recorder = None

    async def _deliver(self, errand: _Errand) -> Delivery:
        surface, request = errand.surface, errand.request
        if surface.shown_version == 0 and not request.is_open and surface.attempts == 1:
            # Decided before it was ever shown: there is nothing to settle there.
            return Delivery(fate=Fate.PARKED, detail="settled before it was sent")
        channel = self._channels.get(surface.channel)
        if channel is None:
            return Delivery(fate=Fate.PARKED, detail="channel not configured")
        try:
            async with asyncio.timeout(DELIVERY_TIMEOUT):
                return await channel.deliver(surface, request)
        except TimeoutError:
            return Delivery(fate=Fate.RETRY, detail="timed out")
        except Exception as error:
            log.exception("channel %s broke its promise", surface.channel)
            return Delivery(fate=Fate.RETRY, detail=type(error).__name__)

    def _record(self, tx: Transaction, results: Sequence[_Result]) -> None:
        now = self._clock.now()
        for errand, delivery in results:
            surface = errand.surface
            self._observer.delivery(surface.channel, delivery.fate.value)
            recorded = tx.surfaces.record(
                Attempt(
                    surface_id=surface.id,
                    claim_number=surface.claim_number,
                    version=errand.request.version,
                    outcome=delivery.fate.value,
                    at=now,
                ),
                shown=delivery.fate is Fate.SHOWN,
                retry_at=_retry_at(surface, now) if delivery.fate is Fate.RETRY else None,
            )
            if recorded.due_at is not None:
                # A newer version was wanted while this one was on its way, or it must be retried.
                tx.announce(Topic.SURFACE, surface.request_id)


def _next_due(tx: Transaction) -> Micros | None:
    return tx.surfaces.next_due()


def _retry_at(surface: Surface, now: Micros) -> Micros:
    """Return when to try again: after 1 s, doubling to 1 h."""
    return now + min(HOUR, SECOND << min(surface.attempts - 1, 20))
