"""The one way out: makes every surface show its question's newest version, and says every post."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.errors import HandraiseError
from bot.domain.instants import SECOND, Micros
from bot.service.breakers import Breakers, LaneHealth
from bot.service.desk import Desk, Errand, Postponed
from bot.service.handoff import Handoff
from bot.service.ports.channel import Delivery, Fate
from bot.service.ports.clock import Clock
from bot.service.ports.observer import Observer, Unobserved
from bot.service.ports.store import Store, Topic, Transaction

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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Claimed:
    """An errand with the desk that it came from."""

    desk: Desk
    errand: Errand

    @property
    def key(self) -> tuple[Topic, str]:
        """Return by what its being due is announced."""
        return self.desk.topic, self.errand.key


class Courier:
    """Claims what is due at its desks, has it delivered, and has them record what became of it.

    Each claimed batch is a task; results gather while a record is being written and go into the
    next one together, since one commit costs as much as many.
    """

    def __init__(
        self,
        *,
        name: str,
        store: Store,
        clock: Clock,
        desks: Sequence[Desk],
        channels: Sequence[str],
        handoff: Handoff | None = None,
        observer: Observer | None = None,
        breakers: Breakers | None = None,
    ) -> None:
        self._name = name
        self._store = store
        self._clock = clock
        self._desks = desks
        self._channels = channels
        self._handoff = handoff or Handoff(store)
        self._observer = observer or Unobserved()
        self._breakers = breakers or Breakers()
        self._wake = asyncio.Event()
        self._loop_task: asyncio.Task[None] | None = None
        self._recorder: asyncio.Task[None] | None = None
        self._errands: set[asyncio.Task[None]] = set()
        self._results: list[tuple[_Claimed, Delivery | Postponed]] = []
        self._in_flight: Counter[tuple[Topic, str]] = Counter()

    async def start(self) -> None:
        """Begin to deliver."""
        self._unlisten = [
            self._store.listen(desk.topic, lambda _: self._wake.set()) for desk in self._desks
        ]
        self._loop_task = asyncio.create_task(self._loop(), name="courier")
        self.take_over()

    def take_over(self) -> None:
        """Let transactions of this server hand over what they make due."""
        for desk in self._desks:
            self._handoff.offer_to(desk.topic, _DeskTaker(self, desk))

    async def close(self) -> None:
        """Stop; an attempt that is cut off is made again after its lease."""
        if self._loop_task is None:
            return
        for desk, unlisten in zip(self._desks, self._unlisten, strict=True):
            self._handoff.withdraw(desk.topic)
            unlisten()
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
            claims = await self._store.run(self._claim)
            self.begin(claims)
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
                claims = await self._store.run(self._claim)
                self.begin(claims)
                if len(claims) >= BATCH:
                    await asyncio.wait(self._errands, return_when=asyncio.FIRST_COMPLETED)
                    continue
                due = await self._store.read(self._next_due)
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

    def _claim(self, tx: Transaction) -> Sequence[_Claimed]:
        now = self._clock.now()
        return [
            _Claimed(desk=desk, errand=errand)
            for desk in self._desks
            for errand in desk.claim_due(tx, self._name, now, now + LEASE, BATCH)
        ]

    def _next_due(self, tx: Transaction) -> Micros | None:
        return min((due for d in self._desks if (due := d.next_due(tx)) is not None), default=None)

    def claim_at(self, desk: Desk, tx: Transaction, key: str, now: Micros) -> Sequence[_Claimed]:
        """Claim what an announcement of a desk is about, in the transaction that made it due."""
        if len(self._errands) >= BATCH:
            return ()
        claimed = desk.claim_of(tx, key, self._name, now, now + LEASE)
        if not claimed and self._in_flight[desk.topic, key]:
            # What is on its way from here is looked at again when it is recorded.
            tx.retract(desk.topic, key)
        return [_Claimed(desk=desk, errand=errand) for errand in claimed]

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

    def begin(self, claims: Sequence[_Claimed]) -> None:
        """Deliver what was claimed, each lane in a task of its own, in order."""
        lanes: dict[str, list[_Claimed]] = {}
        for claimed in claims:
            self._in_flight[claimed.key] += 1
            lanes.setdefault(claimed.errand.lane, []).append(claimed)
        for errands in lanes.values():
            task = asyncio.create_task(self._run(errands), name="errand")
            self._errands.add(task)
            task.add_done_callback(self._errands.discard)

    async def _run(self, claims: Sequence[_Claimed]) -> None:
        for number, claimed in enumerate(claims):
            if number and self._runs_out(claimed.errand):
                result: Delivery | Postponed = Postponed(until=self._clock.now())
            else:
                result = await self._deliver(claimed)
            self._results.append((claimed, result))
            if self._recorder is None:
                self._recorder = asyncio.create_task(self._write_results(), name="recorder")

    def _runs_out(self, errand: Errand) -> bool:
        """Tell whether a claim has waited so long for its lane that an attempt may outlast it."""
        until = errand.claim_until
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
                    self._landed([claimed for claimed, _ in results])
        finally:
            self._recorder = None

    def _landed(self, claims: Sequence[_Claimed]) -> None:
        """Note that these are not on their way any more."""
        for claimed in claims:
            self._in_flight[claimed.key] -= 1
            if not self._in_flight[claimed.key]:
                del self._in_flight[claimed.key]

    async def _deliver(self, claimed: _Claimed) -> Delivery | Postponed:
        errand = claimed.errand
        if errand.needless:
            return Delivery(fate=Fate.PARKED, detail=errand.needless)
        if errand.channel not in self._channels:
            return Delivery(fate=Fate.PARKED, detail="channel not configured")
        name, lane = errand.channel, errand.lane
        until = self._breakers.enter(name, lane, self._clock.now())
        if until is not None:
            return Postponed(until=until)
        try:
            delivery = await self._attempt(claimed)
        except asyncio.CancelledError:
            self._breakers.abandon(name, lane)
            raise
        self._learn(name, lane, delivery)
        return delivery

    async def _attempt(self, claimed: _Claimed) -> Delivery:
        try:
            async with asyncio.timeout(DELIVERY_TIMEOUT):
                return await claimed.desk.attempt(claimed.errand)
        except TimeoutError:
            return Delivery(fate=Fate.UNKNOWN, detail="timed out")
        except Exception as error:
            log.exception("channel %s broke its promise", claimed.errand.channel)
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

    def _record(
        self, tx: Transaction, results: Sequence[tuple[_Claimed, Delivery | Postponed]]
    ) -> None:
        for claimed, result in results:
            if isinstance(result, Delivery):
                self._observer.delivery(claimed.errand.channel, result.fate.value)
        for desk in self._desks:
            own = [(c.errand, result) for c, result in results if c.desk is desk]
            if own:
                desk.record(tx, own, self._clock.now())


@dataclass(frozen=True, slots=True)
class _DeskTaker:
    """Lets a courier take what one desk's announcements made due."""

    courier: Courier
    desk: Desk

    def claim_within(self, tx: Transaction, key: str, now: Micros) -> Sequence[_Claimed]:
        """Claim what the announcement `key` made due."""
        return self.courier.claim_at(self.desk, tx, key, now)

    def begin(self, claims: Sequence[_Claimed]) -> None:
        """Begin with claims whose transaction has committed."""
        self.courier.begin(claims)
