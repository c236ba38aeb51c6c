"""The cards of a question that is decided: each shows the outcome, also those under way."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from bot.domain.surface import ASKING_PRIORITY, SETTLING_PRIORITY
from bot.service.ports.channel import Fate
from tests.flows.core_stages import stage
from tests.flows.stage import SOON, Stage, staged

__all__ = ["stage"]

ASK = "ask bob, carl, dora: Can we ship? options: yes, no"


async def test_after_the_decision_every_card_shows_it(stage: Stage) -> None:
    """Invariant 3: every surface wants the request's version, and the courier brings it there."""
    request = await stage.asked("ann", ASK)
    before = await stage.surfaces(request)
    assert [(s.wanted_version, s.shown_version, s.priority) for s in before] == [
        (1, 1, ASKING_PRIORITY)
    ] * 3
    await stage.answer("bob", request, choices=("yes",))
    decided = await stage.request(request)
    wanted = await stage.surfaces(request)
    assert {s.wanted_version for s in wanted} == {decided.version} == {2}
    assert {s.priority for s in wanted} == {SETTLING_PRIORITY}
    await stage.settle_down()
    after = await stage.surfaces(request)
    assert [(s.wanted_version, s.shown_version, s.due_at) for s in after] == [(2, 2, None)] * 3
    assert Counter(stage.channel.states()) == {"pending": 3, "answered": 3}
    last = {s.person_id: r for s, r in stage.channel.delivered}
    assert {r.decided_by for r in last.values()} == {stage.people["bob"].id}


async def test_a_card_in_flight_while_it_is_decided_is_repainted(stage: Stage) -> None:
    """Invariant 3: what lands late, with buttons, does not stay so."""
    stage.channel.hold = asyncio.Event()
    session_id = await stage.opened("ann", "ask bob: Can we ship? options: yes, no")
    await stage.worker.drain()
    flight = asyncio.create_task(stage.courier.drain())
    async with asyncio.timeout(SOON):
        await stage.channel.begun.wait()
    [request] = await stage.requests(session_id)
    assert (await stage.answer("bob", request, choices=("no",))).status == "decided"
    assert stage.channel.states() == ["pending"]
    stage.channel.hold.set()
    async with asyncio.timeout(SOON):
        await flight
        await stage.settle_down()
    assert stage.channel.states() == ["pending", "answered"]
    [surface] = await stage.surfaces(request)
    assert (surface.shown_version, surface.due_at, surface.claim_owner) == (2, None, None)


async def test_a_card_that_was_decided_before_it_was_sent_is_not_sent(tmp_path: Path) -> None:
    """Invariant 3: newest only, and nothing where nothing was."""
    async with staged(tmp_path / "core.db") as stage:
        await stage.cast("ann", "bob", "carl")
        session_id = await stage.opened("ann", "ask bob, carl: Ship? options: yes, no")
        await stage.worker.drain()
        [request] = await stage.requests(session_id)
        await stage.answer("bob", request, choices=("yes",))
        await stage.settle_down()
        assert stage.channel.delivered == []
        surfaces = await stage.surfaces(request)
        assert [(s.shown_version, s.due_at) for s in surfaces] == [(0, None)] * 2


async def test_a_card_that_could_not_be_shown_is_tried_again_later(stage: Stage) -> None:
    stage.channel.fates = [Fate.RETRY, RuntimeError("the channel broke"), Fate.SHOWN]
    request = await stage.asked("ann", "ask bob: Can we ship? options: yes, no")
    assert len(stage.channel.delivered) == 1
    for seconds, tries in ((0.9, 1), (0.1, 2), (1.9, 2), (0.1, 3)):
        stage.clock.advance(seconds)
        await stage.courier.drain()
        assert len(stage.channel.delivered) == tries
    [surface] = await stage.surfaces(request)
    assert (surface.shown_version, surface.due_at) == (1, None)


async def test_an_attempt_whose_lease_ran_out_writes_nothing(stage: Stage) -> None:
    """Invariant 8: a courier that wakes after its lease cannot settle a surface."""
    stage.channel.hold = asyncio.Event()
    session_id = await stage.opened("ann", "ask bob: Can we ship? options: yes, no")
    await stage.worker.drain()
    flight = asyncio.create_task(stage.courier.drain())
    async with asyncio.timeout(SOON):
        await stage.channel.begun.wait()
    stage.clock.advance(61)
    second = Stage(stage.store, stage.clock, name="second")
    await second.courier.drain()
    [request] = await stage.requests(session_id)
    [shown] = await stage.surfaces(request)
    assert (shown.shown_version, shown.claim_number) == (1, 2)
    stage.channel.fates = [Fate.RETRY]
    stage.channel.hold.set()
    async with asyncio.timeout(SOON):
        await flight
    assert await stage.surfaces(request) == [shown]
