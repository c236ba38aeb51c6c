"""An action whose server or runner dies, hangs or pauses: at most once if it must, never lost."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest
from aiohttp import web

from bot.channels.http.hosts import read_hosts
from bot.channels.http.tool import HttpTool
from bot.domain.action_run import MAX_RUNS, ActionState
from bot.domain.planning import Plan, Role
from bot.service.actions import LEASE
from tests.flows.action_scene import Scene, scene
from tests.flows.target import flood, hang, hang_up

__all__ = ["scene"]


async def test_after_a_crash_a_get_is_sent_again_and_says_so(scene: Scene) -> None:
    request = await scene.approved("GET")
    scene.target.answers = [hang]
    crashed = scene.a_runner("crashed", scene.stage)
    await scene.crash(crashed, await scene.begun(request, crashed))
    await scene.runner.drain()  # the lease is still alive
    assert len(scene.target.arrived) == 1
    scene.stage.clock.advance(LEASE / 1_000_000)
    await scene.runner.drain()
    assert await scene.state(request) is ActionState.DONE
    keys = [arrived.headers["idempotency-key"] for arrived in scene.target.arrived]
    assert keys == [request.id] * 2
    entries = await scene.stage.read(lambda tx: tx.journal.of_request(request.id))
    started = [entry.data for entry in entries if entry.kind == "action.started"]
    assert [data["attempt"] for data in started] == [1, 2]
    assert [data.get("repeats") for data in started] == [None, "an unknown result"]


async def test_after_a_crash_a_post_is_not_sent_again(scene: Scene) -> None:
    request = await scene.approved("POST")
    scene.target.answers = [hang]
    crashed = scene.a_runner("crashed", scene.stage)
    await scene.crash(crashed, await scene.begun(request, crashed))
    scene.stage.clock.advance(LEASE / 1_000_000)
    before = len(scene.stage.planner.contexts)
    await scene.runner.drain()
    await scene.runner.drain()
    await scene.stage.settle_down()
    assert len(scene.target.arrived) == 1
    assert await scene.state(request) is ActionState.UNKNOWN
    assert await scene.journal(request) == ["action.started", "action.unknown"]
    assert "Nobody knows whether what was approved in “Deploy 1.4?” happened." in (
        await scene.told(request)
    )
    assert len(scene.stage.planner.contexts) == before + 1


async def test_after_a_crash_a_post_is_sent_again_where_its_key_is_honoured(scene: Scene) -> None:
    scene.tool = HttpTool(read_hosts([f"keyed!{scene.target.host}"]))
    request = await scene.approved("POST")
    scene.target.answers = [hang]
    crashed = scene.a_runner("crashed", scene.stage)
    await scene.crash(crashed, await scene.begun(request, crashed))
    scene.stage.clock.advance(LEASE / 1_000_000)
    await scene.a_runner("second", scene.stage).drain()
    assert await scene.state(request) is ActionState.DONE
    assert len(scene.target.arrived) == 2


async def test_a_paused_server_that_wakes_up_cannot_write(scene: Scene) -> None:
    """Invariant 8: its claim ran out, another finished, and its own result is dropped."""
    release = asyncio.Event()

    async def wait(_: web.Request) -> web.Response:
        await release.wait()
        return web.Response(text="from the first")

    request = await scene.approved("GET")
    scene.target.answers = [wait, web.Response(text="from the second")]
    work = await scene.begun(request, scene.runner)
    scene.stage.clock.advance(LEASE / 1_000_000)
    await scene.a_runner("second", scene.stage).drain()
    release.set()
    await work
    run = await scene.run(request)
    assert run is not None
    assert "from the second" in run.result
    assert (run.state, run.attempts, run.claim_number) == (ActionState.DONE, 2, 2)
    said = await scene.stage.said(request.session_id, Role.SYSTEM)
    assert sum("has run" in text for text in said) == 1


async def test_two_runners_have_one_effect(scene: Scene) -> None:
    requests = [await scene.approved()]
    for _ in range(2):
        scene.stage.planner.script.append(Plan(steps=(scene.step(),)))
        await scene.stage.say("ann", requests[0].session_id, "once more, ask bob")
        await scene.stage.settle_down()
        request = (await scene.stage.requests(requests[0].session_id))[-1]
        await scene.stage.answer("bob", request, approved=True)
        requests.append(request)
    runners = [scene.a_runner(f"runner {n}", scene.stage) for n in range(3)]
    await asyncio.gather(*(runner.drain() for runner in runners))
    keys = [arrived.headers["idempotency-key"] for arrived in scene.target.arrived]
    assert sorted(keys) == sorted(request.id for request in requests)
    for request in requests:
        assert await scene.state(request) is ActionState.DONE


async def test_what_may_succeed_later_is_tried_again_with_growing_pauses(scene: Scene) -> None:
    request = await scene.approved("PUT")
    scene.target.answers = [web.Response(status=503) for _ in range(1, MAX_RUNS)]
    for runs in range(1, MAX_RUNS):
        await scene.runner.drain()
        assert len(scene.target.arrived) == runs
        run = await scene.run(request)
        assert run is not None
        pause = (run.due_at or 0) - scene.stage.clock.now()
        assert (run.state, pause) == (ActionState.DUE, 1_000_000 << (runs - 1))
        scene.stage.clock.advance(pause / 1_000_000)
    await scene.runner.drain()
    assert await scene.state(request) is ActionState.DONE
    kinds = await scene.journal(request)
    assert kinds == ["action.started", "action.postponed"] * (MAX_RUNS - 1) + [
        "action.started",
        "action.finished",
    ]


async def test_it_is_not_tried_for_ever(scene: Scene) -> None:
    request = await scene.approved("GET")
    scene.target.answers = [hang_up] * 100
    for _ in range(MAX_RUNS + 3):
        await scene.runner.drain()
        scene.stage.clock.advance(hours=1)
    assert len(scene.target.arrived) == MAX_RUNS
    assert await scene.state(request) is ActionState.FAILED
    assert "“Deploy 1.4?” failed. 127.0.0.1 broke off" in await scene.told(request)


async def test_a_server_that_dies_of_it_each_time_stops_dying(scene: Scene) -> None:
    request = await scene.approved("GET")
    for _ in range(MAX_RUNS):
        scene.target.answers = [hang]
        scene.target.begun.clear()
        crashed = scene.a_runner("crashed", scene.stage)
        await scene.crash(crashed, await scene.begun(request, crashed))
        scene.stage.clock.advance(LEASE / 1_000_000)
    await scene.runner.drain()
    assert len(scene.target.arrived) == MAX_RUNS
    assert await scene.state(request) is ActionState.FAILED


@pytest.mark.parametrize(
    ("answer", "state", "told"),
    [
        (web.Response(status=404, text="no such app"), ActionState.FAILED, "404 Not Found."),
        (
            web.Response(status=307, headers={"location": "/x"}),
            ActionState.FAILED,
            "redirects are not followed",
        ),
        (web.Response(status=500), ActionState.FAILED, "500 Internal Server Error"),
        (web.Response(status=502), ActionState.UNKNOWN, "502 Bad Gateway"),
        (hang_up, ActionState.UNKNOWN, "broke off before it had answered"),
        (hang, ActionState.UNKNOWN, "did not answer within 1 s"),
        (flood, ActionState.DONE, "has run"),
    ],
)
async def test_a_post_is_sent_once_whatever_comes_of_it(
    scene: Scene, answer: Any, state: ActionState, told: str
) -> None:
    request = await scene.approved("POST", timeout=1)
    scene.target.answers = [answer]
    await scene.runner.drain()
    scene.stage.clock.advance(hours=1)
    await scene.runner.drain()
    assert len(scene.target.arrived) == 1
    assert await scene.state(request) is state
    assert told in await scene.told(request)


async def test_a_tool_that_breaks_its_promise_leaves_the_result_unknown(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(HttpTool):
        async def run(self, action: Any, effect_key: str) -> str:
            raise ZeroDivisionError

    request = await scene.approved()
    await scene.a_runner("broken", scene.stage, Broken(read_hosts([scene.target.host]))).drain()
    assert await scene.state(request) is ActionState.UNKNOWN
    assert "broke its promise" in caplog.text


async def test_one_that_cannot_be_claimed_does_not_hold_up_the_rest(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    broken = await scene.approved()
    scene.stage.clock.advance(1)
    scene.stage.planner.script.append(Plan(steps=(scene.step(),)))
    await scene.stage.say("ann", broken.session_id, "once more, ask bob")
    await scene.stage.settle_down()
    sound = (await scene.stage.requests(broken.session_id))[-1]
    await scene.stage.answer("bob", sound, approved=True)
    with sqlite3.connect(scene.path) as database:
        database.execute("UPDATE actions SET state = 'odd' WHERE request_id = ?", (broken.id,))
    database.close()
    await scene.runner.drain()
    assert await scene.state(sound) is ActionState.DONE
    assert "cannot be claimed" in caplog.text
