"""A turn that waits while its planner plans."""

from __future__ import annotations

import asyncio

from bot.domain.planning import Plan, PlanContext, Reply
from tests.flows.stage import SOON, Act, Stage


class Pause:
    """A planner's act that waits: `begun` says that it plans, `release` lets it go on."""

    def __init__(self, *said: str) -> None:
        self.begun = asyncio.Event()
        self.release = asyncio.Event()
        self._plan = Plan(steps=tuple(Reply(text=text) for text in said))

    async def __call__(self, context: PlanContext) -> Plan:
        self.begun.set()
        await self.release.wait()
        return self._plan


async def paused(
    stage: Stage, session_id: str, pause: Pause, act: Act | None = None
) -> asyncio.Task[None]:
    """Run the session's turn until its planner waits, in `act` if it is given."""
    stage.planner.script = [act or pause]
    await stage.say("ann", session_id, "Go")
    running = asyncio.create_task(stage.worker.drain())
    async with asyncio.timeout(SOON):
        await pause.begun.wait()
        # Behind the look for what is due that the worker just took.
        await stage.store.run(lambda tx: None)
    return running


async def ended(running: asyncio.Task[None]) -> None:
    async with asyncio.timeout(SOON):
        await running
