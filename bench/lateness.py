"""How late an event loop is, and what held it up: measured inside the process that has it."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Mapping
from statistics import quantiles
from typing import Any

EVERY = 0.005
"""Seconds between two looks at the clock."""
LONGEST = 5


class Lateness:
    """Wakes up every 5 ms and notes how late it was woken."""

    def __init__(self) -> None:
        self._late: list[float] = []
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin anew."""
        self._late.clear()
        self._next()

    def stop(self) -> Mapping[str, float]:
        """Return the median, the 99th percentile and the greatest lateness in milliseconds."""
        if self._timer is not None:
            self._timer.cancel()
        late = [each * 1000 for each in self._late] or [0.0, 0.0]
        cuts = quantiles(late, n=100, method="inclusive")
        return {"p50": cuts[49], "p99": cuts[98], "max": max(late)}

    def _next(self) -> None:
        loop = asyncio.get_running_loop()
        self._due = loop.time() + EVERY
        self._timer = loop.call_at(self._due, self._look)

    def _look(self) -> None:
        self._late.append(asyncio.get_running_loop().time() - self._due)
        self._next()


class Pieces:
    """Times every synchronous piece that the loop runs, in processor time of its thread.

    Processor time, since a busy machine stops a thread for milliseconds anywhere. Taking it costs
    each piece half a microsecond, so that speed is measured without.
    """

    def __init__(self) -> None:
        self._longest: dict[str, tuple[float, float]] = {}
        self._run = asyncio.Handle._run
        self._collecting = 0.0

    def start(self) -> None:
        """Begin anew."""
        self._longest.clear()
        run, note = self._run, self._note

        def timed(handle: asyncio.Handle) -> None:
            cpu, wall = time.thread_time(), time.perf_counter()
            run(handle)
            took = time.thread_time() - cpu
            if took > 0.001:
                note(_name_of(handle), took, time.perf_counter() - wall)

        asyncio.Handle._run = timed  # type: ignore[method-assign]
        gc.callbacks.append(self._collected)

    def stop(self) -> list[tuple[str, float, float]]:
        """Return the longest pieces: what, its milliseconds of processor time, and by the clock."""
        asyncio.Handle._run = self._run  # type: ignore[method-assign]
        gc.callbacks.remove(self._collected)
        found = [(name, cpu * 1000, wall * 1000) for name, (cpu, wall) in self._longest.items()]
        return sorted(found, key=lambda each: -each[1])[:LONGEST]

    def _note(self, name: str, cpu: float, wall: float) -> None:
        if cpu > self._longest.get(name, (0.0, 0.0))[0]:
            self._longest[name] = (cpu, wall)

    def _collected(self, phase: str, info: Mapping[str, Any]) -> None:
        """Note a garbage collection, in whichever thread: it holds up all of them."""
        if phase == "start":
            self._collecting = time.thread_time()
        else:
            took = time.thread_time() - self._collecting
            self._note(f"garbage collection {info['generation']}", took, took)


def _name_of(handle: asyncio.Handle) -> str:
    called = handle._callback  # type: ignore[attr-defined]
    owner = getattr(called, "__self__", None)
    if isinstance(owner, asyncio.Task):
        coroutine = owner.get_coro()
        return str(getattr(coroutine, "__qualname__", coroutine))
    return str(getattr(called, "__qualname__", called))
