"""The limits of Intake: by session, by person and channel, for decisions apart, and at once."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.commands import Outcome
from bot.domain.errors import Invalid, NotFound, RateLimited
from bot.service.limits import RateLimits
from tests.flows.core_stages import stage
from tests.flows.row_counts import rows
from tests.flows.stage import Stage, staged

__all__ = ["stage"]


@pytest.fixture
async def limited(tmp_path: Path) -> AsyncIterator[Stage]:
    """With the limits of the product."""
    async with staged(tmp_path / "core.db", limits=RateLimits()) as stage:
        await stage.cast("ann", "bob", "mallory")
        yield stage


async def test_the_session_s_limit(limited: Stage) -> None:
    """Ten messages a minute in one session; the eleventh is told when."""
    session_id = await limited.opened("ann")
    for n in range(10):
        await limited.say("ann", session_id, f"{n}")
    before = await rows(limited)
    for _ in range(3):  # who keeps trying does not push the moment away
        with pytest.raises(RateLimited) as refused:
            await limited.say("ann", session_id, "one too many", key="eleven")
        error = refused.value
        assert (error.scope, error.limit, error.retry_after) == ("session", 10, 6)
    assert await rows(limited) == before
    limited.clock.advance(5.999)
    with pytest.raises(RateLimited) as refused:
        await limited.say("ann", session_id, "too early", key="eleven")
    assert refused.value.retry_after == 1
    limited.clock.advance(0.001)
    assert (await limited.say("ann", session_id, "now", key="eleven")).status == "stored"


async def test_the_limit_of_a_person_on_a_channel(limited: Stage) -> None:
    """Twenty a minute on one channel, thirty over all of them."""
    sessions = [await limited.opened("ann") for _ in range(3)]
    rotation = itertools.cycle(sessions)
    for n in range(17):
        await limited.say("ann", next(rotation), f"{n}")
    with pytest.raises(RateLimited) as refused:
        await limited.say("ann", next(rotation), "one too many")
    error = refused.value
    assert (error.scope, error.limit, error.retry_after) == ("person_channel", 20, 3)
    for n in range(10):
        await limited.say("ann", sessions[n % 3], f"{n} by mail", channel="email")
    with pytest.raises(RateLimited) as refused:
        await limited.say("ann", sessions[2], "one too many", channel="email")
    assert (refused.value.scope, refused.value.limit) == ("user", 30)
    # Each has an allowance of their own.
    assert (await limited.start("bob", "Hello")).status == "started"


async def test_refused_for_another_reason_a_command_costs_nothing(limited: Stage) -> None:
    session_id = await limited.opened("ann")
    for n in range(12):
        with pytest.raises(NotFound):
            await limited.say("mallory", session_id, "Hello")
        with pytest.raises(Invalid):
            await limited.say("ann", session_id, "\x00", key=f"bad {n}".replace(" ", "-"))
    for n in range(10):
        await limited.say("ann", session_id, f"{n}")


async def test_a_replay_is_never_refused(limited: Stage) -> None:
    session_id = await limited.opened("ann")
    outcomes = [await limited.say("ann", session_id, f"{n}", key=f"k{n}") for n in range(10)]
    with pytest.raises(RateLimited):
        await limited.say("ann", session_id, "new")
    for n in range(10):
        again = await limited.say("ann", session_id, f"{n}", key=f"k{n}")
        assert (again.replayed, again.seq) == (True, outcomes[n].seq)


async def test_decisions_have_their_own_allowance(limited: Stage) -> None:
    requests = []
    for _ in range(16):
        limited.clock.advance(minutes=1)
        request = await limited.asked("ann", "ask bob: Ship? options: yes, no")
        await limited.close_session("ann", request.session_id)
        requests.append(request)
    session_id = await limited.opened("bob")
    for n in range(10):
        await limited.say("bob", session_id, f"{n}")
    with pytest.raises(RateLimited):
        await limited.say("bob", session_id, "one too many")
    for n in range(30):
        await limited.answer("bob", requests[n % 16], choices=("yes",))
    with pytest.raises(RateLimited) as refused:
        await limited.answer("bob", requests[0], choices=("yes",))
    assert (refused.value.scope, refused.value.retry_after) == ("decisions", 2)


async def test_limits_hold_for_commands_at_once(limited: Stage) -> None:
    session_id = await limited.opened("ann")
    results = await asyncio.gather(
        *(limited.say("ann", session_id, f"{n}") for n in range(40)), return_exceptions=True
    )
    stored = [r for r in results if isinstance(r, Outcome)]
    refused = [r for r in results if isinstance(r, RateLimited)]
    assert (len(stored), len(refused)) == (10, 30)
    assert [o.seq for o in stored] == list(range(1, 11))
    assert len(await limited.messages(session_id)) == 10
