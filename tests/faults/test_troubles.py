"""The database goes away, the clock jumps, a channel fails: nothing acknowledged is lost by it."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.kills import Report
from tests.faults.troubles import channel_fails, clock_jumps, database_gone


@pytest.fixture
def seed() -> int:
    return int(os.environ.get("FAULTS_SEED") or random.randrange(10**6))


def judge(report: Report) -> None:
    print(report)
    assert not report.broken, str(report)
    assert report.acknowledged > 30  # otherwise the run was too quiet to show anything


@pytest.mark.postgres
async def test_a_database_that_is_gone_for_ten_seconds(
    tmp_path: Path, new_database: Callable[[], str], seed: int
) -> None:
    judge(await database_gone(tmp_path, seed=seed, database_url=new_database()))


async def test_a_clock_that_jumps_to_and_fro(tmp_path: Path, seed: int) -> None:
    judge(await clock_jumps(tmp_path, seed=seed))


async def test_a_channel_that_fails_in_every_way(tmp_path: Path, seed: int) -> None:
    judge(await channel_fails(tmp_path, seed=seed))
