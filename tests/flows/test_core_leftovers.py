"""What acts leave behind: none that is free leaves a row, and what limits nothing is forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.commands import MarkSeen
from bot.domain.errors import RateLimited
from bot.domain.instants import HOUR
from bot.service.limits import RateLimits
from tests.flows.stage import Stage, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """With the limits of the product."""
    async with staged(tmp_path / "core.db", limits=RateLimits()) as stage:
        await stage.cast("ann", "bob")
        yield stage


async def test_stops_are_limited_apart_from_words(stage: Stage) -> None:
    session_id = await stage.opened("ann")
    for n in range(10):
        await stage.say("ann", session_id, f"{n}")
    for _ in range(30):
        await stage.stop("ann", session_id)
    with pytest.raises(RateLimited) as refused:
        await stage.stop("ann", session_id)
    assert (refused.value.scope, refused.value.limit) == ("decisions", 30)


async def test_what_was_seen_leaves_no_receipt(stage: Stage) -> None:
    request = await stage.asked("ann", "ask bob: Can we ship? options: yes, no")
    for version in range(1, 41):
        command = MarkSeen(
            external_key=f"seen:{version}",
            actor=stage.actor("bob"),
            request_id=request.id,
            version=version,
        )
        for _ in range(2):
            assert (await stage.intake.submit(command)).status == "seen"
        assert await stage.store.read(lambda tx, v=version: tx.receipts.find(f"seen:{v}")) is None
    assert (await stage.journal(request.session_id)).count("surface.seen") == 1


async def test_a_sweep_forgets_the_rates_that_limit_nothing(stage: Stage) -> None:
    await stage.start("ann", "status")
    stage.clock.advance(hours=2)
    await stage.start("bob", "status")
    await stage.sweeper.sweep()
    now = stage.clock.now()
    assert await stage.store.run(lambda tx: tx.rates.prune(now - HOUR, 99)) == 0
    assert await stage.store.run(lambda tx: tx.rates.prune(now + HOUR, 99)) == 2  # bob's
