"""A server is paused for longer than its lease while another one works: it cannot write after."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.forked import ForkedServer
from tests.faults.points import Point, Stage, connected, points_of_the_story
from tests.faults.records import Records, turns_of

pytestmark = pytest.mark.postgres

PATIENCE = 15
SHORT = 2.5
"""Seconds, and longer than the leases: how long a server sleeps while it holds rows locked."""


async def paused(server: ForkedServer) -> None:
    """Wait until a server's process is stopped (proc(5), the field after the name)."""
    stat = Path(f"/proc/{server.pid}/stat")
    async with asyncio.timeout(PATIENCE):
        while stat.read_text().rpartition(")")[2].split()[0] != "T":  # noqa: ASYNC110, ASYNC240
            await asyncio.sleep(0.02)


class Pair:
    """The story's server, and another one on the same database."""

    def __init__(self, stage: Stage, other: ForkedServer) -> None:
        self.stage = stage
        self.other = other
        self.first_urls = [stage.server.url]
        self.urls = self.first_urls
        for talker in stage.talkers:
            talker.urls = lambda: self.urls

    @classmethod
    async def open(cls, folder: Path, url: str) -> Pair:
        stage = await Stage.open(folder, url, "one")
        other = ForkedServer(folder / "two", url, settings={"SWEEP_SECONDS": "60"})
        await other.start()
        return cls(stage, other)

    async def close(self) -> None:
        self.stage.server.send(signal.SIGCONT)
        await self.stage.server.kill()
        await self.other.kill()

    async def tell_paused_at(self, point: Point, *, until_told: bool) -> bool:
        """Tell the story; the first server sleeps at `point`. Return whether it ended meanwhile."""
        server = self.stage.server
        self.urls = self.first_urls
        server.aim(*point, signal_name="SIGSTOP")
        for talker in self.stage.talkers:
            talker.break_off()
        story = asyncio.create_task(self.stage.tell())
        await paused(server)
        self.urls = [self.other.url]
        for talker in self.stage.talkers:
            talker.break_off()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(story), PATIENCE if until_told else SHORT)
        told_meanwhile = story.done()
        server.send(signal.SIGCONT)
        async with asyncio.timeout(PATIENCE):
            await story
        assert await self.stage.settled() == []
        # What the sleeper still meant to write, it has tried by now.
        await asyncio.sleep(0.5)
        assert self.stage.verdict() == []
        # It aims once in a life; and it must be able to go on.
        assert await server.ready(10)
        await server.kill()
        server.disarm()
        await server.start()
        return told_meanwhile


async def test_a_paused_server_cannot_commit_once_its_turn_was_taken(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    pair = await Pair.open(tmp_path, new_database())
    try:
        async with connected(pair.stage):
            for occurrence in (1, 2):  # the turn that asks, and the turn that tells the answer
                point = ("after the planner", occurrence)
                assert await pair.tell_paused_at(point, until_told=True)
                log = pair.stage.server.log.read_text()
                assert log.count('"outcome": "stale"') == occurrence
        records = Records.read(pair.stage.url)
        claims = [[turn["claim"] for turn in turns] for turns in turns_of(records).values()]
        # Two claims for the turn that was taken over, of which the second one committed.
        assert sorted(claims) == [[1, 3], [2, 3]]
    finally:
        await pair.close()


async def test_a_server_that_sleeps_within_a_transaction_changes_nothing_twice(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    url = new_database()
    points = await points_of_the_story(tmp_path, url)
    pair = await Pair.open(tmp_path, new_database())
    try:
        async with connected(pair.stage):
            for point in points[3::17]:
                await pair.tell_paused_at(point, until_told=False)
    finally:
        await pair.close()
