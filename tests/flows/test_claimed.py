"""Who is left alone: others while somebody is on it, and channels that are not wanted any more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.commands import ClaimRequest, ReleaseRequest
from bot.domain.feedback import FeedbackRequest, Kind
from bot.domain.instants import HOUR
from bot.domain.planning import AskHuman, Role
from bot.service.ports.channel import Fate
from bot.service.ports.store import Transaction
from tests.flows.stage import Stage, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "claimed.db", channels=("chat", "slack", "email")) as stage:
        await stage.cast("ann", "bob", "carl")

        def on_slack(tx: Transaction) -> None:
            for name in ("bob", "carl"):
                person = stage.people[name]
                tx.people.add_identity("slack", f"T1:{name}", person.id, stage.clock.now())

        await stage.store.run(on_slack)
        yield stage


async def asked(stage: Stage) -> FeedbackRequest:
    """Ask Bob and Carl; nobody looks at the page, so that it goes on to Slack in two seconds."""
    stage.channel.fates = [Fate.PARKED] * 100
    ask = AskHuman(people=("bob", "carl"), question="Ship?", kind=Kind.INPUT, within=8 * HOUR)
    request = await stage.put("ann", ask)
    stage.clock.advance(seconds=3)
    await stage.courier.drain()
    return request


def sent(stage: Stage, channel: str) -> list[str]:
    """Return to whom a channel has brought something, each once."""
    names = {person.id: name for name, person in stage.people.items()}
    found = {names[surface.person_id] for surface, _ in stage.channels[channel].delivered}
    return sorted(found)


async def test_nobody_else_is_tried_on_their_next_channel(stage: Stage) -> None:
    request = await asked(stage)
    assert sent(stage, "slack") == ["bob", "carl"]
    await stage.act(ClaimRequest, "bob", request, channel="slack")
    stage.clock.advance(minutes=20)
    await stage.courier.drain()
    assert sent(stage, "email") == ["bob"]
    # Neither by a reminder, nor by anything else that changes the question.
    stage.clock.advance(hours=4)
    await stage.sweeper.sweep()
    await stage.courier.drain()
    assert "request.reminded" in await stage.story(request)
    assert sent(stage, "email") == ["bob"]
    told = await stage.said(request.session_id, Role.SYSTEM)
    assert not [text for text in told if "could not reach" in text]
    await stage.act(ReleaseRequest, "bob", request, channel="slack")
    stage.clock.advance(minutes=20)
    await stage.courier.drain()
    assert sent(stage, "email") == ["bob", "carl"]


async def test_a_new_preference_moves_what_was_not_tried(stage: Stage) -> None:
    stage.channel.fates = [Fate.PARKED] * 100
    ask = AskHuman(people=("bob", "carl"), question="Ship?", kind=Kind.INPUT, within=8 * HOUR)
    request = await stage.put("ann", ask)
    await stage.profile("bob", preferred_channel="email")
    mine = [s for s in await stage.surfaces(request) if s.person_id == stage.people["bob"].id]
    order = [s.channel for s in sorted(mine, key=lambda s: s.position)]
    # Chat was first, and was tried.
    assert order == ["chat", "email", "slack"]
    stage.clock.advance(seconds=3)
    await stage.courier.drain()
    assert (sent(stage, "email"), sent(stage, "slack")) == (["bob"], ["carl"])
    stage.clock.advance(minutes=20)
    await stage.courier.drain()
    assert (sent(stage, "email"), sent(stage, "slack")) == (["bob", "carl"], ["bob", "carl"])
    # What was tried stays where it is.
    await stage.profile("bob", preferred_channel="slack")
    again = [s for s in await stage.surfaces(request) if s.person_id == stage.people["bob"].id]
    assert [s.channel for s in sorted(again, key=lambda s: s.position)] == order


async def test_where_somebody_writes_is_where_they_were_last_active(stage: Stage) -> None:
    session_id = await stage.opened("ann", "Hello.")
    ann = stage.people["ann"].id

    async def last() -> str | None:
        person = await stage.read(lambda tx: tx.people.get(ann))
        assert person is not None
        return person.last_channel

    assert await last() == "chat"
    await stage.say("ann", session_id, "On my way.", channel="email")
    assert await last() == "email"
    await stage.profile("ann", zone="Europe/Paris")
    assert await last() == "email"
    # By any name that they have.
    await stage.store.run(lambda tx: tx.people.merge(stage.people["bob"].id, ann))
    await stage.say("bob", session_id, "It is me.", channel="slack")
    assert await last() == "slack"
