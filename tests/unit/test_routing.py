"""In which order, and when, a person's channels are tried."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.instants import HOUR, MINUTE, SECOND
from bot.domain.routing import Routing, lane_of
from bot.domain.surface import retry_delay

ALL = ("chat", "slack", "email")
ROUTING = Routing(order=ALL)
NOW = 1_000 * HOUR

names = st.sampled_from(("chat", "slack", "email", "fax"))
orders = st.lists(names, unique=True, min_size=1, max_size=4).map(tuple)
dues = st.lists(st.integers(NOW - HOUR, NOW + HOUR), max_size=4).map(tuple)


@pytest.mark.parametrize(
    ("preferred", "last", "usable", "expected"),
    [
        (None, None, ALL, ("chat", "slack", "email")),
        ("email", None, ALL, ("email", "chat", "slack")),
        ("email", "slack", ALL, ("email", "slack", "chat")),
        (None, "slack", ALL, ("slack", "chat", "email")),
        ("slack", "slack", ALL, ("slack", "chat", "email")),
        ("slack", "email", ("chat", "email"), ("email", "chat")),
        ("fax", "pigeon", (*ALL, "fax"), ("chat", "slack", "email")),
        ("slack", None, ("chat",), ("chat",)),
        ("slack", None, (), ()),
    ],
)
def test_the_order_is_preference_then_last_active_then_the_operator_s(
    preferred: str | None, last: str | None, usable: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert ROUTING.channels(preferred=preferred, last=last, usable=usable) == expected


@given(orders, st.none() | names, st.none() | names, st.sets(names))
def test_every_usable_channel_comes_once_and_no_other(
    order: tuple[str, ...], preferred: str | None, last: str | None, usable: set[str]
) -> None:
    found = Routing(order=order).channels(preferred=preferred, last=last, usable=usable)
    assert len(set(found)) == len(found)
    assert set(found) == set(order) & usable
    if preferred in found:
        assert found[0] == preferred
    elif last in found:
        assert found[0] == last
    rest = [c for c in found if c not in (preferred, last)]
    assert rest == [c for c in order if c in rest]


@pytest.mark.parametrize(
    ("channels", "urgent", "expected"),
    [
        (("chat", "slack", "email"), False, (0, 2 * SECOND, 15 * MINUTE + 2 * SECOND)),
        (("slack", "chat", "email"), False, (0, 15 * MINUTE, 15 * MINUTE + 2 * SECOND)),
        (("slack", "email", "chat"), False, (0, 15 * MINUTE, 30 * MINUTE)),
        (("chat", "slack", "email"), True, (0, 0, 0)),
        (("chat",), False, (0,)),
        ((), False, ()),
    ],
)
def test_when_each_is_due_as_long_as_nothing_is_known(
    channels: tuple[str, ...], urgent: bool, expected: tuple[int, ...]
) -> None:
    found = ROUTING.opening(channels, NOW, urgent=urgent)
    assert found == tuple(NOW + each for each in expected)


def test_the_operator_s_patience_is_used() -> None:
    routing = Routing(order=ALL, visible_within=SECOND, next_after=HOUR)
    expected = (NOW, NOW + SECOND, NOW + SECOND + HOUR)
    assert routing.opening(ALL, NOW, urgent=False) == expected
    assert routing.after_shown((NOW, NOW), NOW) == (NOW + HOUR, NOW + 2 * HOUR)


@given(dues)
def test_what_was_shown_gives_time_and_hastens_nothing(due: tuple[int, ...]) -> None:
    found = ROUTING.after_shown(due, NOW)
    assert len(found) == len(due)
    for rank, (before, after) in enumerate(zip(due, found, strict=True), start=1):
        assert after == max(before, NOW + rank * 15 * MINUTE)


@given(st.lists(st.tuples(names, st.integers(NOW - HOUR, NOW + HOUR)), max_size=4))
def test_what_has_failed_makes_the_next_due_and_delays_nothing(
    untried: list[tuple[str, int]],
) -> None:
    channels, due = tuple(c for c, _ in untried), tuple(d for _, d in untried)
    found = ROUTING.after_failure(channels, due, NOW)
    assert all(after <= before for before, after in zip(due, found, strict=True))
    assert not found or found[0] <= NOW


def test_all_mail_is_one_lane() -> None:
    assert lane_of("email", "bob@example.org") == lane_of("email", "carl@example.org") == "email"
    assert lane_of("slack", "T1:U1") != lane_of("slack", "T1:U2")
    assert lane_of("chat", "1") != lane_of("slack", "1")


def test_the_delay_doubles_from_a_second_to_an_hour() -> None:
    delays = [retry_delay(attempt) // SECOND for attempt in range(1, 15)]
    assert delays[:12] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048]
    assert delays[12:] == [3600, 3600]
    assert retry_delay(10**6) == HOUR
