"""Limits at Intake, for every entrance alike: what is counted, and what has an allowance."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain import commands
from bot.domain.commands import (
    AdvanceRequest,
    Command,
    CommentOn,
    MarkSeen,
    MergePeople,
    TimeOutSession,
)
from bot.domain.errors import RateLimited
from bot.domain.instants import MINUTE
from bot.service import limits
from bot.service.backlog import Backlog
from bot.service.limits import RateLimits
from bot.service.ports.inbox import Received
from tests.flows.conftest import Client, SignUp
from tests.flows.stage import Stage, staged

FEW = RateLimits(per_user=4, per_session=3, per_person_channel=4)
NEITHER = {AdvanceRequest, TimeOutSession, MarkSeen, MergePeople}
"""Time's own, what a screen does by itself, and what an administrator does."""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "limits.db", limits=FEW) as stage:
        await stage.cast("ann", "bob")
        yield stage


def test_every_command_is_in_one_of_the_three() -> None:
    known = {
        each
        for each in vars(commands).values()
        if isinstance(each, type) and issubclass(each, Command) and each is not Command
    }
    counted, decisions = set(limits._COUNTED), set(limits._DECISIONS)
    assert known == counted | decisions | NEITHER
    assert not counted & decisions
    assert not (counted | decisions) & NEITHER


async def test_a_busy_approver_is_not_refused_for_what_they_wrote(stage: Stage) -> None:
    request = await stage.asked("ann", "ask bob: Ship?")
    session_id = await stage.opened("bob", "hello")
    with pytest.raises(RateLimited):  # noqa: PT012 - which of them is refused is not the point
        for n in itertools.count():
            await stage.say("bob", session_id, f"{n}")
    assert (await stage.answer("bob", request, text="yes, do")).status == "decided"
    # Nor is somebody who decided much kept from writing.
    with pytest.raises(RateLimited) as refused:  # noqa: PT012
        for n in itertools.count():
            await stage.act(CommentOn, "bob", request, text=f"{n}")
    assert refused.value.scope == "decisions"
    stage.clock.advance(minutes=1)
    await stage.say("bob", session_id, "again")


async def test_who_keeps_trying_does_not_push_the_moment_away(stage: Stage) -> None:
    session_id = await stage.opened("ann", "hello")
    waits = []
    for n in range(12):
        try:
            await stage.say("ann", session_id, f"{n}")
        except RateLimited as refused:
            waits.append(refused.retry_after)
    assert len(waits) > 6
    assert len(set(waits)) == 1
    # It refuses by one limit after the other: the session's comes back last.
    stage.clock.advance(minutes=1 / FEW.per_session)
    await stage.say("ann", session_id, "now")


async def test_a_limit_is_one_for_all_servers(stage: Stage) -> None:
    """It is in the database, so that a second server knows what the first one counted."""
    other = Stage(stage.store, stage.clock, limits=FEW, name="second")
    other.people, other.prefix = stage.people, "other"
    session_id = await stage.opened("ann", "hello")
    taken = 0
    with pytest.raises(RateLimited):  # noqa: PT012
        for server in itertools.cycle((stage, other)):
            await server.say("ann", session_id, "more")
            taken += 1
    assert taken == FEW.per_session


async def test_a_channel_s_words_are_kept_until_they_may_be_taken(stage: Stage) -> None:
    """What came by mail or Slack was acknowledged: over the limit it waits, and is not lost."""
    session_id = await stage.opened("ann", "hello")

    async def deal(received: Received) -> None:
        await stage.say("ann", session_id, received.payload, key=received.key, channel="email")

    backlog = Backlog(name="one", store=stage.store, clock=stage.clock, deals={"mail": deal})
    words = [f"{n}. word" for n in range(8)]
    now = stage.clock.now()

    def keep(tx):  # type: ignore[no-untyped-def]
        for n, text in enumerate(words):
            tx.inbox.add(
                Received(key=f"mail:{n}", kind="mail", payload=text, due_at=now, received_at=now)
            )

    await stage.store.run(keep)
    await backlog.drain()
    taken = [m.text for m in await stage.messages(session_id)]
    assert 1 < len(taken) < len(words)
    due = await stage.read(lambda tx: tx.inbox.next_due())
    assert due is not None
    assert now < due <= now + MINUTE
    for _ in range(20):
        stage.clock.advance(seconds=20)
        await backlog.drain()
    assert {m.text for m in await stage.messages(session_id)} >= set(words)


async def test_reading_and_refreshing_are_not_counted(client: Client, sign_up: SignUp) -> None:
    ann = await sign_up("ann")
    for _ in range(45):  # more than a person's thirty a minute
        assert (await ann.get("/api/sessions"))[0] == 200
        assert (await ann.get("/api/questions"))[0] == 200
    for _ in range(35):
        status, tokens = await ann.post(
            "/api/auth/refresh", {"refresh_token": ann.tokens["refresh_token"]}
        )
        assert status == 200
        ann.tokens = tokens
    assert (await ann.post("/api/sessions", {"text": "still here"}))[0] == 201
