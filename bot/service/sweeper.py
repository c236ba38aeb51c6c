"""The sweeper: turns what time has made due into commands that enter by the same door."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from time import monotonic

from bot.domain.commands import (
    SYSTEM_CHANNEL,
    Actor,
    AdvanceRequest,
    Command,
    Outcome,
    TimeOutSession,
)
from bot.domain.errors import HandraiseError, Unavailable
from bot.domain.instants import DAY, HOUR, MINUTE, Micros
from bot.service.bystanding import REMARKED
from bot.service.erasing import carry_on
from bot.service.intake import Intake
from bot.service.notices import TOLD
from bot.service.ports.clock import Clock
from bot.service.ports.observer import Observer, Unobserved
from bot.service.ports.store import Store, Transaction
from bot.service.retention import Retention

log = logging.getLogger(__name__)

BATCH = 200
PORTION = 100
"""Questions that are advanced in one transaction: few enough that nobody waits for it long."""
RECEIPTS_KEPT: Micros = 14 * DAY
"""How long a repeated command is recognised; no entrance repeats one for longer."""
FAMILIES_KEPT: Micros = 30 * DAY
ROUNDS = 20
"""Portions that one sweep forgets while there is more."""

_Due = tuple[list[AdvanceRequest], list[TimeOutSession]]

_SYSTEM = Actor(person_id="", channel=SYSTEM_CHANNEL)


class Sweeper:
    """Looks for what is due by index; any number of servers may sweep."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        intake: Intake,
        observer: Observer | None = None,
        retention: Retention | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._intake = intake
        self._observer = observer or Unobserved()
        self._retention = retention or Retention()
        self._forgot_at: Micros = -MINUTE
        self._families_at: Micros = 0
        self._marks_at: Micros = 0

    async def sweep(self) -> int:
        """Apply everything that is due and return how many commands that took."""
        started = monotonic()
        total = 0
        try:
            while due := await self._store.read(self._due, self._clock.now()):
                questions, idle = due
                changed = 0
                for start in range(0, len(questions), PORTION):
                    changed += await self._apply_together(questions[start : start + PORTION])
                changed += await self._apply_each(idle)
                total += changed
                if not changed:  # what is left is not ours to change: no endless round
                    break
            await self._forget_what_is_old()
            await self._store.run(self._tidy, self._clock.now())
        except HandraiseError as error:
            log.warning("the sweep stopped early: %s", error.code)
        self._observer.sweep(monotonic() - started)
        return total

    async def _apply_together(self, commands: Sequence[AdvanceRequest]) -> int:
        """Apply a portion in one transaction; where that fails, each in its own."""
        try:
            outcomes = await self._intake.submit_together(commands)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - which of them, and why, is said below
            log.info("of %d that were due one broke: %s", len(commands), type(error).__name__)
            return await self._apply_each(commands)
        return sum(map(_has_changed, outcomes))

    async def _apply_each(self, commands: Sequence[Command]) -> int:
        # All at once: those that wait together share a commit.
        return sum(await asyncio.gather(*map(self._apply, commands)))

    async def _apply(self, command: Command) -> bool:
        """Apply one command; one that breaks does not hold up those behind it."""
        try:
            outcome = await self._intake.submit(command)
        except Unavailable:
            raise
        except Exception:
            log.exception("what was due broke: %s", command.external_key)
            return False
        return _has_changed(outcome)

    def _due(self, tx: Transaction, now: Micros) -> _Due | None:
        questions = [
            AdvanceRequest(
                external_key=f"time:{id_}:{due_at}", actor=_SYSTEM, request_id=id_, due_at=due_at
            )
            for id_, due_at in tx.requests.due(now, BATCH)
        ]
        idle = [
            TimeOutSession(
                external_key=f"idle:{id_}:{idle_at}",
                actor=_SYSTEM,
                session_id=id_,
                idle_at=idle_at,
            )
            for id_, idle_at in tx.sessions.idle(now, BATCH)
        ]
        return (questions, idle) if questions or idle else None

    async def _forget_what_is_old(self) -> None:
        """Drop what nobody can ask for any more, once a minute, or on and on while there is more.

        It is due to nobody, so that an empty sweep need not pay for looking.
        """
        now = self._clock.now()
        if self._forgot_at <= now < self._forgot_at + MINUTE:  # clocks can be set back
            return
        for _ in range(ROUNDS):
            if not await self._store.run(self._forget, now):
                self._forgot_at = now
                break

    def _forget(self, tx: Transaction, now: Micros) -> bool:
        """Drop what nobody can ask for any more, a bounded portion; True when there may be more."""
        gone = (
            tx.receipts.prune(now - RECEIPTS_KEPT, BATCH),
            tx.accounts.prune_tokens(now - DAY, BATCH),
            # A time that has passed limits nothing; an hour, since clocks can be set back.
            tx.rates.prune(now - HOUR, BATCH),
            tx.inbox.prune(now - RECEIPTS_KEPT, BATCH),
            tx.vault.prune(now - DAY, BATCH),
            tx.links.prune(now, BATCH),
            tx.tickets.prune(now - DAY, BATCH),
            self._forget_families(tx, now),
            self._forget_marks(tx, now),
        )
        return max(gone) >= BATCH

    def _forget_families(self, tx: Transaction, now: Micros) -> int:
        """Drop sign-ins that ended long ago; looked for now and then, since none ends in haste."""
        if now < self._families_at:
            return 0
        gone = tx.accounts.prune_families(now - FAMILIES_KEPT, BATCH)
        if gone < BATCH:
            self._families_at = now + HOUR
        return gone

    def _forget_marks(self, tx: Transaction, now: Micros) -> int:
        """Drop what says that a word was said: the act that it was said for cannot come again."""
        if now < self._marks_at:
            return 0
        gone = [tx.marks.prune(prefix, now - RECEIPTS_KEPT, BATCH) for prefix in (TOLD, REMARKED)]
        if max(gone) < BATCH:
            self._marks_at = now + HOUR
        return max(gone)

    def _tidy(self, tx: Transaction, now: Micros) -> None:
        """Erase some of what must not be kept any longer."""
        self._retention.portion(tx, now)
        carry_on(tx, now)


def _has_changed(outcome: Outcome) -> bool:
    return outcome.status != "unchanged" and not outcome.replayed
