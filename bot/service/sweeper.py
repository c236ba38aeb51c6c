"""The sweeper: has what time made due enter by the same door as all else, and then applied."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from itertools import chain
from time import monotonic

from bot.domain.commands import Outcome
from bot.domain.errors import HandraiseError, Unavailable
from bot.domain.instants import DAY, HOUR, MINUTE, Micros
from bot.domain.surface import retry_delay
from bot.service.bystanding import REMARKED
from bot.service.erasing import carry_on
from bot.service.intake import Intake
from bot.service.notices import TOLD
from bot.service.ports.clock import Clock
from bot.service.ports.moments import Moment, Subject
from bot.service.ports.observer import Observer, Unobserved
from bot.service.ports.store import Store, Transaction
from bot.service.retention import Retention

log = logging.getLogger(__name__)

BATCH = 200
ENTERED = 1_000
"""How many of a kind are entered at once, which takes some ten milliseconds."""
PORTION = 50
"""How many are applied in one transaction: few enough that nobody waits for it long."""
SIDE_BY_SIDE = 4
"""How many transactions of one moment each run at once: fewer than PostgreSQL has writers, for who
clicks meanwhile; more than one, so that rows which somebody holds do not hold up all the others."""
RECEIPTS_KEPT: Micros = 14 * DAY
"""How long a repeated command is recognised; no entrance repeats one for longer."""
FAMILIES_KEPT: Micros = 30 * DAY
ROUNDS = 20
"""Portions that one sweep forgets while there is more."""


class Sweeper:
    """Looks for what is due by index; any number of servers may sweep, and share what there is."""

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
        """Enter and apply everything that is due; return how many commands that took."""
        started = monotonic()
        total = 0
        try:
            done: list[bool] | None = None
            while done is None or done:  # what is left is in other hands: no endless round
                is_behind, waiting = await self._store.read(_look, self._clock.now())
                # Of a long backlog so much is entered as is soon applied, since what was entered
                # is passed over whenever more is looked for. What broke is no reason to wait.
                if is_behind and sum(not moment.tries for moment in waiting) < BATCH:
                    await self.enter()
                    _, waiting = await self._store.read(_look, self._clock.now())
                done = await self._apply(waiting)
                total += sum(done)
            await self._forget_what_is_old()
            await self._store.run(self._tidy, self._clock.now())
        except HandraiseError as error:
            log.warning("the sweep stopped early: %s", error.code)
        self._observer.sweep(monotonic() - started)
        return total

    async def enter(self) -> int:
        """Store what is due, at most `ENTERED` of a kind; return how many of it are new.

        It costs what is due, not what is pending, and takes no question's row.
        """
        return await self._intake.enter(ENTERED)

    async def apply(self) -> int:
        """Apply what was entered, here or by another server; return how many changed something."""
        _, waiting = await self._store.read(_look, self._clock.now())
        return sum(await self._apply(waiting))

    async def _apply(self, waiting: Sequence[Moment]) -> list[bool]:
        """Return for each that moved on whether it changed something; else it was put off."""
        done: list[bool] = []
        questions = [moment for moment in waiting if moment.subject is Subject.QUESTION]
        for start in range(0, len(questions), PORTION):
            done += await self._apply_portion(questions[start : start + PORTION])
        # Each session in a transaction of its own, since its questions are held before it; those
        # that wait together share a commit.
        idle = [moment for moment in waiting if moment.subject is Subject.SESSION]
        return done + await self._apply_each(idle)

    async def _apply_portion(self, moments: Sequence[Moment]) -> list[bool]:
        """Apply some in one transaction; where that fails, each in its own."""
        try:
            return _changed(await self._intake.apply(moments))
        except Unavailable:
            await self._store.check()  # else it is some of these rows that somebody holds for long
        except Exception as error:  # noqa: BLE001 - which of them, and why, is said below
            log.info("of %d that were due one broke: %s", len(moments), type(error).__name__)
        return await self._apply_each(moments)

    async def _apply_each(self, moments: Sequence[Moment]) -> list[bool]:
        """Apply each in its own transaction, so that few that wait hold up few of the others."""
        done: list[bool] = []
        for start in range(0, len(moments), SIDE_BY_SIDE):
            portion = moments[start : start + SIDE_BY_SIDE]
            done += chain(*await asyncio.gather(*map(self._apply_alone, portion)))
        return done

    async def _apply_alone(self, moment: Moment) -> list[bool]:
        """Apply one; if it breaks it is put off, and does not hold up those behind it."""
        try:
            return _changed(await self._intake.apply([moment]))
        except HandraiseError as error:
            log.warning("what was due was refused: %s: %s", moment.subject_id, error.code)
        except Exception:
            log.exception("what was due broke: %s", moment.subject_id)
        until = self._clock.now() + retry_delay(moment.tries + 1)
        await self._store.run(_postpone, moment.subject_id, until)
        return [False]

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


def _look(tx: Transaction, now: Micros) -> tuple[bool, Sequence[Moment]]:
    """Return whether something is due that was not entered, and what was."""
    return tx.moments.is_behind(now), tx.moments.waiting(now, BATCH)


def _postpone(tx: Transaction, subject_id: str, until: Micros) -> None:
    tx.moments.postpone(subject_id, until)


def _changed(outcomes: Sequence[Outcome]) -> list[bool]:
    """Return those that changed something, and not before."""
    return [True for o in outcomes if o.status != "unchanged" and not o.replayed]
