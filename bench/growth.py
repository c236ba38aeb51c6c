"""Compares what a turn costs in an old session with a young one: `python -m bench.growth`."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench.long_sessions import LongSessions
from bench.machine import describe, disk_directory

YOUNG, OLD = 10, 1_000
ROUNDS = 5
SESSIONS = 40
"""Of each length in each round; a session is used once, so that its length is what it says."""
TURNS = 2
"""In a cycle: one that asks and one that goes on with the answer."""
MESSAGES = 4
"""That a cycle adds: what the owner wrote, that it was asked, the answer, the reply."""
BYTES_AIM, CPU_AIM = 1.25, 1.5


def main() -> int:
    """Measure, print, and return 1 when a cycle did not store what it should."""
    print(describe())
    with tempfile.TemporaryDirectory(dir=disk_directory()) as folder:
        figures = asyncio.run(_measure(Path(folder) / "growth.db"))
    sizes = {length: median(size for size, _ in figures[length]) for length in (YOUNG, OLD)}
    times = {length: median(cpu for _, cpu in figures[length]) for length in (YOUNG, OLD)}
    print(f"{ROUNDS} rounds of {SESSIONS} sessions each, {TURNS} turns in each session; medians")
    print(f"\n{'history':>10}{'bytes stored per turn':>24}{'CPU ms per turn':>18}")
    for length in (YOUNG, OLD):
        print(f"{length:>10,}{sizes[length]:>24,.0f}{times[length]:>18.3f}")
    _print_ratio("bytes", sizes[OLD] / sizes[YOUNG], BYTES_AIM)
    # Each round's own ratio: a slow minute slows both sides of it.
    pairs = zip(figures[OLD], figures[YOUNG], strict=True)
    _print_ratio("CPU", median(old[1] / young[1] for old, young in pairs), CPU_AIM)
    return 0


def _print_ratio(what: str, ratio: float, aim: float) -> None:
    verdict = "met" if ratio <= aim else "not met"
    print(f"  {what}: {ratio:.2f} times (aim: at most {aim:g}: {verdict})")


async def _measure(path: Path) -> dict[int, list[tuple[float, float]]]:
    """Return bytes and CPU milliseconds per turn, of each round, by length of history."""
    sessions = LongSessions(path)
    figures: dict[int, list[tuple[float, float]]] = {YOUNG: [], OLD: []}
    await sessions.open()
    try:
        for i in range(ROUNDS):
            for j, length in enumerate((YOUNG, OLD)):
                first = (2 * i + j) * SESSIONS
                numbers = range(first, first + SESSIONS)
                figures[length].append(await _round(sessions, path, numbers, length))
    finally:
        await sessions.close()
    return figures


async def _round(
    sessions: LongSessions, path: Path, numbers: Sequence[int], length: int
) -> tuple[float, float]:
    ids = [await sessions.start(number, length) for number in numbers]
    before = await _settled_bytes(path)
    cpu = time.process_time()
    await asyncio.gather(
        *(sessions.go_on(number, id_) for number, id_ in zip(numbers, ids, strict=True))
    )
    cpu = time.process_time() - cpu
    size = await _settled_bytes(path) - before
    for id_ in ids:
        stored = await sessions.length(id_)
        if stored != length + MESSAGES:
            sys.exit(f"A session has {stored} messages, not {length + MESSAGES}: figures are void.")
    turns = len(ids) * TURNS
    return size / turns, cpu * 1000 / turns


async def _settled_bytes(path: Path) -> int:
    """Return the bytes of all rows and index entries, once what runs afterwards is stored too."""
    await asyncio.sleep(0.3)
    return await asyncio.to_thread(_bytes, path)


def _bytes(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("SELECT sum(payload) FROM dbstat").fetchone()[0])
    except sqlite3.OperationalError:
        sys.exit("This Python's SQLite was built without dbstat, which counts the bytes stored.")
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
