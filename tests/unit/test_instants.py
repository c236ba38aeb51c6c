"""Instants: aware in Python, whole microseconds in the database, the same both ways."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.instants import DAY, HOUR, MINUTE, SECOND, from_micros, iso, to_micros

YEAR_1 = to_micros(datetime.min.replace(tzinfo=UTC))
YEAR_9999 = to_micros(datetime.max.replace(tzinfo=UTC))
zones = st.integers(-23 * 60, 23 * 60).map(lambda m: timezone(timedelta(minutes=m)))
moments = st.datetimes(
    min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31), timezones=zones  # noqa: DTZ001
)  # fmt: skip


@given(st.integers(YEAR_1, YEAR_9999))
def test_micros_come_back(micros: int) -> None:
    moment = from_micros(micros)
    assert moment.utcoffset() == timedelta(0)
    assert to_micros(moment) == micros


@given(moments)
def test_moments_come_back(moment: datetime) -> None:
    """To the microsecond, whatever their zone: no float is on the way."""
    assert from_micros(to_micros(moment)) == moment


@given(moments, moments)
def test_order_is_kept(one: datetime, other: datetime) -> None:
    assert (to_micros(one) < to_micros(other)) == (one < other)
    assert to_micros(one) - to_micros(other) == (one - other) // timedelta(microseconds=1)


@given(st.integers(YEAR_1, YEAR_9999))
def test_iso_is_read_back_and_sorts(micros: int) -> None:
    text = iso(micros)
    assert to_micros(datetime.fromisoformat(text)) == micros
    assert len(text) == len("2026-03-02T09:00:00.000000Z")
    assert text.endswith("Z")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        to_micros(datetime(2026, 3, 2))  # noqa: DTZ001


def test_known_moments() -> None:
    assert to_micros(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    assert (
        to_micros(datetime(1970, 1, 2, 1, 1, 1, 1, tzinfo=UTC)) == DAY + HOUR + MINUTE + SECOND + 1
    )
    assert iso(0) == "1970-01-01T00:00:00.000000Z"
    assert iso(-1) == "1969-12-31T23:59:59.999999Z"
    berlin = datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=1)))
    assert iso(to_micros(berlin)) == "2026-03-02T09:00:00.000000Z"
