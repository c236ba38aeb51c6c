"""An approved action and the server that it calls, with runners driven by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.channels.http.hosts import read_hosts
from bot.channels.http.tool import HTTP_REQUEST, HttpTool
from bot.domain.action_run import ActionRun, ActionState
from bot.domain.feedback import FeedbackRequest, Kind
from bot.domain.instants import HOUR
from bot.domain.planning import AskHuman, Plan, ProposedAction, Role
from bot.service.actions import Runner
from bot.service.asking import Terms
from bot.service.ports.tools import Toolbox
from tests.flows.stage import Stage, staged
from tests.flows.target import Target, a_target


class Scene:
    """A stage whose agent may propose HTTP requests, and a server that they go to."""

    def __init__(self, stage: Stage, target: Target, path: Path) -> None:
        self.stage = stage
        self.target = target
        self.path = path
        self.tool = HttpTool(read_hosts([target.host]))
        # As the composition root does it: who asks and who runs share one toolbox.
        terms = Terms(feedback_timeout=48 * HOUR, toolbox=self.tool)
        object.__setattr__(stage.turns, "terms", terms)
        self.runner = self.a_runner("first", stage)

    def a_runner(self, name: str, stage: Stage, toolbox: Toolbox | None = None) -> Runner:
        return Runner(
            name=name,
            store=stage.store,
            clock=stage.clock,
            toolbox=toolbox or self.tool,
            session_timeout=24 * HOUR,
        )

    def step(self, method: str = "POST", **more: Any) -> AskHuman:
        call = {"method": method, "url": f"{self.target.url}/deploy", **more}
        return AskHuman(
            people=("bob",),
            question="Deploy 1.4?",
            kind=Kind.APPROVAL,
            action=ProposedAction(tool=HTTP_REQUEST, arguments=json.dumps(call)),
        )

    async def asked(self, method: str = "POST", **more: Any) -> FeedbackRequest:
        self.stage.planner.script.append(Plan(steps=(self.step(method, **more),)))
        request = await self.stage.asked("ann", "please deploy, ask bob")
        assert request.action is not None
        return request

    async def approved(self, method: str = "POST", **more: Any) -> FeedbackRequest:
        request = await self.asked(method, **more)
        outcome = await self.stage.answer("bob", request, approved=True)
        assert outcome.status == "decided"
        return request

    async def run(self, request: FeedbackRequest) -> ActionRun | None:
        return await self.stage.read(lambda tx: tx.actions.get(request.id))

    async def state(self, request: FeedbackRequest) -> ActionState | None:
        run = await self.run(request)
        return run.state if run else None

    async def told(self, request: FeedbackRequest) -> str:
        """Return the last fact that the session was told."""
        return (await self.stage.said(request.session_id, Role.SYSTEM))[-1]

    async def journal(self, request: FeedbackRequest) -> list[str]:
        kinds = await self.stage.journal(request.session_id)
        return [kind for kind in kinds if kind.startswith("action.")]

    async def begun(self, request: FeedbackRequest, runner: Runner) -> asyncio.Task[None]:
        """Let a runner begin, and return once the server has the request."""
        work = asyncio.create_task(runner.drain())
        async with asyncio.timeout(10):
            await self.target.begun.wait()
        assert await self.state(request) is ActionState.RUNNING
        return work

    async def crash(self, runner: Runner, work: asyncio.Task[None]) -> None:
        """Stop a runner as a crash does: nothing is written any more."""
        tasks = [work, *runner._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    path = tmp_path / "core.db"
    async with a_target() as target, staged(path) as stage:
        await stage.cast("ann", "bob", "carl")
        yield Scene(stage, target, path)
