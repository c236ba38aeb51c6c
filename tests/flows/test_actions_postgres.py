"""Two servers on one PostgreSQL run an approved action once between them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from bot.adapters.store.postgres import PostgresStore
from bot.channels.http.hosts import read_hosts
from bot.channels.http.tool import HTTP_REQUEST, HttpTool
from bot.domain.action_run import ActionState
from bot.domain.feedback import FeedbackRequest, Kind
from bot.domain.instants import DAY, HOUR
from bot.domain.planning import AskHuman, Plan, ProposedAction
from bot.service.actions import LEASE, Runner
from bot.service.asking import Terms
from tests.clock import FakeClock
from tests.contract.postgres_server import PostgresServer
from tests.flows.stage import Stage
from tests.flows.target import Target, a_target, hang

pytestmark = pytest.mark.postgres


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    async with a_target() as target:
        yield target


@pytest.fixture
async def two(
    postgres_server: PostgresServer, target: Target
) -> AsyncIterator[tuple[Stage, tuple[Runner, Runner]]]:
    """One stage to ask and answer on, and the runners of two servers."""
    clock = FakeClock()
    tool = HttpTool(read_hosts([target.host]))
    with postgres_server.database() as url:
        stores = PostgresStore(url), PostgresStore(url)
        for store in stores:
            await store.open()
        stage = Stage(stores[0], clock)
        object.__setattr__(stage.turns, "terms", Terms(feedback_timeout=48 * HOUR, toolbox=tool))
        await stage.cast("ann", "bob")
        first, second = (
            Runner(name=name, store=store, clock=clock, toolbox=tool, session_timeout=DAY)
            for name, store in zip(("first", "second"), stores, strict=True)
        )
        yield stage, (first, second)
        for store in stores:
            await store.close()


async def approved(stage: Stage, target: Target, count: int, method: str) -> list[FeedbackRequest]:
    """Have one session ask for several approvals, and approve all of them at once."""
    call = json.dumps({"method": method, "url": target.url})
    step = AskHuman(
        people=("bob",),
        question="Deploy?",
        kind=Kind.APPROVAL,
        action=ProposedAction(tool=HTTP_REQUEST, arguments=call),
    )
    stage.planner.script.append(Plan(steps=(step,) * count))
    session_id = await stage.opened("ann", "please deploy, ask bob")
    await stage.worker.drain()
    requests = list(await stage.requests(session_id))
    assert len(requests) == count
    await asyncio.gather(*(stage.answer("bob", r, approved=True) for r in requests))
    return requests


async def test_each_action_has_one_effect(
    two: tuple[Stage, tuple[Runner, Runner]], target: Target
) -> None:
    """Invariant 8: both find all of them due at once; a claim is a row."""
    stage, runners = two
    requests = await approved(stage, target, 6, "POST")
    await asyncio.gather(*(runner.drain() for runner in runners * 2))
    keys = sorted(arrived.headers["idempotency-key"] for arrived in target.arrived)
    assert keys == sorted(request.id for request in requests)
    for request in requests:
        run = await stage.read(lambda tx, id_=request.id: tx.actions.get(id_))
        assert run is not None
        assert (run.state, run.attempts, run.due_at) == (ActionState.DONE, 1, None)


async def test_an_approval_wakes_the_other_server(
    two: tuple[Stage, tuple[Runner, Runner]], target: Target
) -> None:
    stage, (_, second) = two
    await second.start()
    await asyncio.sleep(0.2)
    await approved(stage, target, 1, "POST")
    async with asyncio.timeout(3):  # looking by itself would take up to five seconds
        await target.begun.wait()
    await second.close()


async def test_a_server_that_stops_leaves_a_post_unknown(
    two: tuple[Stage, tuple[Runner, Runner]], target: Target
) -> None:
    stage, (first, second) = two
    [request] = await approved(stage, target, 1, "POST")
    target.answers = [hang]
    work = asyncio.create_task(first.drain())
    async with asyncio.timeout(10):
        await target.begun.wait()
    tasks = [work, *first._running.values()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await second.drain()
    run = await stage.read(lambda tx: tx.actions.get(request.id))
    assert run is not None
    assert run.state is ActionState.RUNNING
    stage.clock.advance(LEASE / 1_000_000)
    await second.drain()
    run = await stage.read(lambda tx: tx.actions.get(request.id))
    assert run is not None
    assert run.state is ActionState.UNKNOWN
    assert len(target.arrived) == 1
