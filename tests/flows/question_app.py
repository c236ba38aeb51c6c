"""The application with a planner that does what the test says."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from bot.settings import Settings
from tests.clock import FakeClock
from tests.flows.conftest import Outbox
from tests.flows.stage import ScriptedPlanner
from web.app import build_app


@pytest.fixture
def planner() -> ScriptedPlanner:
    return ScriptedPlanner()


@pytest.fixture
def app(
    settings: Settings, clock: FakeClock, outbox: Outbox, planner: ScriptedPlanner
) -> web.Application:
    return build_app(settings, clock=clock, planner=planner, send_code=outbox, password_cost=4)


def parts(question: dict[str, Any]) -> list[tuple[str, str, str, str | None]]:
    """Return each recipient's name, part, route, and who brought them in."""
    return [
        (r["name"], r["part"], r["route"], r["by"]["name"] if r["by"] else None)
        for r in question["recipients"]
    ]
