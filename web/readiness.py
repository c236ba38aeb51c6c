"""Whether this server can serve: the database answers, and takes what is written."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import monotonic

from aiohttp import web

from bot.domain.errors import HandraiseError, Unavailable
from bot.domain.instants import Micros
from bot.service.ports.store import NOT_WRITABLE, Store, Transaction

SECONDS = 2.0
PATIENCE = 1.0
"""Seconds that the answer waits for the write."""
PROBED_EVERY = 10.0
"""Seconds; a full or read-only disk refuses what is written, which a read does not tell."""
_PROBE = "ready.probe"


@dataclass(slots=True)
class Readiness:
    """Asks the database, and writes to it now and then, however often it is asked itself."""

    _probe: asyncio.Task[bool] | None = None
    _has_room: bool = True
    _probed_at: float = float("-inf")

    async def check(self, store: Store, now: Micros) -> None:
        """Raise `Unavailable` when the database does not answer, or has no room for a write."""
        try:
            async with asyncio.timeout(SECONDS):
                await store.check()
        except TimeoutError:
            raise Unavailable("The database does not answer.") from None
        if self._probe is None or self._is_old(self._probe):
            # One for all who ask meanwhile; it goes on when one of them hangs up.
            self._probed_at = monotonic()
            self._probe = asyncio.create_task(_has_room(store, now), name="ready-probe")
        # Whoever else writes may hold it up: that passes, and refuses nothing.
        await asyncio.wait([self._probe], timeout=PATIENCE)
        self._has_room = self._probe.result() if self._probe.done() else self._has_room
        if not self._has_room:
            raise Unavailable(
                "The database cannot be written: its disk is full, or only read from.",
                code=NOT_WRITABLE,
            )

    async def close(self) -> None:
        """Wait for a probe that is under way."""
        if self._probe is not None:
            await asyncio.wait([self._probe])

    def _is_old(self, probe: asyncio.Task[bool]) -> bool:
        return probe.done() and monotonic() >= self._probed_at + PROBED_EVERY


async def _has_room(store: Store, now: Micros) -> bool:
    try:
        await store.run(_note, now)
    except HandraiseError as error:
        return error.code != NOT_WRITABLE
    return True


def _note(tx: Transaction, now: Micros) -> None:
    tx.marks.put(_PROBE, "1", now)


READINESS: web.AppKey[Readiness] = web.AppKey("readiness")
