"""Servers die at random under a busy crowd: nothing acknowledged is lost or done twice.

Twenty kills here; `python -m tests.faults --kills 200` takes its time.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.kills import kill_at_random


@pytest.fixture
def seed() -> int:
    """Return a new seed each time, or the one in FAULTS_SEED to see the same choices again."""
    return int(os.environ.get("FAULTS_SEED") or random.randrange(10**6))


async def test_a_server_that_is_killed_loses_nothing(tmp_path: Path, seed: int) -> None:
    report = await kill_at_random(tmp_path, kills=20, seed=seed)
    print(report)
    assert not report.broken, str(report)
    # Otherwise the run was too quiet to show anything.
    assert report.acknowledged > 100
    assert report.resent > 10


@pytest.mark.postgres
async def test_two_servers_on_one_database_take_over_from_each_other(
    tmp_path: Path, new_database: Callable[[], str], seed: int
) -> None:
    report = await kill_at_random(
        tmp_path, kills=8, seed=seed, database_url=new_database(), servers=2
    )
    print(report)
    assert not report.broken, str(report)
    assert report.acknowledged > 100
