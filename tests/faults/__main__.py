"""`python -m tests.faults`: kill servers at random, more often than a test has time for."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.contract.postgres_server import running_server
from tests.faults.kills import kill_at_random
from tests.faults.points import die_at_each, points_of_the_story
from tests.faults.troubles import channel_fails, clock_jumps, database_gone

LANES = 4
TROUBLES = {"channel": channel_fails, "clock": clock_jumps, "database": database_gone}


def main() -> int:
    """Run as asked, tell what happened, and return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how often a server is killed")
    parser.add_argument("--seed", type=int, default=None, help="repeat a run's random choices")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--servers", type=int, default=1, help="more than one needs postgres")
    parser.add_argument(
        "--points", action="store_true", help="instead, die once at each point of the main story"
    )
    parser.add_argument(
        "--trouble",
        choices=sorted(TROUBLES),
        help="instead, let this go wrong around a server that stays up",
    )
    parser.add_argument("--rounds", type=int, default=10, help="how often the trouble comes")
    options = parser.parse_args()
    if options.trouble == "database" and options.database == "sqlite":
        parser.error("PostgreSQL is what goes away: add --database postgres")
    if options.servers > 1 and options.database == "sqlite":
        parser.error("SQLite is for one server: add --database postgres")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="handraise-faults-")))
        urls = [""] * (LANES + 1)
        if options.database == "postgres":
            postgres = stack.enter_context(running_server())
            urls = [stack.enter_context(postgres.database()) for _ in urls]
        if options.points:
            broken = asyncio.run(_points(folder, urls))
        elif options.trouble:
            broken = asyncio.run(_trouble(folder, options, urls[0]))
        else:
            broken = asyncio.run(_kills(folder, options, urls[0]))
        return 1 if broken else 0


async def _points(folder: Path, urls: list[str]) -> list[str]:
    points = await points_of_the_story(folder, urls[0])
    print(f"{len(points)} points", flush=True)
    tour = await die_at_each(folder, points, urls[1:])
    print(tour)
    return tour.broken


async def _trouble(folder: Path, options: argparse.Namespace, url: str) -> list[str]:
    seed = random.randrange(10**6) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    trouble = TROUBLES[options.trouble]
    report = await trouble(folder, seed=seed, database_url=url, rounds=options.rounds)
    print(report)
    return report.broken


async def _kills(folder: Path, options: argparse.Namespace, url: str) -> list[str]:
    seed = random.randrange(10**6) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    report = await kill_at_random(
        folder, kills=options.kills, seed=seed, database_url=url, servers=options.servers
    )
    print(report)
    return report.broken


if __name__ == "__main__":
    sys.exit(main())
