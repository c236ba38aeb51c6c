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


def main() -> int:
    """Run as asked, tell what happened, and return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how often a server is killed")
    parser.add_argument("--seed", type=int, default=None, help="repeat a run's random choices")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--servers", type=int, default=1, help="more than one needs postgres")
    options = parser.parse_args()
    if options.servers > 1 and options.database == "sqlite":
        parser.error("SQLite is for one server: add --database postgres")
    seed = random.randrange(10**6) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="handraise-faults-")))
        url = ""
        if options.database == "postgres":
            url = stack.enter_context(stack.enter_context(running_server()).database())
        report = asyncio.run(
            kill_at_random(
                folder,
                kills=options.kills,
                seed=seed,
                database_url=url,
                servers=options.servers,
            )
        )
        print(report)
        return 1 if report.broken else 0


if __name__ == "__main__":
    sys.exit(main())
