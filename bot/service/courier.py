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


class Courier:
    """Claims due surfaces, hands them to their channels, and records what became of it."""

    def __init__(
        self,
        *,
        name: str,
        store: Store,
        clock: Clock,
        channels: Mapping[str, Channel],
        observer: Observer | None = None,
    ) -> None:
        self._name = name
        self._store = store
        self._clock = clock
        self._channels = channels
        self._observer = observer or Unobserved()
        self._wake = asyncio.Event()
        self._loop_task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to deliver."""
        self._unlisten = self._store.listen(Topic.SURFACE, lambda _: self._wake.set())
        self._loop_task = asyncio.create_task(self._loop(), name="courier")

    async def close(self) -> None:
        """Stop; an attempt that is cut off is made again after its lease."""
        if self._loop_task is None:
            return
        self._unlisten()
        self._loop_task.cancel()
        await asyncio.gather(self._loop_task, return_exceptions=True)
        self._loop_task = None

    async def drain(self) -> None:
        """Deliver until nothing is due; for whoever drives the clock by hand."""
        while await self._round():
            pass

    async def _loop(self) -> None:
        while True:
            self._wake.clear()
            try:
                if await self._round():
                    continue
                due = await self._store.read(_next_due)
                wait = POLL if due is None else min(POLL, max(0, due - self._clock.now()))
            except HandraiseError as error:
                log.warning("surfaces cannot be claimed: %s", error.code)
                wait = SECOND
            try:
                async with asyncio.timeout(wait / SECOND):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _round(self) -> int:
        """Claim what is due, deliver it, record it; return how many there were."""
        errands = await self._store.run(self._claim)
        if not errands:
            return 0
        deliveries = await asyncio.gather(*(self._deliver(errand) for errand in errands))
        await self._store.run(self._record, list(zip(errands, deliveries, strict=True)))
        return len(errands)

    def _claim(self, tx: Transaction) -> Sequence[_Errand]:
        now = self._clock.now()
        errands = []
        requests: dict[str, FeedbackRequest | None] = {}
        for surface in tx.surfaces.claim_due(self._name, now, now + LEASE, BATCH):
            if surface.request_id not in requests:
                requests[surface.request_id] = tx.requests.get(surface.request_id)
            request = requests[surface.request_id]
            if request is not None:
                errands.append(_Errand(surface=surface, request=request))
        return errands

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

    def _record(self, tx: Transaction, results: Sequence[tuple[_Errand, Delivery]]) -> None:
        now = self._clock.now()
        for errand, delivery in results:
            surface = errand.surface
            self._observer.delivery(surface.channel, delivery.fate.value)
            tx.surfaces.record(
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


def _next_due(tx: Transaction) -> Micros | None:
    return tx.surfaces.next_due()


def _retry_at(surface: Surface, now: Micros) -> Micros:
    """Return when to try again: after 1 s, doubling to 1 h."""
    return now + min(HOUR, SECOND << min(surface.attempts - 1, 20))
