"""Runs one contender for some seconds in a process of its own and counts what is really done."""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from bench.contenders import CONTENDERS, Contender, Cycles

WARM_UP_SECONDS, WARM_UP_AT_ONCE = 0.7, 50
"""Before the clock starts: until the write-ahead log is as long as it gets, each sync lengthens it,
which costs the disk more. These cycles are looked up at the end like the others.
"""


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One contender's cycles in one round."""

    cycles: int
    seconds: float
    cpu_seconds: float
    undone: int
    """Cycles that returned but are not stored as done: none, or the figures mean nothing."""

    @property
    def rate(self) -> float:
        """Return cycles a second."""
        return self.cycles / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Return milliseconds of CPU for each cycle, all threads together."""
        return self.cpu_seconds / self.cycles * 1000


def measure(contender: Contender, at_once: int, seconds: float, directory: Path) -> Measurement:
    """Measure in a fresh process, so that nobody pays for another's imports and garbage."""
    os.sync()  # what the last one left to the disk is not this one's to wait for
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        index = CONTENDERS.index(contender)
        return pool.submit(_measure, index, at_once, seconds, directory).result()


def _measure(index: int, at_once: int, seconds: float, directory: Path) -> Measurement:
    # A trace sent somewhere would be measured too.
    os.environ["LANGSMITH_TRACING"] = os.environ["LANGCHAIN_TRACING_V2"] = "false"
    contender = CONTENDERS[index]
    with tempfile.TemporaryDirectory(dir=directory) as folder:
        path = Path(folder) / "cycles.db"
        warm, ids, wall, cpu = asyncio.run(_run(contender.make(path), at_once, seconds))
        undone = len(warm) + len(ids) - contender.count_done(path, warm + ids)
    return Measurement(cycles=len(ids), seconds=wall, cpu_seconds=cpu, undone=undone)


async def _run(
    cycles: Cycles, at_once: int, seconds: float
) -> tuple[list[str], list[str], float, float]:
    """Return the ids of the warm-up's cycles and of the rest, with their times."""
    numbers = itertools.count()
    await cycles.open()
    try:
        warm = await _work(cycles, numbers, WARM_UP_AT_ONCE, WARM_UP_SECONDS)
        wall, cpu = time.perf_counter(), time.process_time()
        ids = await _work(cycles, numbers, at_once, seconds)
        return warm, ids, time.perf_counter() - wall, time.process_time() - cpu
    finally:
        await cycles.close()


async def _work(cycles: Cycles, numbers: Iterator[int], at_once: int, seconds: float) -> list[str]:
    """Begin cycles for some seconds, finish them, and return their ids."""
    ids: list[str] = []
    end = time.perf_counter() + seconds

    async def work() -> None:
        while time.perf_counter() < end:
            ids.append(await cycles.cycle(next(numbers)))

    await asyncio.gather(*(work() for _ in range(at_once)))
    return ids
