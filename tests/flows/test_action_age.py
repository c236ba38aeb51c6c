"""An approval is for now: what could not run for long is not run any more; runs are counted."""

from __future__ import annotations

from aiohttp import web

from bot.domain.action_run import ActionState
from bot.domain.instants import HOUR, SECOND
from bot.service.actions import Runner
from bot.service.ports.observer import Unobserved
from tests.flows.action_scene import Scene, scene  # noqa: F401 - a fixture
from tests.flows.conftest import Client
from web.keys import AGENT, METRICS
from web.metrics import render
from web.observer import MetricsObserver


class Noted(Unobserved):
    """Remembers what became of actions."""

    def __init__(self) -> None:
        self.outcomes: list[str] = []

    def action(self, outcome: str, seconds: float) -> None:
        assert seconds >= 0
        self.outcomes.append(outcome)


def a_runner(scene: Scene, noted: Noted) -> Runner:  # noqa: F811
    return Runner(
        name="aged",
        store=scene.stage.store,
        clock=scene.stage.clock,
        toolbox=scene.tool,
        session_timeout=24 * HOUR,
        max_age=24 * HOUR,
        observer=noted,
    )


async def test_what_was_approved_a_day_ago_is_not_run(scene: Scene) -> None:  # noqa: F811
    noted = Noted()
    request = await scene.approved()
    scene.stage.clock.advance(hours=24, seconds=1)
    await a_runner(scene, noted).drain()
    assert scene.target.arrived == []
    assert await scene.state(request) is ActionState.REFUSED
    assert await scene.told(request) == (
        "What was approved in “Deploy 1.4?” did not run: it could not run within 1 day of its "
        "approval. Ask for a new approval if it still should."
    )
    assert noted.outcomes == ["refused"]


async def test_what_was_approved_less_than_a_day_ago_is(scene: Scene) -> None:  # noqa: F811
    noted = Noted()
    request = await scene.approved()
    scene.stage.clock.advance(hours=23)
    await a_runner(scene, noted).drain()
    assert await scene.state(request) is ActionState.DONE
    assert noted.outcomes == ["done"]


async def test_of_what_was_tried_and_is_too_old_nobody_knows(scene: Scene) -> None:  # noqa: F811
    noted = Noted()
    scene.target.answers = [web.Response(status=429)]
    request = await scene.approved()
    runner = a_runner(scene, noted)
    await runner.drain()
    assert await scene.state(request) is ActionState.DUE
    scene.stage.clock.advance(hours=25)
    await runner.drain()
    assert len(scene.target.arrived) == 1
    assert await scene.state(request) is ActionState.UNKNOWN
    assert "had become too old" in await scene.told(request)
    assert noted.outcomes == ["postponed", "unknown"]


async def test_the_application_counts_runs_and_lets_tests_drive_them(client: Client) -> None:
    runner = client.app[AGENT].runner
    assert isinstance(runner, Runner)
    assert runner._acting.max_age == 24 * HOUR
    await runner.drain()
    metrics = client.app[METRICS]
    MetricsObserver(metrics).action("done", 2 * SECOND / SECOND)
    MetricsObserver(metrics).action("refused", 0.0)
    told = render(metrics.registry).decode()
    assert 'actions_total{outcome="done"} 1.0' in told
    assert 'actions_total{outcome="refused"} 1.0' in told
    assert "action_seconds_count 1.0" in told
