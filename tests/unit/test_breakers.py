"""When a lane is left alone, for how long, and what brings it back."""

from __future__ import annotations

import pytest

from bot.domain.instants import SECOND
from bot.service import breakers as breakers_module
from bot.service.breakers import Breakers

NOW = 1_000 * SECOND
LANE = ("email", "email")


def broken() -> Breakers:
    """Return breakers of which one lane has just opened."""
    breakers = Breakers(failures=3, rest=30 * SECOND)
    for _ in range(3):
        assert breakers.enter(*LANE, NOW) is None
        breakers.failed(*LANE, NOW)
    return breakers


def states(breakers: Breakers) -> list[tuple[str, int]]:
    return [(lane.breaker, lane.failures) for lane in breakers.health()]


def test_failures_in_a_row_open_it_and_a_success_forgets_them() -> None:
    breakers = Breakers(failures=3)
    for _ in range(2):
        breakers.failed(*LANE, NOW)
    assert states(breakers) == [("closed", 2)]
    assert breakers.open_lanes("email") == 0
    breakers.succeeded(*LANE)
    assert states(breakers) == []
    for _ in range(3):
        assert breakers.enter(*LANE, NOW) is None
        breakers.failed(*LANE, NOW)
    assert states(breakers) == [("open", 3)]
    assert (breakers.open_lanes("email"), breakers.open_lanes("slack")) == (1, 0)


def test_an_open_lane_says_when_to_come_again_and_others_go_on() -> None:
    breakers = broken()
    assert breakers.enter(*LANE, NOW) == NOW + 30 * SECOND
    assert breakers.enter(*LANE, NOW + 30 * SECOND - 1) == NOW + 30 * SECOND
    assert breakers.enter("slack", "slack:U1", NOW) is None


def test_after_its_rest_one_attempt_is_let_through() -> None:
    breakers = broken()
    then = NOW + 30 * SECOND
    assert breakers.enter(*LANE, then) is None
    assert states(breakers)[0][0] == "half-open"
    assert breakers.enter(*LANE, then) == then + SECOND
    breakers.abandon(*LANE)
    assert breakers.enter(*LANE, then) is None
    breakers.failed(*LANE, then)
    assert states(breakers)[0][0] == "open"
    assert breakers.enter(*LANE, then) == then + 30 * SECOND
    assert breakers.enter(*LANE, then + 30 * SECOND) is None
    breakers.succeeded(*LANE)
    assert (states(breakers), breakers.open_lanes("email")) == ([], 0)
    assert breakers.enter(*LANE, then) is None


def test_what_was_under_way_when_it_opened_changes_nothing() -> None:
    breakers = broken()
    breakers.failed(*LANE, NOW + 20 * SECOND)
    breakers.succeeded(*LANE)
    breakers.abandon("slack", "none")
    assert breakers.enter(*LANE, NOW + 20 * SECOND) == NOW + 30 * SECOND


def test_a_lane_is_held_as_long_as_the_other_side_asks() -> None:
    breakers = Breakers()
    breakers.hold(*LANE, NOW + 5)
    assert breakers.enter(*LANE, NOW + 4) == NOW + 5
    assert breakers.enter(*LANE, NOW + 5) is None
    assert states(breakers) == []


def test_lanes_that_nobody_uses_any_more_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breakers_module, "_REMEMBERED", 3)
    breakers = Breakers()
    for number in range(5):
        breakers.failed("slack", f"slack:{number}", NOW)
    assert [lane.lane for lane in breakers.health()] == ["slack:2", "slack:3", "slack:4"]
