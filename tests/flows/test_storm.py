"""A storm on one PostgreSQL: three servers ask, vote, deliver, sweep and merge at the same time."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import psycopg
import pytest

from bot.adapters.store.postgres import PostgresStore
from bot.domain.commands import (
    SYSTEM_CHANNEL,
    Actor,
    ClaimRequest,
    CommentOn,
    Delegate,
    MarkSeen,
    MergePeople,
    ReleaseRequest,
)
from bot.domain.errors import HandraiseError, Unavailable
from bot.domain.feedback import FeedbackRequest, State
from bot.domain.instants import HOUR
from bot.service.erasing import Erasing
from bot.service.ports.channel import Fate
from bot.service.ports.store import Transaction
from tests.clock import FakeClock
from tests.contract.postgres_server import PostgresServer
from tests.flows.stage import Stage

pytestmark = pytest.mark.postgres

SEED = int(os.environ.get("STORM_SEED", "7"))
ROUNDS = int(os.environ.get("STORM_ROUNDS", "3"))
OWNERS = ("ann", "bob", "carl")
CHANNELS = ("chat", "email")
VOTERS = ("dora", "eve", "fay", "gus", "hal", "ida")
ALIASES = {"dora2": "dora", "fay2": "fay"}
"""Who turns out to be whom, in the midst of it."""
DECISIONS = {f"request.{s.value}" for s in State if s is not State.PENDING}


@pytest.fixture
async def url(postgres_server: PostgresServer) -> AsyncIterator[str]:
    with postgres_server.database() as url:
        yield url


class Storm:
    """Servers with one clock, and hands that do whatever comes to them, all at once."""

    def __init__(self, stages: list[Stage], seed: int) -> None:
        self.stages = stages
        self.random = random.Random(seed)
        self.sessions: dict[str, str] = {}
        self.requests: list[FeedbackRequest] = []
        self.decided: dict[str, int] = {}
        self.kept: dict[str, int] = {}

    @property
    def stage(self) -> Stage:
        return self.random.choice(self.stages)

    async def ask(self, owner: str, what: str) -> None:
        """Open a session, or go on in it, and ask several people."""
        if owner not in self.sessions:
            self.sessions[owner] = await self.stage.opened(owner)
        await self.stage.say(owner, self.sessions[owner], what)

    async def blow(self) -> None:
        """Let everybody act at once on what is open, while it is delivered and time passes."""
        for stage in self.stages:
            for channel in stage.channels.values():
                channel.fates = self.random.choices(
                    [Fate.SHOWN, Fate.RETRY, Fate.UNKNOWN, Fate.FAILED], [12, 2, 1, 1], k=40
                )
        voters = [*VOTERS, *ALIASES]
        acts = [
            self.act(kind, self.random.choice(voters), request)
            for request in self.requests
            for kind in self.random.choices("vvvvvscrldp", k=8)
        ]
        acts += [
            self.act(kind, owner, request)
            for owner, id_ in self.sessions.items()
            for request in self.requests
            if request.session_id == id_
            for kind in self.random.choices("xpe-", [1, 2, 1, 6])
        ]
        acts += [stage.courier.drain() for stage in self.stages]
        acts += [self.sweep(stage) for stage in self.stages]
        acts += [stage.worker.drain() for stage in self.stages]
        self.random.shuffle(acts)
        await asyncio.gather(*acts)

    async def sweep(self, stage: Stage) -> None:
        await stage.sweeper.sweep()

    async def act(self, kind: str, who: str, request: FeedbackRequest) -> None:
        stage = self.stage
        if self.random.random() < 0.05:
            stage.clock.advance(minutes=2)  # a claim runs out
        does: dict[str, Callable[[], Awaitable[object]]] = {
            "v": lambda: self.vote(stage, who, request),
            "s": lambda: stage.act(MarkSeen, who, request, version=1),
            "c": lambda: stage.act(ClaimRequest, who, request),
            "r": lambda: stage.act(ReleaseRequest, who, request),
            "l": lambda: self.comment(stage, who, request),
            "x": lambda: stage.cancel(who, request),
            "p": lambda: stage.profile(who, preferred_channel=self.random.choice(CHANNELS)),
            "e": lambda: stage.close_session(who, request.session_id),
            "-": lambda: stage.say(who, request.session_id, "status"),
            "d": lambda: stage.act(Delegate, who, request, to=self.random.choice(VOTERS)),
        }
        try:
            await does[kind]()
        except Unavailable:
            raise  # nobody is to notice that others are there
        except HandraiseError:
            return

    async def vote(self, stage: Stage, who: str, request: FeedbackRequest) -> None:
        outcome = await stage.answer(who, request, choices=(self.random.choice(request.options),))
        self.kept[request.id] = self.kept.get(request.id, 0) + 1
        if outcome.status == "decided":
            self.decided[request.id] = self.decided.get(request.id, 0) + 1

    async def comment(self, stage: Stage, who: str, request: FeedbackRequest) -> None:
        await stage.act(CommentOn, who, request, text="Hm.")
        self.kept[request.id] = self.kept.get(request.id, 0) + 1

    async def erase(self, who: str) -> None:
        erasing = Erasing(session_timeout=24 * HOUR)
        id_, now = self.stages[0].people[who].id, self.stages[0].clock.now()
        await self.stage.store.run(
            lambda tx: erasing.erase(tx, id_, now, by=None, via=SYSTEM_CHANNEL)
        )

    async def merge(self, alias: str, into: str) -> None:
        people = self.stages[0].people
        await self.stage.intake.submit(
            MergePeople(
                external_key=self.stage.key(),
                actor=Actor(person_id="", channel=SYSTEM_CHANNEL),
                person_id=people[alias].id,
                into=people[into].id,
                proof="seen",
            )
        )


def _check(storm: Storm, tx: Transaction) -> None:
    """Look at all that is stored: it is as if everybody had come one after the other."""
    for session_id in storm.sessions.values():
        session = tx.sessions.get(session_id)
        assert session is not None
        assert session.open_questions == 0
        assert _numbers(tx, session_id) == list(range(1, session.feed_seq + 1))
        for request in tx.requests.of_session(session_id):
            assert not request.is_open
            assert tx.journal.verify(request.id).fault is None
            story = [entry.kind for entry in tx.journal.of_request(request.id)]
            assert sum(kind in DECISIONS for kind in story) == 1
            # A merge may decide, too.
            assert storm.decided.get(request.id, 0) <= 1
            assert len(tx.requests.responses(request.id)) == storm.kept.get(request.id, 0)
            for surface in tx.surfaces.of_request(request.id):
                assert surface.wanted_version == request.version
                assert surface.claim_owner is None
                assert surface.due_at is None
    for person in storm.stages[0].people.values():
        found = tx.people.get(person.id)
        assert found is not None
        assert _numbers(tx, person.id) == list(range(1, found.feed_seq + 1))


def _numbers(tx: Transaction, feed_id: str) -> list[int]:
    return [entry.number for entry in tx.feeds.after(feed_id, 0, 10**6)]


async def _deadlocks(url: str) -> int:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        found = await connection.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
        row = await found.fetchone()
        assert row is not None
        return int(row[0])


async def test_nobody_can_tell_that_others_act_at_the_same_time(url: str) -> None:
    """Invariants 1, 3 and 8, and nobody waits for somebody who waits for them."""
    clock = FakeClock()
    async with AsyncExitStack() as stack:
        stages: list[Stage] = []
        for name in ("first", "second", "third"):
            store = PostgresStore(url, journal_key=b"k" * 32)
            await store.open()
            stack.push_async_callback(store.close)
            stage = Stage(store, clock, name=name, handed_over=True, channels=CHANNELS)
            stage.prefix = name
            stages.append(stage)
        await stages[0].cast(*OWNERS, *VOTERS, *ALIASES)
        for stage in stages[1:]:
            stage.people = stages[0].people
        storm = Storm(stages, SEED)
        merges = list(ALIASES.items())
        for number in range(ROUNDS):
            for owner in OWNERS:
                names = storm.random.sample([*VOTERS, *ALIASES], 5)
                await storm.ask(
                    owner, f"ask {', '.join(names)}: Q{number}? options: yes, no quorum 3 within 2h"
                )
            await asyncio.gather(*(stage.worker.drain() for stage in stages))
            storm.requests = [
                r for id_ in storm.sessions.values() for r in await stages[0].requests(id_)
            ]
            clock.advance(hours=1)  # reminders are due
            changes = [storm.merge(*merges.pop()) if merges else storm.erase("ida")]
            await asyncio.gather(storm.blow(), *changes)
            clock.advance(hours=2)
            await storm.blow()
        for stage in stages:
            for channel in stage.channels.values():
                channel.fates = []
        for _ in range(30):
            clock.advance(hours=1)
            await stages[0].sweeper.sweep()
            await stages[0].worker.drain()
            await stages[0].courier.drain()
        await stages[0].read(lambda tx: _check(storm, tx))
        assert await _deadlocks(url) == 0
