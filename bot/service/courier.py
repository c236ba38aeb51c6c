"""The one way out: makes every surface show the newest version of its question."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.errors import HandraiseError
from bot.domain.instants import HOUR, SECOND, Micros
from bot.domain.routing import Routing
from bot.service.breakers import Breakers, LaneHealth
from bot.service.deliveries import Deliveries, Errand, Postponed, Result
from bot.service.handoff import Handoff
from bot.service.ports.channel import Channel, Delivery, Fate
from bot.service.ports.clock import Clock
from bot.service.ports.observer import Observer, Unobserved
from bot.service.ports.store import Store, Topic, Transaction
from bot.service.reaching import CHAT_ONLY

log = logging.getLogger(__name__)

LEASE: Micros = 60 * SECOND
BATCH = 64
POLL: Micros = 5 * SECOND
DELIVERY_TIMEOUT = 30.0
"""Seconds that one attempt may take: half its lease."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelHealth:
    """How a channel does: `degraded` while one of its lanes is left alone, else `ready`."""

    name: str
    state: str
    lanes: tuple[LaneHealth, ...]


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
        routing: Routing = CHAT_ONLY,
        session_timeout: Micros = 24 * HOUR,
        breakers: Breakers | None = None,
    ) -> None:
        self._name = name
        self._store = store
        self._clock = clock
        self._channels = channels
        self._handoff = handoff or Handoff(store)
        self._observer = observer or Unobserved()
        self._deliveries = Deliveries(routing=routing, session_timeout=session_timeout)
        self._breakers = breakers or Breakers()
        self._wake = asyncio.Event()
        self._loop_task: asyncio.Task[None] | None = None
        self._recorder: asyncio.Task[None] | None = None
        self._errands: set[asyncio.Task[None]] = set()
        self._results: list[Result] = []

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

    def _claim(self, tx: Transaction) -> Sequence[Errand]:
        now = self._clock.now()
        claimed = tx.surfaces.claim_due(self._name, now, now + LEASE, BATCH)
        return self._deliveries.errands(tx, claimed)

    def claim_within(self, tx: Transaction, key: str, now: Micros) -> Sequence[Errand]:
        """Claim a request's surfaces in the transaction that made them due."""
        if len(self._errands) >= BATCH:
            return ()
        claimed = tx.surfaces.claim_of(key, self._name, now, now + LEASE)
        return self._deliveries.errands(tx, claimed)

    def health(self) -> Sequence[ChannelHealth]:
        """Return how each channel does on this server."""
        lanes = self._breakers.health()
        return [
            ChannelHealth(
                name=name,
                state="degraded" if self._breakers.open_lanes(name) else "ready",
                lanes=tuple(lane for lane in lanes if lane.channel == name),
            )
            for name in self._channels
        ]

    def begin(self, claims: Sequence[Errand]) -> None:
        """Deliver claimed surfaces, each lane in a task of its own, in order."""
        lanes: dict[str, list[Errand]] = {}
        for errand in claims:
            lanes.setdefault(errand.surface.lane, []).append(errand)
        for errands in lanes.values():
            task = asyncio.create_task(self._run(errands), name="errand")
            self._errands.add(task)
            task.add_done_callback(self._errands.discard)

    async def _run(self, errands: Sequence[Errand]) -> None:
        for number, errand in enumerate(errands):
            if number and self._runs_out(errand):
                result: Delivery | Postponed = Postponed(until=self._clock.now())
            else:
                result = await self._deliver(errand)
            self._results.append((errand, result))
            if self._recorder is None:
                self._recorder = asyncio.create_task(self._write_results(), name="recorder")

    def _runs_out(self, errand: Errand) -> bool:
        """Tell whether a claim has waited so long for its lane that an attempt may outlast it."""
        until = errand.surface.claim_until
        return until is not None and until - self._clock.now() < LEASE // 2

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

    async def _deliver(self, errand: Errand) -> Delivery | Postponed:
        surface = errand.surface
        if errand.needless:
            return Delivery(fate=Fate.PARKED, detail=errand.needless)
        channel = self._channels.get(surface.channel)
        if channel is None:
            return Delivery(fate=Fate.PARKED, detail="channel not configured")
        name, lane = surface.channel, surface.lane
        until = self._breakers.enter(name, lane, self._clock.now())
        if until is not None:
            return Postponed(until=until)
        try:
            delivery = await self._attempt(channel, errand)
        except asyncio.CancelledError:
            self._breakers.abandon(name, lane)
            raise
        self._learn(name, lane, delivery)
        return delivery

    async def _attempt(self, channel: Channel, errand: Errand) -> Delivery:
        try:
            async with asyncio.timeout(DELIVERY_TIMEOUT):
                return await channel.deliver(errand.surface, errand.request)
        except TimeoutError:
            return Delivery(fate=Fate.UNKNOWN, detail="timed out")
        except Exception as error:
            log.exception("channel %s broke its promise", errand.surface.channel)
            return Delivery(fate=Fate.UNKNOWN, detail=type(error).__name__)

    def _learn(self, name: str, lane: str, delivery: Delivery) -> None:
        """Tell the lane's breaker; a refusal that says when to come again is no breakdown."""
        now = self._clock.now()
        if delivery.fate is Fate.UNKNOWN or (
            delivery.fate is Fate.RETRY and delivery.retry_after is None
        ):
            self._breakers.failed(name, lane, now)
        else:
            self._breakers.succeeded(name, lane)
        if delivery.retry_after is not None:
            self._breakers.hold(name, lane, now + round(delivery.retry_after * SECOND))
        self._observer.lanes_open(name, self._breakers.open_lanes(name))

    def _record(self, tx: Transaction, results: Sequence[Result]) -> None:
        for errand, result in results:
            if isinstance(result, Delivery):
                self._observer.delivery(errand.surface.channel, result.fate.value)
        self._deliveries.record(tx, results, self._clock.now())


def _next_due(tx: Transaction) -> Micros | None:
    return tx.surfaces.next_due()
