"""Shows that a sweep costs what is due, not what is pending: `python -m bench.sweep`."""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.machine import describe, disk_directory
from bench.pending import HOURS_TO_REMINDER, Pending

FEW, MANY = 10_000, 1_000_000
EMPTY_SWEEPS = 200
ROUNDS = 5
LOOKS = 9
"""At what is due, in each round: one takes a fraction of a millisecond."""
EMPTY_AIM_MS, DUE_AIM_MS, GROWTH_AIM = 1.0, 10.0, 1.5


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Medians in milliseconds, among one number of pending questions."""

    empty: float
    found: dict[int, float]
    """Until it is known that something is due."""
    entered: dict[int, float]
    """A tick: all that is due found and stored by Intake, each once, and committed."""
    applied: dict[int, float]
    """What follows: each taken, what it does to its question written, and committed."""


def main() -> int:
    """Measure on SQLite or PostgreSQL, print, and return 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL instead of SQLite")
    parser.add_argument("--many", type=int, default=MANY, help="pending questions at most")
    parser.add_argument("--profile", action="store_true", help="where the time of applying goes")
    chosen = parser.parse_args()
    print(describe())
    print("PostgreSQL, without fsync" if chosen.postgres else "SQLite, synchronous=FULL")
    with ExitStack() as stack:
        if chosen.postgres:
            # Only with this: whoever measures SQLite needs no test packages.
            from tests.contract.postgres_server import running_server

            server = stack.enter_context(running_server())
            urls = [stack.enter_context(server.database()) for _ in range(2)]
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=disk_directory())))
            urls = [f"sqlite:///{folder / name}" for name in ("few.db", "many.db")]
        few = asyncio.run(_figures(urls[0], FEW, profile=False))
        many = asyncio.run(_figures(urls[1], chosen.many, profile=chosen.profile))
    _print(few, many, chosen.many)
    return 0


async def _figures(url: str, pending: int, *, profile: bool) -> Figures:
    started = time.perf_counter()
    questions = Pending(url)
    await questions.fill(pending)
    print(f"  {pending:,} pending questions made in {time.perf_counter() - started:.0f} s")
    await questions.open()
    try:
        questions.clock.advance(hours=HOURS_TO_REMINDER)
        found: dict[int, float] = {}
        entered: dict[int, float] = {}
        applied: dict[int, float] = {}
        await _sweep(questions, 0)
        empty = median([await _timed(questions.sweeper.sweep) for _ in range(EMPTY_SWEEPS)])
        for due in (100, 1_000):
            await _round(questions, due)  # the first one compiles and warms up
            rounds = [await _round(questions, due) for _ in range(ROUNDS)]
            found[due], entered[due], applied[due] = map(median, zip(*rounds, strict=True))
        if profile:
            await _profiled(questions)
    finally:
        await questions.close()
    return Figures(empty=empty, found=found, entered=entered, applied=applied)


async def _round(questions: Pending, due: int) -> tuple[float, float, float]:
    """Make some questions due; return the milliseconds to find, to enter and to apply them."""
    await questions.make_due(due)
    found = median([await _timed(questions.find) for _ in range(LOOKS)])
    started = time.perf_counter()
    count = 0
    while more := await questions.sweeper.enter():
        count += more
    entered = (time.perf_counter() - started) * 1000
    if count != due:
        sys.exit(f"A tick entered {count} commands, not {due}: the figures are void.")
    started = time.perf_counter()
    await _sweep(questions, due)
    return found, entered, (time.perf_counter() - started) * 1000


async def _sweep(questions: Pending, due: int) -> None:
    swept = await questions.sweeper.sweep()
    if swept != due:
        sys.exit(f"A sweep applied {swept} commands, not {due}: the figures are void.")


async def _timed(act: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await act()
    return (time.perf_counter() - started) * 1000


async def _profiled(questions: Pending) -> None:
    """Print where the CPU goes, thread by thread apart, when 200 are applied."""
    await questions.make_due(200)
    profiler = cProfile.Profile()
    await questions.profiled(profiler)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def _print(few: Figures, many: Figures, pending: int) -> None:
    print(f"\n{'ms, medians':>28}{f'among {FEW:,}':>16}{f'among {pending:,}':>18}")
    rows = [("empty sweep", few.empty, many.empty)]
    for due in few.found:
        rows.append((f"{due:,} due: noticing it", few.found[due], many.found[due]))
        rows.append((f"{due:,} due: a tick", few.entered[due], many.entered[due]))
        rows.append((f"{due:,} due: applying them", few.applied[due], many.applied[due]))
    for name, small, large in rows:
        print(f"{name:>28}{small:>16.2f}{large:>18.2f}")
    print()
    _verdict("empty sweep", many.empty, EMPTY_AIM_MS, "ms")
    _verdict("100 due, a tick", many.entered[100], DUE_AIM_MS, "ms")
    _verdict("1,000 due, a tick", many.entered[1_000] / few.entered[1_000], GROWTH_AIM, "times")
    growth = many.applied[1_000] / few.applied[1_000]
    _verdict("1,000 due, applying them", growth, GROWTH_AIM, "times")
    print(
        f"  100 due, entered and applied: {many.entered[100] + many.applied[100]:.2f} ms (no aim)"
    )


def _verdict(what: str, seen: float, aim: float, unit: str) -> None:
    verdict = "met" if seen <= aim else "not met"
    print(f"  {what}: {seen:.2f} {unit} (aim: at most {aim:g}: {verdict})")


if __name__ == "__main__":
    sys.exit(main())
