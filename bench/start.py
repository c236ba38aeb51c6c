"""Compares the start with a bare aiohttp server's: memory, time, imports: `python -m bench.start`.

Only the web channel is configured and no model, as after a first `make run`.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench.machine import describe, disk_directory
from bench.server_process import Start, free_port, run_once

ROUNDS = 3
MEMORY_AIM, TIME_AIM = 60.0, 3.0
UNWANTED = re.compile(r"(google|slack_|baml_py|alembic|psycopg)")
"""Modules that a second start without their channel, model or migration must not import."""
IMPORTED = re.compile(r"^import time:[^|]*\|[^|]*\|\s*(\S+)$", re.MULTILINE)
"""A line of `python -X importtime`."""


def main() -> int:
    """Start both in turn, print, and return 1 when something unwanted is imported."""
    print(describe())
    with tempfile.TemporaryDirectory(dir=disk_directory()) as name:
        folder = Path(name)
        first = _start_ours(folder)
        bare: list[Start] = []
        ours: list[Start] = []
        for _ in range(ROUNDS):
            bare.append(_start_bare(folder))
            ours.append(_start_ours(folder))
        modules = _imported(_start_ours(folder, "-X", "importtime").errors)
    _print(first, bare, ours)
    unwanted = sorted(module for module in modules if UNWANTED.match(module))
    if unwanted:
        print(f"  imported without need: {', '.join(unwanted[:20])}")
        return 1
    print(f"  none of the {len(modules):,} imported modules is Google's, Slack's, BAML's,")
    print("  Alembic's or PostgreSQL's")
    return 0


def _start_ours(folder: Path, *options: str) -> Start:
    port = free_port()
    variables = {"DATA_DIR": str(folder / "data"), "HOST": "127.0.0.1", "PORT": str(port)}
    return run_once([*options, "-m", "web"], port, folder, variables)


def _start_bare(folder: Path) -> Start:
    port = free_port()
    return run_once(["-m", "bench.bare_server", str(port)], port, folder, {})


def _imported(errors: str) -> set[str]:
    modules = set(IMPORTED.findall(errors))
    if "web.app" not in modules or "aiohttp.web" not in modules:
        sys.exit("The list of imported modules cannot be read: it lacks what must be in it.")
    return modules


def _print(first: Start, bare: Sequence[Start], ours: Sequence[Start]) -> None:
    print(f"{ROUNDS} starts of each, in turn; medians; the first start also makes the database")
    print(f"\n{'':24}{'RSS MiB':>10}{'seconds to /health':>22}")
    print(f"  {'bare aiohttp':22}{_rss(bare):>10.1f}{_seconds(bare):>22.2f}")
    print(f"  {'Handraise, first':22}{first.rss_mib:>10.1f}{first.seconds:>22.2f}")
    print(f"  {'Handraise, again':22}{_rss(ours):>10.1f}{_seconds(ours):>22.2f}")
    for what, rss in (("first start", first.rss_mib), ("second start", _rss(ours))):
        more = rss - _rss(bare)
        verdict = _met(more <= MEMORY_AIM)
        print(f"  {what}: {more:.1f} MiB more (aim: at most {MEMORY_AIM:g}: {verdict})")
    slowest = max(start.seconds for start in ours)
    print(
        f"  second start: at most {slowest:.2f} s "
        f"(aim: below {TIME_AIM:g}: {_met(slowest < TIME_AIM)})"
    )


def _rss(starts: Sequence[Start]) -> float:
    return median(start.rss_mib for start in starts)


def _seconds(starts: Sequence[Start]) -> float:
    return median(start.seconds for start in starts)


def _met(met: bool) -> str:
    return "met" if met else "not met"


if __name__ == "__main__":
    sys.exit(main())
