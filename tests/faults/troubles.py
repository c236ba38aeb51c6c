"""What goes wrong around a server that stays up: its database, its clock, its channel."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
from collections.abc import Iterable
from pathlib import Path

import psycopg

from bot.domain.instants import HOUR, MINUTE, SECOND
from tests.faults.kills import Report, busy_crowd
from tests.faults.process import Server
from tests.faults.records import Records
from tests.faults.server import CLOCK
from tests.faults.side_channel import ARRIVED, MOOD, MOODS, NAME

GONE = 10.0
"""Seconds for which the database does not answer."""
JUMPS = (40 * MINUTE, 3 * HOUR, HOUR, 6 * HOUR, 2 * HOUR, 8 * HOUR)
"""How far the clock is ahead of the true one, one after the other; the last is the furthest."""
SPELL = 2.0
"""Seconds for which a clock or a mood stays."""


async def database_gone(folder: Path, *, seed: int, database_url: str, rounds: int = 1) -> Report:
    """Stop PostgreSQL's processes for 10 s under a busy crowd; each connection is lost by it."""

    async def trouble(fleet: list[Server], chance: random.Random, _: asyncio.Event) -> None:
        for _ in range(rounds):
            await asyncio.sleep(chance.uniform(0.5, 1.5))
            await asyncio.to_thread(_pause, database_url)
            try:
                await asyncio.sleep(GONE)
            finally:
                await asyncio.to_thread(_go_on, database_url, cut=True)
            await asyncio.sleep(1)

    return await busy_crowd(folder, trouble, seed=seed, database_url=database_url)


async def clock_jumps(
    folder: Path, *, seed: int, database_url: str = "", rounds: int = 1
) -> Report:
    """Let the clock jump to and fro; reminders and ends come as it says."""

    async def trouble(fleet: list[Server], chance: random.Random, _: asyncio.Event) -> None:
        for number in range(rounds):
            for ahead in JUMPS:
                await asyncio.sleep(SPELL)
                for server in fleet:
                    (server.data / CLOCK).write_text(str(ahead + number * MINUTE))
        await asyncio.sleep(SPELL)

    def check(records: Records) -> Iterable[str]:
        if not any(request["state"] == "expired" for request in records.requests):
            yield "no question expired: the clock's jumps were not felt"

    return await busy_crowd(
        folder,
        trouble,
        seed=seed,
        database_url=database_url,
        module="tests.faults.server",
        # Some questions end within the jumps, and no session does.
        settings={"FEEDBACK_TIMEOUT_HOURS": "1", "SESSION_TIMEOUT_HOURS": "720"},
        ahead=JUMPS[-1] + rounds * MINUTE + 60 * SECOND,
        check=check,
    )


async def channel_fails(
    folder: Path, *, seed: int, database_url: str = "", rounds: int = 1
) -> Report:
    """Let a channel fail, hang, answer 429, and take cards and lose the connection."""

    async def trouble(fleet: list[Server], chance: random.Random, _: asyncio.Event) -> None:
        for _ in range(rounds):
            for mood in MOODS:
                for server in fleet:
                    (server.data / MOOD).write_text(mood)
                await asyncio.sleep(SPELL)

    def check(records: Records) -> Iterable[str]:
        arrived: dict[str, int] = {}
        for path in folder.glob(f"server-*/{ARRIVED}"):
            for line in path.read_text().splitlines():
                surface_id, version, _ = json.loads(line)
                arrived[surface_id] = max(version, arrived.get(surface_id, 0))
        yield from _shown(records, arrived)

    return await busy_crowd(
        folder,
        trouble,
        seed=seed,
        database_url=database_url,
        module="tests.faults.server",
        settings={"FAULTS_CHANNEL": "1"},
        prefer=NAME,
        check=check,
    )


def _shown(records: Records, arrived: dict[str, int]) -> Iterable[str]:
    """Every card that ever arrived shows its question as it is; none was given up."""
    versions = {request["id"]: request["version"] for request in records.requests}
    mine = [surface for surface in records.surfaces if surface["channel"] == NAME]
    if len(arrived) < 10:
        yield f"only {len(arrived)} cards arrived: the run shows nothing"
    for surface in mine:
        if surface["state"] == "dead":
            yield f"surface {surface['id']} was given up"
        if surface["id"] in arrived:
            shown = arrived[surface["id"]]
            if shown != versions[surface["request_id"]] or surface["shown_version"] != shown:
                yield f"surface {surface['id']} stands at an old version at its other side"
    tried = {attempt["outcome"] for attempt in records.attempts}
    if not {"shown", "retry", "unknown"} <= tried:
        yield f"not all that can go wrong did: {sorted(tried)}"


def _pause(url: str) -> None:
    for pid in _processes(url):
        os.kill(pid, signal.SIGSTOP)


_known: dict[str, list[int]] = {}


def _processes(url: str) -> list[int]:
    """Return PostgreSQL's own processes, the one that starts the others first."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
        assert row is not None
        backends = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid()"
        ).fetchall()
    first = int((Path(row[0]) / "postmaster.pid").read_text().split()[0])
    _known[url] = [first, *(backend[0] for backend in backends)]
    return _known[url]


def _go_on(url: str, *, cut: bool) -> None:
    """Let them go on; with `cut` who served a connection ends, as after a crash of the host."""
    first, *backends = _known.pop(url)
    for pid in (*backends, first):
        try:
            if cut and pid != first:
                os.kill(pid, signal.SIGTERM)
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            continue
