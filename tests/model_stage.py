"""A stage for planner tests: what a turn knows, and a planner that talks to a scripted server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.adapters.planner import FallbackPlanner, PlannerConfig
from bot.adapters.planner.baml_planner import BamlPlanner
from bot.domain.errors import PlanningFailed
from bot.domain.instants import DAY
from bot.domain.planning import Line, OpenQuestion, PlanContext, Role
from tests.model_server import ModelServer, Scripted

REPLY = {"action": "reply", "text": "I will ask ben."}
ASK = {
    "action": "ask_human",
    "people": ["ben"],
    "question": "Can we ship?",
    "kind": "choice",
    "options": ["yes", "no"],
    "context": "",
    "within_minutes": 90,
    "quorum": None,
    "risk": "normal",
}
SECRET = "the-owners-secret-words"


def owner(text: str) -> Line:
    return Line(seq=2, role=Role.USER, author="alice", is_owner=True, text=text, new=True)


def context(*lines: Line) -> PlanContext:
    return PlanContext(
        session_id="s",
        turn_id="t",
        now=1_772_442_900_000_000,
        zone="Europe/Berlin",
        owner="alice",
        summary="",
        lines=lines or (owner(f"Ask ben whether we ship. {SECRET}"),),
        open_questions=(
            OpenQuestion(
                request_id="r1",
                question="And on Monday?",
                people=("carla",),
                asked_at=1_772_442_000_000_000,
                deadline=1_772_542_000_000_000,
            ),
        ),
        feedback_timeout=2 * DAY,
    )


class Pauses:
    """Records the pauses that were wished for, and takes none."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


def config(server: ModelServer, **changes: Any) -> PlannerConfig:
    values: dict[str, Any] = {
        "provider": "openai-compatible",
        "model": "m",
        "api_key": "k",
        "base_url": server.url,
        "timeout_seconds": 5.0,
        **changes,
    }
    return PlannerConfig(**values)


def played(
    *script: Scripted,
    act: Callable[[ModelServer, BamlPlanner], Awaitable[None]],
    pauses: Pauses | None = None,
    **changes: Any,
) -> None:
    """Run `act` with a planner that talks to a server with `script`."""

    async def run() -> None:
        async with ModelServer(*script) as server:
            planner = BamlPlanner(config(server, **changes), pause=pauses or Pauses())
            await act(server, planner)
            await planner.aclose()

    asyncio.run(run())


async def failure(planner: BamlPlanner | FallbackPlanner, *lines: Line) -> str:
    """Return the sentence with which planning fails, and check that it gives nothing away."""
    with pytest.raises(PlanningFailed) as caught:
        await planner.plan(context(*lines), lambda text: None)
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    assert SECRET not in error.message
    assert "scripted" not in error.message
    return error.message
