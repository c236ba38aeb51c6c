"""Turns a second over WebSockets, lateness of the loop, and memory of idle sockets, beside an echo.

python -m bench.chat [--seconds 2] [--rounds 3] [--idle 5000]
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.chat_load import Crowd
from bench.chat_process import Server, running
from bench.chat_server import answer_to
from bench.machine import describe, disk_directory
from bot.adapters.store.sqlite import SqliteStore
from bot.domain.planning import Role
from bot.service.ports.store import Transaction

ECHO, OURS = "echo", "handraise"
SIZES = (100, 1_000)
WARM_UP = 1.0
PIECES_SECONDS = 1.0
"""At the end of each round, with every synchronous piece timed."""
SETTLING = 1.0
FEW = 500
"""Sockets that come and go before memory is weighed: what only the first ones cost is in then."""
LATE = ("p50", "p99", "max", "own p99", "own max")
SHOWN = 5
LATE_AIM, PIECE_AIM, MEMORY_AIM = 10.0, 20.0, 1.5


@dataclass(frozen=True, kw_only=True)
class Result:
    """One contender with so many sockets in one round."""

    rate: float
    cpu: float
    """Seconds of the server's processor for a turn."""
    late: Mapping[str, float]
    """Milliseconds."""
    pieces: Sequence[tuple[str, float, float]]
    previews: float = 0.0
    """For each turn."""


def measure(which: str, seconds: float) -> tuple[dict[int, Result], int]:
    """Measure one contender at each size; return that, and how many turns were not as they should.

    What was acknowledged is looked up in the file, once the server has ended.
    """
    with tempfile.TemporaryDirectory(dir=disk_directory()) as name:
        folder = Path(name)
        with running(which, folder) as server:
            results, crowd = asyncio.run(_talk(server, which, seconds))
        wrong = crowd.wrong
        if which == OURS:
            wrong += asyncio.run(_unstored(folder / "handraise.db", crowd.said))
    return results, wrong


async def _talk(server: Server, which: str, seconds: float) -> tuple[dict[int, Result], Crowd]:
    crowd = Crowd(port=server.port)
    if which == OURS:
        crowd.people = server.people(max(SIZES))
    results = {}
    for size in SIZES:
        await crowd.enter(size)
        await crowd.talk(WARM_UP)
        cpu, previews, turns = server.ask("cpu"), crowd.previews, crowd.turns
        server.ask("late")
        rate = await crowd.talk(seconds)
        late = server.ask("how-late")
        cpu, turns = server.ask("cpu") - cpu, crowd.turns - turns
        previews = crowd.previews - previews
        server.ask("pieces")
        await crowd.talk(PIECES_SECONDS)
        results[size] = Result(
            rate=rate,
            cpu=cpu / turns,
            late=late,
            pieces=server.ask("which-pieces"),
            previews=previews / turns,
        )
    await crowd.leave()
    return results, crowd


async def _unstored(path: Path, said: Sequence[tuple[str, str]]) -> int:
    """Return how many turns are not found stored once, with their answer once."""
    store = SqliteStore(path)
    await store.open()
    try:
        return await store.read(_count_unstored, said)
    finally:
        await store.close()


def _count_unstored(tx: Transaction, said: Sequence[tuple[str, str]]) -> int:
    wrong = 0
    of_session: dict[str, list[str]] = {}
    for session_id, text in said:
        of_session.setdefault(session_id, []).append(text)
    for session_id, texts in of_session.items():
        session = tx.sessions.get(session_id)
        length = 0 if session is None else session.message_seq
        messages = tx.messages.after(session_id, 0, length + 1)
        found = Counter((message.role, message.text) for message in messages)
        for text in texts:
            asked, answered = found[Role.USER, text], found[Role.AGENT, answer_to(text)]
            wrong += (asked, answered) != (1, 1)
        wrong += len(messages) != 2 * len(texts)
    return wrong


@dataclass(frozen=True, kw_only=True)
class Weight:
    """What so many idle sockets cost a server, and how it was while they came."""

    kib: float
    """Of memory for each."""
    late: Mapping[str, float]
    pieces: Sequence[tuple[str, float, float]]


def weigh(which: str, number: int) -> Weight:
    """Open so many sockets and leave them idle."""
    with (
        tempfile.TemporaryDirectory(dir=disk_directory()) as name,
        running(which, Path(name)) as server,
    ):
        return asyncio.run(_weigh(server, which, number))


