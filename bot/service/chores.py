"""Chores: what one server at a time does now and then, such as reading a mailbox."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.domain.errors import HandraiseError
from bot.domain.instants import MINUTE, Micros
from bot.service.ports.clock import Clock
from bot.service.ports.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Chore:
    """Something to do every so often; `run` may be cut off, and is then begun again later."""

    name: str
    every: Micros
    run: Callable[[], Awaitable[None]]
    takes: Micros = 5 * MINUTE
    """How long it may take at most; nobody else begins meanwhile."""


class Chores:
    """Runs chores that are due, those of other servers excepted; one that breaks harms no other."""

    def __init__(self, *, owner: str, store: Store, clock: Clock, chores: Sequence[Chore]) -> None:
        self._owner = owner
        self._store = store
        self._clock = clock
        self._chores = chores
        self._next: dict[str, Micros] = {}
        self._running: set[str] = set()

    async def tick(self) -> None:
        """Do what is due."""
        now = self._clock.now()
        due = [
            chore
            for chore in self._chores
            if self._next.get(chore.name, 0) <= now and chore.name not in self._running
        ]
        await asyncio.gather(*map(self._do, due))

    async def _do(self, chore: Chore) -> None:
        now = self._clock.now()
        self._next[chore.name] = now + chore.every
        lease = f"chore:{chore.name}"
        self._running.add(chore.name)
        try:
            number = await self._store.run(
                lambda tx: tx.leases.take(lease, self._owner, now, now + chore.takes)
            )
            if number is None:
                return
            try:
                async with asyncio.timeout(chore.takes / 1_000_000):
                    await chore.run()
            finally:
                await self._store.run(lambda tx: tx.leases.give_back(lease, self._owner, number))
        except HandraiseError as error:
            log.warning("chore %s failed: %s", chore.name, error.code)
        except TimeoutError:
            log.warning("chore %s took too long", chore.name)
        except Exception:
            log.exception("chore %s broke", chore.name)
        finally:
            self._running.discard(chore.name)
