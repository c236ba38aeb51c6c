"""How zones are named, and what their clocks show, skip and show twice."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import Invalid
from bot.domain.instants import MINUTE, from_micros, to_micros
from bot.domain.zones import instant_of, local, said, zone_of

ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "America/Havana",
    "UTC",
]
walls = st.datetimes(datetime(2010, 1, 1), datetime(2035, 1, 1))  # noqa: DTZ001
zones = st.sampled_from(ZONES)


def at(text: str) -> int:
    return to_micros(datetime.fromisoformat(text))


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("name", [*ZONES, "Etc/GMT+5", "America/Argentina/Buenos_Aires", "EST5EDT"])
def test_knows_zones(name: str) -> None:
    assert zone_of(name).key == name


def test_knows_every_zone_of_the_database() -> None:
    odd = {"localtime", "Factory", "posixrules"}
    assert [zone_of(name).key for name in available_timezones() - odd]


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "Europe",
        "Europe/",
        "Europe/Atlantis",
        "/usr/share/zoneinfo/UTC",
        "../../etc/passwd",
        "Europe/../../../../etc/passwd",
        "..",
        "a" * 10_240,
        "a/" * 5_000,
        "Europe/Berlin\x00",
        "Europe/Berlin\n",
        " Europe/Berlin",
        "\ud800",
        "\u202eUTC",
        "ÜTC",
        "localtime",
        "posixrules",
        "right/Europe/Berlin",
        "posix/Europe/Berlin",
        "tzdata.zi",
        "leapseconds",
        "UTC+1",
        "C:\\Windows",
    ],
)
def test_refuses_what_is_no_zone(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        zone_of(name)
    assert "is not a time zone" in caught.value.message
    assert len(caught.value.message) < 200
    assert caught.value.message.isprintable()


@given(st.text(max_size=100))
def test_any_name_is_a_zone_or_invalid(name: str) -> None:
    with suppress(Invalid):
        assert zone_of(name).key == name


@pytest.mark.parametrize(
    ("shown", "zone", "instant"),
    [
        ("2026-03-13T17:00", "Europe/Berlin", "2026-03-13T16:00Z"),
        ("2026-03-13T17:00", "Asia/Kolkata", "2026-03-13T11:30Z"),
        # Skipped: the first moment after the gap.
        ("2026-03-29T02:00", "Europe/Berlin", "2026-03-29T01:00Z"),
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:00Z"),
        ("2026-03-29T02:59:59.999999", "Europe/Berlin", "2026-03-29T01:00Z"),
        ("2026-03-29T03:00", "Europe/Berlin", "2026-03-29T01:00Z"),
        ("2026-03-08T02:30", "America/New_York", "2026-03-08T07:00Z"),
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:30Z"),
        ("2026-03-08T00:30", "America/Havana", "2026-03-08T05:00Z"),
        ("2011-12-30T12:00", "Pacific/Apia", "2011-12-30T10:00Z"),
        # Twice: the first of them.
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30Z"),
        ("2026-11-01T01:30", "America/New_York", "2026-11-01T05:30Z"),
        ("2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-04T14:45Z"),
    ],
)
def test_finds_the_instant_of_a_local_time(shown: str, zone: str, instant: str) -> None:
    assert instant_of(wall(shown), zone) == at(instant)


def test_a_wall_time_is_naive() -> None:
    with pytest.raises(ValueError, match="no zone of its own"):
        instant_of(datetime(2026, 1, 1, tzinfo=UTC), "UTC")


@given(walls, zones)
def test_a_time_that_exists_is_what_the_clock_shows(shown: datetime, zone: str) -> None:
    instant = instant_of(shown, zone)
    seen = local(instant, zone).replace(tzinfo=None, fold=0)
    if seen != shown:  # it was skipped, and a microsecond before, the clock showed less
        assert seen > shown
        assert local(instant - 1, zone).replace(tzinfo=None, fold=0) < shown


@given(walls, st.timedeltas(timedelta(0), timedelta(days=3)), zones)
def test_later_on_the_clock_is_never_earlier(shown: datetime, more: timedelta, zone: str) -> None:
    assert instant_of(shown, zone) <= instant_of(shown + more, zone)


@pytest.mark.parametrize("zone", ZONES)
def test_is_monotonic_around_every_change_of_two_years(zone: str) -> None:
    step = timedelta(minutes=30)
    shown = datetime(2025, 1, 1)  # noqa: DTZ001
    last = instant_of(shown, zone)
    while shown.year < 2027:
        shown += step
        instant = instant_of(shown, zone)
        assert last <= instant <= last + 150 * MINUTE
        last = instant


@pytest.mark.parametrize(
    ("instant", "zone", "now", "words"),
    [
        ("2026-03-13T16:00Z", "Europe/Berlin", None, "Fri 13 Mar 2026, 17:00 (Europe/Berlin)"),
        ("2026-12-31T23:30Z", "Asia/Kolkata", None, "Fri 1 Jan 2027, 05:00 (Asia/Kolkata)"),
        ("2026-03-13T16:00Z", "UTC", "2026-03-13T09:00Z", "today, 16:00 (UTC)"),
        ("2026-03-13T16:00Z", "UTC", "2026-03-12T23:59Z", "tomorrow, 16:00 (UTC)"),
        ("2026-03-13T16:00Z", "UTC", "2026-03-10T09:00Z", "Fri 13 Mar, 16:00 (UTC)"),
        ("2026-03-13T16:00Z", "UTC", "2026-03-14T09:00Z", "Fri 13 Mar, 16:00 (UTC)"),
        ("2027-03-13T16:00Z", "UTC", "2026-12-30T09:00Z", "Sat 13 Mar 2027, 16:00 (UTC)"),
        ("2027-01-01T00:00Z", "UTC", "2026-12-31T09:00Z", "tomorrow, 00:00 (UTC)"),
    ],
)
def test_says_instants(instant: str, zone: str, now: str | None, words: str) -> None:
    assert said(at(instant), zone, None if now is None else at(now)) == words


@given(st.integers(0, 4_000_000_000_000_000), zones)
def test_local_is_the_same_instant(instant: int, zone: str) -> None:
    assert to_micros(local(instant, zone)) == instant
    assert local(instant, zone) == from_micros(instant)
