"""The one brain: runs a claimed turn, from its context over the planner to the commit."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from time import monotonic

from bot.domain.errors import HandraiseError, PlanningFailed, StaleClaim, Unavailable
from bot.domain.instants import SECOND
from bot.domain.place import channel_of
from bot.domain.planning import AskHuman, Plan, Reply, Spoken
from bot.domain.session import Status
from bot.service.handoff import Handoff
from bot.service.ports.channel import LiveText, Stage
from bot.service.ports.clock import Clock
from bot.service.ports.observer import Observer, Unobserved
from bot.service.ports.planner import Planner
from bot.service.ports.store import Store, Transaction
from bot.service.status_frames import status_frame
from bot.service.turns import ClaimedTurn, Turns, status_after

log = logging.getLogger(__name__)

PREVIEW_INTERVAL = 0.1
"""Seconds between two previews of a turn: ten a second read as typing."""


class Orchestrator:
    """Load, plan, validate, commit; nothing is awaited inside a transaction."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        planner: Planner,
        turns: Turns,
        handoff: Handoff | None = None,
        observer: Observer | None = None,
        stages: Mapping[str, Stage] | None = None,
    ) -> None:
        self._stages = stages or {}
        self._store = store
        self._clock = clock
        self._planner = planner
        self._handoff = handoff or Handoff(store)
        self._turns = turns
        self._observer = observer or Unobserved()

    async def run(self, claim: ClaimedTurn) -> None:
        """Run one turn to its commit; a lost claim ends it without a trace."""
        started = monotonic()
        self._show_status(claim, Status.THINKING)
        renewal = _Renewal(self._store, self._clock, self._turns, claim)
        outcome = "planned"
        try:
            plan = await self._plan(claim)
            outcome = plan.note if plan.note == "failed" else "planned"
            if any(isinstance(step, AskHuman) for step in plan.steps):
                self._show_status(claim, Status.ASKING)
            frame = await self._handoff.run(self._clock.now, self._commit, claim, plan, outcome)
            self._store.broadcast(frame)
            if outcome == "planned" and not plan.note.startswith("rules"):
                await self._name(claim)
        except StaleClaim:
            outcome = "stale"
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        except HandraiseError as error:
            outcome = "broke"
            log.warning("turn broke: %s", error.code, extra={"session_id": claim.session.id})
            await self._break_off(claim)
        except Exception:
            outcome = "broke"
            log.exception("turn broke", extra={"session_id": claim.session.id})
            await self._break_off(claim)
        finally:
            self._end_status(claim)
            await renewal.close()
            seconds = monotonic() - started
            self._observer.turn(outcome, seconds)
            log.info(
                "turn",
                extra={
                    "session_id": claim.session.id,
                    "turn_id": claim.turn_id,
                    "outcome": outcome,
                    "ms": round(seconds * 1000, 1),
                },
            )

    async def _plan(self, claim: ClaimedTurn) -> Plan:
        preview = _Preview(self._store, claim, self._stage(claim))
        try:
            plan = await self._planner.plan(claim.context, preview.show)
        except PlanningFailed as failure:
            return Plan(steps=(Reply(text=failure.message),), note="failed")
        finally:
            await preview.stop()
        summary = await self._summarise(claim)
        if summary is None:
            return plan
        return Plan(steps=plan.steps, note=plan.note, summary=summary)

    async def _summarise(self, claim: ClaimedTurn) -> str | None:
        """Fold what slid out of the window into the summary; without one the turn goes on."""
        if not claim.to_summarise:
            return None
        spoken = [
            Spoken(author=message.role.value, text=message.text) for message in claim.to_summarise
        ]
        try:
            return await self._planner.summarise(claim.session.summary, spoken)
        except PlanningFailed:
            log.warning("no summary this time", extra={"session_id": claim.session.id})
            return None

    def _commit(self, tx: Transaction, claim: ClaimedTurn, plan: Plan, outcome: str) -> str:
        now = self._clock.now()
        return status_after(tx, self._turns.commit(tx, claim, plan, now, outcome), now)

    async def _name(self, claim: ClaimedTurn) -> None:
        """Give a session that has just begun a title; without one its first words stay."""
        first = next((line for line in claim.context.lines if line.is_owner), None)
        if claim.session.planned_seq or first is None:
            return
        try:
            title = await self._planner.name_session(first.text)
            if title is not None:
                await self._store.run(
                    self._turns.rename, claim.session.id, title, self._clock.now()
                )
        except (PlanningFailed, Unavailable):
            log.info("no title this time", extra={"session_id": claim.session.id})

    async def _break_off(self, claim: ClaimedTurn) -> None:
        try:
            await self._store.run(lambda tx: self._turns.break_off(tx, claim, self._clock.now()))
        except HandraiseError as error:
            # The claim's lease runs out by itself, and the turn is due again.
            log.warning("turn could not be released: %s", error.code)

    def _stage(self, claim: ClaimedTurn) -> Stage | None:
        """Return what shows a turn at its place while it runs, where that channel can."""
        return None if claim.place is None else self._stages.get(channel_of(claim.place))

    def _end_status(self, claim: ClaimedTurn) -> None:
        """Show at the turn's place that nothing is being done there any more."""
        stage = self._stage(claim)
        if stage is not None and claim.place is not None:
            stage.status(claim.place, Status.IDLE)

    def _show_status(self, claim: ClaimedTurn, status: Status) -> None:
        stage = self._stage(claim)
        if stage is not None and claim.place is not None:
            stage.status(claim.place, status)
        self._store.broadcast(status_frame(claim.session, status))


class _Renewal:
    """Keeps a claim alive while its turn runs; most turns end before the first renewal is due."""

    def __init__(self, store: Store, clock: Clock, turns: Turns, claim: ClaimedTurn) -> None:
        self._store = store
        self._clock = clock
        self._turns = turns
        self._claim = claim
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(self._pause, self._start)

    @property
    def _pause(self) -> float:
        return self._turns.lease / SECOND / 3

    def _start(self) -> None:
        self._task = asyncio.create_task(self._renew(), name=f"renew {self._claim.turn_id}")

    async def _renew(self) -> None:
        while True:
            try:
                await self._store.run(self._turns.renew, self._claim, self._clock.now())
            except StaleClaim:
                return
            except HandraiseError as error:
                log.warning("claim could not be renewed: %s", error.code)
            await asyncio.sleep(self._pause)

    async def close(self) -> None:
        """Stop renewing."""
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


class _Preview:
    """Broadcasts a reply's text as it grows, at most every `PREVIEW_INTERVAL`."""

    def __init__(self, store: Store, claim: ClaimedTurn, stage: Stage | None) -> None:
        self._store = store
        self._claim = claim
        self._stage = stage
        self._live: LiveText | None = None
        self._last = float("-inf")

    def show(self, text: str) -> None:
        if self._stage is not None and self._claim.place is not None:
            if self._live is None:
                self._live = self._stage.begin(self._claim.place, self._claim.turn_id)
            self._live.show(text)
        now = monotonic()
        if now - self._last < PREVIEW_INTERVAL:
            return
        self._last = now
        self._store.broadcast(
            json.dumps(
                {
                    "type": "preview",
                    "session_id": self._claim.session.id,
                    "turn_id": self._claim.turn_id,
                    "offset": 0,
                    "text": text,
                }
            )
        )

    async def stop(self) -> None:
        """End what is streamed outside: nothing is live while a human is waited for."""
        if self._live is not None:
            await self._live.stop()