async def _weigh(server: Server, which: str, number: int) -> Weight:
    people = server.people(number) if which == OURS else ()
    # From all over the tables, so that the database's caches are as full as they get.
    first = Crowd(port=server.port, people=people[:: max(1, number // FEW)])
    await first.enter(min(FEW, number))
    await first.leave()
    await asyncio.sleep(SETTLING)
    before = server.ask("rss")
    server.ask("pieces")
    server.ask("late")
    crowd = Crowd(port=server.port, people=people)
    await crowd.enter(number)
    late, pieces = server.ask("how-late"), server.ask("which-pieces")
    await asyncio.sleep(SETTLING)
    kib = (server.ask("rss") - before) * 1024 / number
    await crowd.leave()
    return Weight(kib=kib, late=late, pieces=pieces)


def main() -> int:
    """Print the figures and how they compare; 1 where a turn was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--idle", type=int, default=5_000)
    given = parser.parse_args()
    _raise_limit(given.idle + 500)
    print(describe())
    results: dict[str, list[dict[int, Result]]] = {ECHO: [], OURS: []}
    wrong = 0
    for turn in range(given.rounds):
        for which in (ECHO, OURS) if turn % 2 == 0 else (OURS, ECHO):
            result, lost = measure(which, given.seconds)
            results[which].append(result)
            wrong += lost
    _print_rates(results)
    if given.idle:
        _print_weights({which: weigh(which, given.idle) for which in (ECHO, OURS)}, given.idle)
    if wrong:
        print(f"{wrong} turns were refused, lost, or not stored once: these figures are void.")
        return 1
    print("Every turn that was acknowledged was found stored with its answer, once.")
    return 0


def _raise_limit(needed: int) -> None:
    """Have enough files for the sockets, also in the servers, which inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            sys.exit(f"This needs {needed} open files, and no more than {hard} are allowed.")
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _print_rates(results: Mapping[str, Sequence[Mapping[int, Result]]]) -> None:
    print("\nThe loop's lateness in ms; its own is what is not waiting for a processor.")
    heads = ("turns/s", "CPU each", "late p50", "p99", "max", "own p99", "max")
    print(f"{'':27}" + "".join(f"{head:>10}" for head in heads))
    for size in SIZES:
        for which, name in ((ECHO, "bare echo"), (OURS, "Handraise")):
            each = [result[size] for result in results[which]]
            rate, cpu = median(one.rate for one in each), median(one.cpu for one in each)
            late = [median(one.late[key] for one in each) for key in LATE]
            print(
                f"{f'{name}, {size:,} sockets':27}{rate:10,.0f}{cpu * 1e6:7,.0f} us",
                "".join(f"{figure:10.1f}" for figure in late),
                sep="",
            )
    for size in SIZES:
        _print_verdicts(results, size)


def _print_verdicts(results: Mapping[str, Sequence[Mapping[int, Result]]], size: int) -> None:
    ours = [result[size] for result in results[OURS]]
    ratio = median(
        mine[size].rate / theirs[size].rate
        for mine, theirs in zip(results[OURS], results[ECHO], strict=True)
    )
    previews = median(one.previews for one in ours)
    p99 = median(one.late["p99"] for one in ours)
    longest = sorted((piece for one in ours for piece in one.pieces), key=lambda each: -each[1])
    worst = longest[0][1] if longest else 0.0
    print(f"\n{size:,} sockets: {ratio:.3f} of the echo's rate, {previews:.2f} previews a turn;")
    print(f"  late at p99 {p99:.1f} ms (aim: under {LATE_AIM:g}: {_met(p99 < LATE_AIM)});")
    print(
        f"  longest piece {worst:.1f} ms (aim: at most {PIECE_AIM:g}: {_met(worst <= PIECE_AIM)}):"
    )
    _print_pieces(longest)


def _print_weights(weights: Mapping[str, Weight], number: int) -> None:
    ours = weights[OURS]
    ratio = ours.kib / weights[ECHO].kib
    print(f"\n{number:,} idle sockets: {weights[ECHO].kib:.1f} KiB each for the bare echo,")
    print(f"  {ours.kib:.1f} KiB for Handraise's, signed in and watching a session:")
    print(f"  {ratio:.2f} times (aim: at most {MEMORY_AIM:g}: {_met(ratio <= MEMORY_AIM)});")
    print(f"  while they sign in, late at p99 {ours.late['p99']:.1f} ms", end=" ")
    print(f"(its own {ours.late['own p99']:.1f}); longest pieces:")
    _print_pieces(ours.pieces)
    print()


def _print_pieces(pieces: Sequence[tuple[str, float, float]]) -> None:
    for name, cpu, wall in pieces[:SHOWN]:
        print(f"    {cpu:5.1f} ms of CPU, {wall:5.1f} by the clock: {name}")


def _met(is_met: bool) -> str:
    return "met" if is_met else "not met"


if __name__ == "__main__":
    raise SystemExit(main())
