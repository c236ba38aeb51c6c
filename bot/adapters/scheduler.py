"""Ticks: APScheduler calls one coroutine at an interval, and knows nothing of what is due."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler


class Ticker:
    """Calls `tick` every `seconds`, never twice at once, and catches up by one call only."""

    def __init__(self, tick: Callable[[], Awaitable[object]], seconds: float) -> None:
        self._tick = tick
        self._seconds = seconds
        self._scheduler: AsyncIOScheduler | None = None

    async def start(self) -> None:
        """Begin to tick, in the running loop."""
        # No grace time: after a blocked loop a tick is late, not lost.
        self._scheduler = AsyncIOScheduler(
            timezone="UTC",
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._scheduler.add_job(self._call, "interval", seconds=self._seconds)
        self._scheduler.start()

    async def _call(self) -> None:
        # A method of our own, since APScheduler never awaits lambdas or callable objects.
        try:
            await self._tick()
        except asyncio.CancelledError:
            if self._scheduler is not None:
                raise
            # By `close`; APScheduler would log it as a fault, with its traceback.

    async def close(self) -> None:
        """Stop ticking; a tick that runs is cancelled."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=True)
            self._scheduler = None
