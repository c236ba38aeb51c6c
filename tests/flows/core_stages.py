"""The agent on a stage, twice: its turns are announced to its worker, or handed over to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flows.stage import Stage, staged


@pytest.fixture(params=["announced", "handed over"])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "core.db", handed_over=request.param == "handed over") as stage:
        await stage.cast("ann", "bob", "carl", "dora", "eve", "mallory")
        yield stage
