"""Tell the main story once for each point at which a server can die, and check its end."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.checks import seen_by, violations
from tests.faults.forked import ForkedServer
from tests.faults.kills import keep, told
from tests.faults.process import Server
from tests.faults.records import Records
from tests.faults.talker import Act, Talker

Point = tuple[str, int]
"""A point's name, and which of its occurrences in the story."""


TRIES = 3
"""What falls into one commit varies, and with it which points there are."""


@dataclass
class Stage:
    """A server, the two people of the story, and how often it has been told."""

    server: ForkedServer
    url: str
    ana: Talker
    ben: Talker
    told: int = 0

    @classmethod
    async def open(cls, folder: Path, database_url: str, name: str, **settings: str) -> Stage:
        """Start a server and sign two people up."""
        settings = {"SWEEP_SECONDS": "60", **settings}
        server = ForkedServer(folder / name, database_url, settings=settings)
        await server.start()
        tokens = {who: await server.sign_up(who) for who in ("ana", "ben")}
        ana, ben = (
            Talker(name=who, token=token, urls=lambda: [server.url], random=random.Random(who))
            for who, token in tokens.items()
        )
        url = database_url or f"sqlite:///{server.data}/handraise.db"
        return cls(server=server, url=url, ana=ana, ben=ben)

    @property
    def talkers(self) -> list[Talker]:
        """Return both people's clients."""
        return [self.ana, self.ben]

    @property
    def said(self) -> list[tuple[Talker, Act]]:
        """Return all that they ever sent."""
        return [(t, act) for t in self.talkers for act in t.acts.values()]

    async def tell(self) -> str:
        """Tell the story to its end, whatever happens to the server; return the session."""
        self.told += 1
        marker = f"story-{self.told:04}"
        start = await self.ana.say(
            type="start",
            client_id=marker,
            text=f"ask ben: Is {marker} fine? options: yes, no",
        )
        assert start.outcome is not None, start.refusal
        session_id: str = start.outcome["session_id"]
        await self.ana.watch(session_id)

        def asked() -> list[dict[str, object]]:
            return [q for q in self.ben.questions.values() if marker in q["question"]]

        await self.ben.until(lambda: bool(asked()))
        question = asked()[0]
        await self.ben.say(
            type="answer",
            client_id=f"{marker}-answer",
            request_id=question["id"],
            digest=question["digest"],
            choices=["yes"],
            text=f"because of {marker}",
        )
        await self.ana.until(
            lambda: (
                [m["role"] for m in self.ana.messages.get(session_id, {}).values()]
                == ["user", "agent", "system", "agent"]
            )
        )
        return session_id

    async def settled(self, patience: float = 15) -> list[str]:
        """Wait until nothing is left to do, whoever held it, and all is told; return the rest."""
        end = time.monotonic() + patience
        while True:
            records = await asyncio.to_thread(Records.read, self.url)
            waiting = records.unsettled(2**62)  # a claim that ran out counts as well
            if not waiting:
                await told(self.url, self.talkers)
            if not waiting or time.monotonic() > end:
                return waiting
            await asyncio.sleep(0.05)

    def verdict(self) -> list[str]:
        """Return which promises are broken, now that everything is settled."""
        records = Records.read(self.url)
        return [
            *(violation for talker in self.talkers for violation in talker.violations),
            *violations(records, self.said),
            *seen_by(records, self.talkers),
            *(f"{r['id']} is {r['state']}" for r in records.requests if r["state"] != "answered"),
            *self.server.complaints(),
        ]


@dataclass
class Tour:
    """Where servers died, and what that broke."""

    died: list[Point] = field(default_factory=list)
    passed_by: list[Point] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0
    kept: str = ""

    def __str__(self) -> str:
        """Return it as a person reads it."""
        head = f"died at {len(self.died)} points in {self.seconds:.0f} s"
        if self.passed_by:
            head += f", {len(self.passed_by)} were not reached: {self.passed_by}"
        if not self.broken:
            return f"{head}. Every story ended as it should, once."
        listed = "\n".join(f"  - {line}" for line in self.broken[:30])
        return f"{head}.\n{len(self.broken)} promises broken; see {self.kept}:\n{listed}"


async def points_of_the_story(folder: Path, database_url: str = "") -> list[Point]:
    """Return every point that the story passes, in order."""
    stage = await Stage.open(folder, database_url, "scout")
    async with connected(stage):
        await stage.tell()  # the first time, statements are compiled
        await stage.settled()
        stage.server.aim("")
        await stage.tell()
        await stage.settled()
    await stage.server.kill()
    counts: Counter[str] = Counter()
    points: list[Point] = []
    for name in stage.server.trail():
        counts[name] += 1
        points.append((name, counts[name]))
    return points


async def die_at_each(
    folder: Path, points: Sequence[Point], database_urls: Sequence[str] = ("",) * 4
) -> Tour:
    """Die at each point, come back, and tell the story to its end; one lane per database."""
    tour, began = Tour(), time.monotonic()
    left = list(reversed(points))
    async with asyncio.TaskGroup() as group:
        for number, url in enumerate(database_urls, start=1):
            group.create_task(_lane(folder, f"lane-{number}", url, left, tour))
    tour.seconds = time.monotonic() - began
    if tour.broken:
        tour.kept = keep(folder, "points")
    return tour


async def _lane(folder: Path, name: str, url: str, left: list[Point], tour: Tour) -> None:
    stage = await Stage.open(folder, url, name)
    try:
        async with connected(stage):
            while left:
                point = left.pop()
                for _ in range(TRIES):
                    broken, died = await _die_at(stage, point)
                    tour.broken += [f"{point}: {line}" for line in broken]
                    if broken or died:
                        break
                (tour.died if died else tour.passed_by).append(point)
                if broken:
                    return
    finally:
        await stage.server.kill()


async def _die_at(stage: Stage, point: Point) -> tuple[list[str], bool]:
    """Tell the story; return what it broke, and whether the server came to the point."""
    server = stage.server
    server.aim(*point)
    guard = asyncio.create_task(_revive(server), name="guard")
    try:
        async with asyncio.timeout(40):
            await stage.tell()
            waiting = await stage.settled()
    except TimeoutError:
        waiting = [f"the story did not end; pending: {[list(t.pending) for t in stage.talkers]}"]
    finally:
        # The last points lie behind the story's end, and a start takes its time.
        await asyncio.wait([guard], timeout=0.3 if server.alive else None)
        died = guard.done()
        if died:
            guard.result()
        else:
            guard.cancel()
            await server.kill()
            server.disarm()
            await server.start()
    return [*waiting, *stage.verdict()], died


async def _revive(server: Server) -> None:
    """Start the server again once it has died."""
    assert isinstance(server, ForkedServer)
    code = await server.ended()
    server.disarm()
    await server.start()
    assert code == -9, f"it ended with {code}: {server.log.read_text()[-2000:]}"


class connected:  # noqa: N801 - reads as what it does
    """Keeps a stage's talkers online."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def __aenter__(self) -> None:
        self._lines = [asyncio.create_task(t.run(), name=t.name) for t in self._stage.talkers]

    async def __aexit__(self, *_: object) -> None:
        for talker in self._stage.talkers:
            talker.stopped = True
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)
