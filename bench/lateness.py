"""How late an event loop is, and what held it up: measured inside the process that has it."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import quantiles
from typing import Any

EVERY = 0.005
"""Seconds between two looks at the clock."""
LONGEST = 5


class Lateness:
    """Wakes up every 5 ms and notes how late it was woken.

    On a machine that others use too, some of it is waiting for a processor, which Linux tells; what
    is left is the process's own.
    """

    def __init__(self) -> None:
        self._late: list[float] = []
        self._own: list[float] = []
        self._due = 0.0
        self._waited = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin anew."""
        self._late.clear()
        self._own.clear()
        self._next()

    def stop(self) -> Mapping[str, float]:
        """Return percentiles in milliseconds: of all of it, and of what is the process's own."""
        if self._timer is not None:
            self._timer.cancel()
        late, own = _percentiles(self._late), _percentiles(self._own)
        return {"p50": late[49], "p99": late[98], "max": max(self._late, default=0.0) * 1000} | {
            "own p99": own[98],
            "own max": max(self._own, default=0.0) * 1000,
        }

    def _next(self) -> None:
        loop = asyncio.get_running_loop()
        self._waited = _waited()
        self._due = loop.time() + EVERY
        self._timer = loop.call_at(self._due, self._look)

    def _look(self) -> None:
        late = asyncio.get_running_loop().time() - self._due
        self._late.append(late)
        self._own.append(max(0.0, late - (_waited() - self._waited)))
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


def _percentiles(seconds: list[float]) -> list[float]:
    return quantiles([each * 1000 for each in seconds] or [0.0, 0.0], n=100, method="inclusive")


def _waited() -> float:
    """Return for how long this thread was ready and no processor was free, in seconds.

    The second figure of schedstat (Linux, Documentation/scheduler/sched-stats); 0 elsewhere.
    """
    try:
        told = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat").read_bytes()
        return int(told.split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def _name_of(handle: asyncio.Handle) -> str:
    called = handle._callback  # type: ignore[attr-defined]
    owner = getattr(called, "__self__", None)
    if isinstance(owner, asyncio.Task):
        coroutine = owner.get_coro()
        return str(getattr(coroutine, "__qualname__", coroutine))
    return str(getattr(called, "__qualname__", called))
