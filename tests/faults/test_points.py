"""A server dies between two writes of the main story: start, ask, answer, resume."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.points import Point, die_at_each, points_of_the_story

MISSED = 4
"""Two commits that fall together are one, so that a few points do not come in each telling."""


def _check_kinds(points: list[Point]) -> None:
    for wanted in ("before the planner", "after the delivery", "after insert responses"):
        assert (wanted, 1) in points
    commits = [name for name, _ in points if name.startswith("after the commit")]
    assert len(commits) >= 4
    assert len(points) > 50


async def test_the_story_ends_once_wherever_its_server_died(tmp_path: Path) -> None:
    points = await points_of_the_story(tmp_path)
    _check_kinds(points)
    tour = await die_at_each(tmp_path, points)
    assert not tour.broken, str(tour)
    assert len(tour.passed_by) <= MISSED, str(tour)


@pytest.mark.postgres
async def test_the_story_ends_once_on_postgresql_too(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    points = await points_of_the_story(tmp_path, new_database())
    _check_kinds(points)
    # Every second one: the command tells them all.
    tour = await die_at_each(tmp_path, points[::2], [new_database() for _ in range(4)])
    assert not tour.broken, str(tour)
    assert len(tour.passed_by) <= MISSED, str(tour)
