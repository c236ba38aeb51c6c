"""The backlog: at once, in order within a lane, side by side across them, and not too many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.adapters.store.sqlite import SqliteStore
from bot.domain.errors import RateLimited, Unavailable
from bot.domain.instants import SECOND
from bot.service import backlog as module
from bot.service.backlog import AT_ONCE, IN_HAND, LEASE, Backlog, InOrder, NotYet
from bot.service.lanes import Turn
from bot.service.ports.inbox import Received
from bot.service.ports.store import Topic, Transaction
from bot.service.pressure import LATE, Pressure
from tests.clock import FakeClock

Deal = Callable[[Received], Awaitable[None]]


class Stage:
    """A store whose inbox holds things named `lane:place`."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.clock = FakeClock()

    def backlog(self, deal: Deal, name: str = "one") -> Backlog:
        return Backlog(
            name=name, store=self.store, clock=self.clock, deals={"k": InOrder(deal, turn_of)}
        )

    async def keep(self, *keys: str) -> None:
        now = self.clock.now()

        def add(tx: Transaction) -> None:
            for key in keys:
                tx.inbox.add(Received(key=key, kind="k", payload="{}", due_at=now, received_at=now))
            tx.announce(Topic.INBOX, "k")

        await self.store.run(add)

    async def left(self, key: str) -> Received:
        found = await self.store.read(lambda tx: tx.inbox.get(key))
        assert found is not None
        return found


def turn_of(received: Received) -> Turn:
    lane, _, at = received.key.partition(":")
    return Turn(lane=lane, at=int(at))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    store = SqliteStore(tmp_path / "handraise.db")
    await store.open()
    yield Stage(store)
    await store.close()


async def test_what_is_kept_is_dealt_with_without_waiting_for_a_poll(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL", 3_600 * SECOND)
    dealt = asyncio.Event()

    async def deal(_: Received) -> None:
        dealt.set()

    backlog = stage.backlog(deal)
    await backlog.start()
    for number in range(3):
        dealt.clear()
        await stage.keep(f"a:{number}")
        await asyncio.wait_for(dealt.wait(), 10)
    await backlog.close()


async def test_one_lane_keeps_its_order_while_others_go_on(stage: Stage) -> None:
    order: list[str] = []
    held, others = asyncio.Event(), asyncio.Event()

    async def deal(received: Received) -> None:
        order.append(received.key)
        if received.key == "a:1":
            await held.wait()
        if received.key == "b:2":
            others.set()

    await stage.keep("a:3", "b:2", "a:1", "b:1", "a:2")
    draining = asyncio.create_task(stage.backlog(deal).drain())
    await asyncio.wait_for(others.wait(), 10)
    assert [key for key in order if key.startswith("a")] == ["a:1"]
    held.set()
    await asyncio.wait_for(draining, 10)
    assert [key for key in order if key.startswith("a")] == ["a:1", "a:2", "a:3"]
    assert [key for key in order if key.startswith("b")] == ["b:1", "b:2"]


async def test_so_many_at_once_and_no_more_whatever_waits(stage: Stage) -> None:
    running, most, total = 0, 0, IN_HAND * 2 + 7
    dealt: list[str] = []
    all_dealt = asyncio.Event()

    async def deal(received: Received) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        dealt.append(received.key)
        if len(dealt) == total:
            all_dealt.set()

    await stage.keep(*(f"l{number}:0" for number in range(total)))
    backlog = stage.backlog(deal)
    await backlog.start()
    await asyncio.wait_for(all_dealt.wait(), 30)
    await backlog.close()
    assert most == AT_ONCE
    assert len(set(dealt)) == total


async def test_what_is_postponed_lets_the_others_of_its_lane_pass(stage: Stage) -> None:
    dealt: list[str] = []
    refusals: dict[str, Exception] = {
        "a:1": RateLimited("slowly", retry_after=7, limit=1, scope="user"),
        "a:2": NotYet(5 * SECOND),
        "a:3": Unavailable("down", code="down"),
    }

    async def deal(received: Received) -> None:
        if received.key in refusals:
            raise refusals.pop(received.key)
        dealt.append(received.key)

    await stage.keep("a:1", "a:2", "a:3", "a:4")
    backlog = stage.backlog(deal)
    await backlog.drain()
    assert dealt == ["a:4"]
    now = stage.clock.now()
    found = [await stage.left(f"a:{n}") for n in (1, 2, 3)]
    assert [(each.due_at or 0) - now for each in found] == [7 * SECOND, 5 * SECOND, SECOND]
    assert [each.last_error for each in found] == ["rate_limited", "not yet", "down"]
    stage.clock.advance(10)
    await backlog.drain()
    assert dealt == ["a:4", "a:1", "a:2", "a:3"]


async def test_what_was_cut_off_is_dealt_with_by_another_after_its_lease(stage: Stage) -> None:
    begun = asyncio.Event()
    dealt: list[str] = []

    async def hang(_: Received) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def deal(received: Received) -> None:
        dealt.append(received.key)

    first, second = stage.backlog(hang), stage.backlog(deal, "two")
    await first.start()
    await stage.keep("a:1", "a:2")
    await asyncio.wait_for(begun.wait(), 10)
    await first.close()
    await second.drain()
    assert dealt == []
    stage.clock.advance(LEASE / SECOND)
    await second.drain()
    assert dealt == ["a:1", "a:2"]


async def test_what_waited_for_too_long_in_hand_is_given_back(stage: Stage) -> None:
    """Its lease could end while it is dealt with, and another server would begin as well."""
    tries: list[tuple[str, int]] = []

    async def deal(received: Received) -> None:
        tries.append((received.key, received.claim_number))
        if received.key == "a:1":
            stage.clock.advance(module.PATIENCE / SECOND + 1)

    await stage.keep("a:1", "a:2")
    await stage.backlog(deal).drain()
    assert tries == [("a:1", 1), ("a:2", 2)]


async def test_pressure_is_felt_only_while_things_come_in_and_the_loop_is_late() -> None:
    pressure = Pressure()
    loop = asyncio.get_running_loop()
    assert pressure.pause() == 0
    pressure.arrived()
    await asyncio.sleep(0)
    for _ in range(20):
        pressure.arrived()
        busy = loop.time() + 3 * LATE
        while loop.time() < busy:  # as somebody does who does not let go
            pass
        await asyncio.sleep(0)
    assert pressure.pause() > 0
