"""Kill servers at random while a crowd talks to them, and look at what is left."""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.checks import seen_by, violations
from tests.faults.crowd import NAMES, Crowd
from tests.faults.process import LEASE_SECONDS, Server
from tests.faults.records import Records
from tests.faults.talker import Talker

Trouble = Callable[[list[Server], random.Random, asyncio.Event], Awaitable[None]]
"""What goes wrong: told the servers, chance, and an event that is set with each frame sent."""

SLOW = 0.3
"""How often a server starts with a planner that takes a tenth of a second."""
KEPT = Path(tempfile.gettempdir()) / "handraise-faults"
"""Where the database of a run that failed is copied to."""


@dataclass
class Report:
    """What a run did, and what it broke."""

    seed: int
    kills: int = 0
    seconds: float = 0.0
    acknowledged: int = 0
    refused: int = 0
    resent: int = 0
    connections: int = 0
    messages: int = 0
    requests: int = 0
    responses: int = 0
    broken: list[str] = field(default_factory=list)
    kept: str = ""

    def __str__(self) -> str:
        """Return it as a person reads it, with how to repeat it where something broke."""
        head = (
            f"seed {self.seed}: {self.kills} kills in {self.seconds:.0f} s; "
            f"{self.acknowledged} acts acknowledged, {self.refused} refused, "
            f"{self.resent} sent more than once, {self.connections} connections; "
            f"{self.messages} messages, {self.requests} questions, {self.responses} answers"
        )
        if not self.broken:
            return f"{head}. Nothing was lost, nothing was done twice."
        listed = "\n".join(f"  - {line}" for line in self.broken[:30])
        return f"{head}.\n{len(self.broken)} promises broken; see {self.kept}:\n{listed}"


async def kill_at_random(
    folder: Path, *, kills: int, seed: int, database_url: str = "", servers: int = 1
) -> Report:
    """Run the busy crowd over servers that die `kills` times, and check what they promised."""

    async def trouble(fleet: list[Server], chance: random.Random, sent: asyncio.Event) -> None:
        for _ in range(kills):
            await _one_kill(chance.choice(fleet), chance, sent)

    report = await busy_crowd(
        folder, trouble, seed=seed, database_url=database_url, servers=servers
    )
    report.kills = kills
    return report


async def busy_crowd(
    folder: Path,
    trouble: Trouble,
    *,
    seed: int,
    database_url: str = "",
    servers: int = 1,
    module: str = "web",
    settings: Mapping[str, str] | None = None,
    ahead: int = 0,
    check: Callable[[Records], Iterable[str]] = lambda _: (),
    prefer: str = "chat",
) -> Report:
    """Let a crowd talk to servers while there is trouble, and check what they promised.

    `ahead` is how many microseconds their clocks are ahead in the end; `check` looks at more, and
    everybody prefers the channel `prefer`.
    """
    report, began = Report(seed=seed), time.monotonic()
    chance = random.Random(f"{seed}-killer")
    url = database_url or f"sqlite:///{folder}/handraise.db"
    fleet = [
        Server(folder / f"server-{n}", url, module=module, settings=dict(settings or {}))
        for n in range(1, servers + 1)
    ]
    await asyncio.gather(*(server.start() for server in fleet))
    tokens = {name: await fleet[0].sign_up(name) for name in NAMES}
    if prefer != "chat":
        for token in tokens.values():
            await fleet[0].prefer(token, prefer)
    crowd = Crowd(tokens, lambda: [server.url for server in fleet], seed)
    sent = asyncio.Event()
    for talker in crowd.talkers:
        talker.on_send = sent.set
    try:
        async with crowd.at_work():
            await trouble(fleet, chance, sent)
            await crowd.calm_down()
            await settled(url, ahead=ahead)
            await crowd.catch_up()
            await told(url, crowd.talkers)
        records = Records.read(url)
    finally:
        for server in fleet:
            await server.kill()
    said = crowd.acts
    report.broken = [
        *crowd.violations,
        *(
            f"{act.client_id} was never answered"
            for t in crowd.talkers
            for act in t.pending.values()
        ),
        *violations(records, said, crowd.interrupted),
        *seen_by(records, crowd.talkers),
        *check(records),
        *(f"{server.log}: {line}" for server in fleet for line in server.complaints()),
    ]
    report.seconds = time.monotonic() - began
    report.acknowledged = sum(act.outcome is not None for _, act in said)
    report.refused = sum(act.refusal is not None for _, act in said)
    report.resent = sum(act.sent > 1 for _, act in said)
    report.connections = sum(talker.connections for talker in crowd.talkers)
    report.messages = len(records.messages)
    report.requests = len(records.requests)
    report.responses = len(records.responses)
    if report.broken:
        report.kept = keep(folder, f"seed-{seed}")
    return report


def keep(folder: Path, name: str) -> str:
    """Copy a run's files to where they stay, and return where that is."""
    target = KEPT / f"{name}-{int(time.time())}"
    shutil.copytree(folder, target, dirs_exist_ok=True)
    return str(target)


async def _one_kill(server: Server, chance: random.Random, sent: asyncio.Event) -> None:
    """Let it work for a while, kill it, and start it again: now and then while it is starting."""
    await asyncio.sleep(chance.uniform(0.05, 0.9))
    if chance.random() < 0.6:
        # Just after a frame was sent: somewhere between its arrival and the last of its effects.
        sent.clear()
        async with asyncio.timeout(30):
            await sent.wait()
        await asyncio.sleep(chance.choice((0, chance.uniform(0, 0.005), chance.uniform(0, 0.03))))
    await server.kill()
    # The rules plan in no time: only a planner that takes its time is often killed at it.
    slow = chance.random() < SLOW
    server.module = "tests.faults.server" if slow else "web"
    server.settings["FAULTS_PLANNER_SECONDS"] = "0.1"
    while chance.random() < 0.1:
        await server.spawn()
        await asyncio.sleep(chance.uniform(0.1, 1.2))
        await server.kill()
    await server.spawn()
    assert await server.ready(), server.log.read_text()[-2000:]


async def settled(url: str, patience: float = 30 + 3 * LEASE_SECONDS, ahead: int = 0) -> None:
    """Wait until nothing is left to do; the checks name what never was done."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        records = await asyncio.to_thread(Records.read, url)
        if not records.unsettled(time.time_ns() // 1000 + ahead):
            return
        await asyncio.sleep(0.3)


async def told(url: str, talkers: Sequence[Talker], patience: float = 15) -> None:
    """Wait until clients have heard all that is stored: one may be coming back just now."""
    end = time.monotonic() + patience
    while seen_by(await asyncio.to_thread(Records.read, url), talkers):
        if time.monotonic() > end:
            return
        await asyncio.sleep(0.05)
