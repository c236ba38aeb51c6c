"""Rates: so many at once, then one for each interval; refusals cost nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.instants import MINUTE, SECOND, Micros
from bot.domain.rates import Limit


class Bucket:
    """A key as the store keeps it: a refused act's advance is rolled back."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._arrival: Micros = 0

    def act(self, now: Micros) -> int:
        arrival = max(self._arrival, now) + self._limit.interval
        wait = self._limit.wait(arrival, now)
        if not wait:
            self._arrival = arrival
        return wait


@pytest.mark.parametrize("per_minute", [1, 7, 10, 20, 30, 60, 600])
def test_so_many_at_once_and_no_more(per_minute: int) -> None:
    bucket = Bucket(Limit(scope="user", per_minute=per_minute))
    assert [bucket.act(0) for _ in range(per_minute)] == [0] * per_minute
    assert bucket.act(0) == -(-60 // per_minute)


@pytest.mark.parametrize("per_minute", [1, 7, 10, 20, 30])
def test_the_wait_that_is_told_suffices(per_minute: int) -> None:
    limit = Limit(scope="user", per_minute=per_minute)
    bucket = Bucket(limit)
    for _ in range(per_minute):
        bucket.act(0)
    now = 0
    for _ in range(50):
        wait = bucket.act(now)
        assert wait == bucket.act(now)  # asking again does not push the moment away
        assert wait > 0
        assert bucket.act(now + (wait - 1) * SECOND) > 0
        now += wait * SECOND
        assert bucket.act(now) == 0


def test_after_a_quiet_minute_all_are_free_again() -> None:
    bucket = Bucket(Limit(scope="session", per_minute=10))
    for start in (0, MINUTE, 5 * MINUTE):
        assert [bucket.act(start) for _ in range(11)] == [0] * 10 + [6]


@given(
    gaps=st.lists(st.integers(0, 20 * SECOND), min_size=1, max_size=120),
    per_minute=st.integers(1, 40),
)
def test_over_any_time_no_more_than_the_burst_and_the_rate(
    gaps: list[int], per_minute: int
) -> None:
    limit = Limit(scope="user", per_minute=per_minute)
    bucket = Bucket(limit)
    now = MINUTE
    taken: list[Micros] = []
    for gap in gaps:
        now += gap
        if not bucket.act(now):
            taken.append(now)
    for first, start in enumerate(taken):
        for last in range(first, len(taken)):
            most = per_minute + (taken[last] - start) // limit.interval
            assert last - first + 1 <= most
