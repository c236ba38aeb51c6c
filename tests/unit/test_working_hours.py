"""When people can be reached, and how working time passes."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.errors import Invalid
from bot.domain.instants import DAY, HOUR, MINUTE, Micros
from bot.domain.spans import WEEK
from bot.domain.working_hours import (
    DEFAULT_HOURS,
    Away,
    Shift,
    WorkingHours,
    hours_json,
    reachable_at,
    read_hours,
)
from bot.domain.zones import instant_of, local

ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Apia",
    "Australia/Lord_Howe",
]
BERLIN = "Europe/Berlin"
EMPTY = WorkingHours(week=(None,) * 7)
NIGHTS = WorkingHours(week=(Shift(start=22 * 60, end=6 * 60),) * 7)
ALL_WEEK = WorkingHours(week=(Shift(start=0, end=24 * 60),) * 7)
FRIDAYS = read_hours({"fri": ["09:00", "17:00"]})


def at(shown: str, zone: str = BERLIN) -> Micros:
    return instant_of(datetime.fromisoformat(shown), zone)


zones = st.sampled_from(ZONES)
minutes = st.integers(0, 24 * 60 - 1)
shifts = (
    st.tuples(minutes, st.integers(0, 24 * 60))
    .filter(lambda pair: pair[0] != pair[1])
    .map(lambda pair: Shift(start=pair[0], end=pair[1]))
)
weeks = (
    st.tuples(*[st.none() | shifts] * 7)
    .filter(any)
    .map(lambda week: WorkingHours(week=tuple(week)))
)
# Around the changes of all these zones, and the day that Apia never had.
moments = st.one_of(
    st.datetimes(datetime(2010, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001
    *[
        st.datetimes(datetime.fromisoformat(start), datetime.fromisoformat(end))
        for start, end in (
            ("2026-03-26", "2026-04-07"),
            ("2026-10-02", "2026-11-03"),
            ("2011-12-26", "2012-01-03"),
        )
    ],
).map(lambda moment: instant_of(moment, "UTC"))


@pytest.mark.parametrize(
    ("hours", "zone", "moment", "opens"),
    [
        # 13 March 2026 is a Friday.
        (DEFAULT_HOURS, BERLIN, "2026-03-13T09:00", "2026-03-13T09:00"),
        (DEFAULT_HOURS, BERLIN, "2026-03-13T12:34", "2026-03-13T12:34"),
        (DEFAULT_HOURS, BERLIN, "2026-03-13T08:59", "2026-03-13T09:00"),
        (DEFAULT_HOURS, BERLIN, "2026-03-13T17:00", "2026-03-16T09:00"),
        (DEFAULT_HOURS, BERLIN, "2026-03-12T23:00", "2026-03-13T09:00"),
        (DEFAULT_HOURS, BERLIN, "2026-03-15T10:00", "2026-03-16T09:00"),
        # The weekend in which summer time begins, and the one in which it ends.
        (DEFAULT_HOURS, BERLIN, "2026-03-27T17:00", "2026-03-30T09:00"),
        (DEFAULT_HOURS, BERLIN, "2026-10-23T17:00", "2026-10-26T09:00"),
        (DEFAULT_HOURS, "Asia/Kolkata", "2026-03-13T17:30", "2026-03-16T09:00"),
        (NIGHTS, BERLIN, "2026-03-13T03:00", "2026-03-13T03:00"),
        (NIGHTS, BERLIN, "2026-03-13T06:00", "2026-03-13T22:00"),
        (NIGHTS, BERLIN, "2026-03-13T22:00", "2026-03-13T22:00"),
        (ALL_WEEK, BERLIN, "2026-03-13T00:00", "2026-03-13T00:00"),
        (ALL_WEEK, BERLIN, "2026-03-13T23:59", "2026-03-13T23:59"),
        # Apia's calendar has no Friday 30 December 2011.
        (FRIDAYS, "Pacific/Apia", "2011-12-24T10:00", "2012-01-06T09:00"),
        (NIGHTS, "Pacific/Apia", "2011-12-29T23:00", "2011-12-29T23:00"),
    ],
)
def test_finds_the_next_open_moment(
    hours: WorkingHours, zone: str, moment: str, opens: str
) -> None:
    assert hours.next_open(at(moment, zone), zone) == at(opens, zone)
    assert hours.is_open(at(moment, zone), zone) == (moment == opens)


def test_a_day_of_clock_change_has_its_own_length() -> None:
    # 22:00 to 06:00 over the night in which an hour is skipped, and over that in which one is twice
    spring, autumn = at("2026-03-28T22:00"), at("2026-10-24T22:00")
    assert NIGHTS.add_working_time(spring, 7 * HOUR, BERLIN) == at("2026-03-29T06:00")
    assert NIGHTS.add_working_time(spring, 7 * HOUR + 1, BERLIN) == at("2026-03-29T22:00") + 1
    assert NIGHTS.add_working_time(autumn, 9 * HOUR, BERLIN) == at("2026-10-25T06:00")
    assert not NIGHTS.is_open(autumn + 9 * HOUR, BERLIN)
    half = "Australia/Lord_Howe"
    assert NIGHTS.add_working_time(at("2026-04-04T22:00", half), 8 * HOUR + 30 * MINUTE, half) == (
        at("2026-04-05T06:00", half)
    )


@pytest.mark.parametrize(
    ("start", "amount", "wanted"),
    [
        ("2026-03-13T10:00", 0, "2026-03-13T10:00"),
        ("2026-03-14T10:00", 0, "2026-03-14T10:00"),
        ("2026-03-13T10:00", 2 * HOUR, "2026-03-13T12:00"),
        ("2026-03-13T16:00", HOUR, "2026-03-13T17:00"),
        ("2026-03-13T16:00", 2 * HOUR, "2026-03-16T10:00"),
        ("2026-03-13T17:00", HOUR, "2026-03-16T10:00"),
        ("2026-03-14T12:00", 8 * HOUR, "2026-03-16T17:00"),
        ("2026-03-13T09:00", 48 * HOUR, "2026-03-20T17:00"),
        ("2026-03-27T16:00", 2 * HOUR, "2026-03-30T10:00"),
    ],
)
def test_adds_working_time(start: str, amount: int, wanted: str) -> None:
    assert DEFAULT_HOURS.add_working_time(at(start), amount, BERLIN) == at(wanted)


def test_overlapping_shifts_count_once() -> None:
    hours = read_hours({"mon": ["22:00", "12:00"], "tue": ["06:00", "14:00"]})
    assert hours.add_working_time(at("2026-03-16T22:00"), 16 * HOUR, BERLIN) == (
        at("2026-03-17T14:00")
    )


def test_no_working_day_is_refused_and_never_open() -> None:
    now = at("2026-03-13T10:00")
    assert not EMPTY.is_open(now, BERLIN)
    with pytest.raises(Invalid, match="no working day"):
        EMPTY.next_open(now, BERLIN)
    with pytest.raises(Invalid, match="no working day"):
        EMPTY.add_working_time(now, HOUR, BERLIN)
    with pytest.raises(Invalid, match="no working day"):
        reachable_at(EMPTY, None, zone=BERLIN, at=now, urgent=False)
    assert reachable_at(EMPTY, None, zone=BERLIN, at=now, urgent=True) == now


def test_working_time_is_bounded() -> None:
    now = at("2026-03-13T10:00")
    one_minute = WorkingHours(week=(Shift(start=0, end=1), *(None,) * 6))
    with pytest.raises(Invalid, match="two years"):
        one_minute.add_working_time(now, 10**30, BERLIN)
    with pytest.raises(Invalid, match="less than nothing"):
        one_minute.add_working_time(now, -1, BERLIN)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(Invalid, match="not a time zone"):
        DEFAULT_HOURS.next_open(0, "Mars/Olympus")


@pytest.mark.parametrize(
    ("raw", "week"),
    [
        ({"mon": ["09:00", "17:00"]}, {0: (540, 1020)}),
        ({" Monday ": ["9:00", "17:00"], "SUN": None}, {0: (540, 1020)}),
        ({"sat": ("22:00", "06:00")}, {5: (1320, 360)}),
        ({"sat": ["00:00", "24:00"]}, {5: (0, 1440)}),
        ({"sat": ["18:00", "00:00"]}, {5: (1080, 0)}),
    ],
)
def test_reads_json(raw: object, week: dict[int, tuple[int, int]]) -> None:
    read = read_hours(raw).week
    assert {n: (s.start, s.end) for n, s in enumerate(read) if s is not None} == week


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (None, "object of days"),
        ([], "object of days"),
        ("mon", "object of days"),
        ({}, "no working day"),
        ({"mon": None}, "no working day"),
        ({"funday": ["09:00", "17:00"]}, "“funday” is not a day"),
        ({"x" * 10_000: None}, "is not a day"),
        ({"\x00\ud800": None}, "“��” is not a day"),
        ({1: None}, "“int” is not a day"),
        ({"mon": ["09:00", "17:00"], "Monday": None}, "Monday is named twice"),
        ({"mon": "09:00-17:00"}, "Monday needs a start and an end"),
        ({"mon": []}, "Monday needs a start and an end"),
        ({"mon": ["09:00"]}, "Monday needs a start and an end"),
        ({"mon": ["09:00", "12:00", "13:00", "17:00"]}, "Monday needs a start and an end"),
        ({"mon": {"from": 9}}, "Monday needs a start and an end"),
        ({"mon": [9, 17]}, "Monday: “int” is not a time of day"),
        ({"mon": ["nine", "five"]}, "Monday: “nine” is not a time of day"),
        ({"mon": ["09:00", "25:00"]}, "Monday: “25:00” is not a time of day"),
        ({"mon": ["09:00", "24:01"]}, "Monday: “24:01” is not a time of day"),
        ({"mon": ["09:60", "17:00"]}, "Monday: “09:60” is not a time of day"),
        ({"mon": ["٠٩:٠٠", "17:00"]}, "is not a time of day"),
        ({"mon": ["24:00", "06:00"]}, "Monday: A working day starts from 00:00"),
        ({"mon": ["09:00", "09:00"]}, "Monday: A working day cannot end when it starts"),
        ({"mon": [[[]], True]}, "Monday: “list” is not a time of day"),
    ],
)
def test_refuses_other_json(raw: object, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_hours(raw)
    assert words in caught.value.message
    assert len(caught.value.message) < 200


def test_a_week_has_seven_days() -> None:
    with pytest.raises(Invalid, match="seven days"):
        WorkingHours(week=())


@pytest.mark.parametrize(
    ("moment", "urgent", "reachable"),
    [
        ("2026-03-13T10:00", False, "2026-03-13T10:00"),
        ("2026-03-13T20:00", True, "2026-03-13T20:00"),
        # Away from Monday 16 March 08:00 to Wednesday 18 March 12:00.
        ("2026-03-13T20:00", False, "2026-03-18T12:00"),
        ("2026-03-16T07:59", False, "2026-03-18T12:00"),
        ("2026-03-17T23:00", False, "2026-03-18T12:00"),
        ("2026-03-17T23:00", True, "2026-03-17T23:00"),
        ("2026-03-18T12:00", False, "2026-03-18T12:00"),
        ("2026-03-18T18:00", False, "2026-03-19T09:00"),
    ],
)
def test_reaches_people_at_work(moment: str, urgent: bool, reachable: str) -> None:
    away = Away(from_=at("2026-03-16T08:00"), until=at("2026-03-18T12:00"))
    found = reachable_at(DEFAULT_HOURS, away, zone=BERLIN, at=at(moment), urgent=urgent)
    assert found == at(reachable)


def test_whoever_has_no_hours_is_reachable_but_when_away() -> None:
    away = Away(from_=10, until=20)
    found = [reachable_at(None, away, zone="UTC", at=n, urgent=False) for n in (9, 10, 19, 20)]
    assert found == [9, 20, 20, 20]
    assert [away.covers(n) for n in (9, 10, 19, 20)] == [False, True, True, False]


def test_an_absence_has_a_length() -> None:
    with pytest.raises(Invalid, match="end after it starts"):
        Away(from_=10, until=10)


@given(weeks)
def test_json_reads_back(hours: WorkingHours) -> None:
    assert read_hours(hours_json(hours)) == hours
    assert hash(hours) == hash(read_hours(hours_json(hours)))


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.just("09:00"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
)


@given(json | st.dictionaries(st.sampled_from(["mon", "Fri", "sunday", "x"]), json))
def test_any_json_is_hours_or_invalid(raw: object) -> None:
    with suppress(Invalid):
        assert not read_hours(raw).is_empty


@given(weeks, moments, zones)
def test_next_open_is_open_soon_and_the_first(hours: WorkingHours, now: int, zone: str) -> None:
    opens = hours.next_open(now, zone)
    assert now <= opens < now + 2 * WEEK
    assert hours.is_open(opens, zone)
    assert hours.next_open(opens, zone) == opens
    if opens > now:
        assert not hours.is_open(now, zone)
        assert not hours.is_open((now + opens) // 2, zone)
        assert not hours.is_open(opens - 1, zone)


@given(weeks, moments, st.integers(0, 2 * DAY), zones)
def test_next_open_is_monotonic(hours: WorkingHours, now: int, more: int, zone: str) -> None:
    assert hours.next_open(now, zone) <= hours.next_open(now + more, zone)


@given(weeks, moments, zones)
def test_open_means_what_the_clock_says(hours: WorkingHours, now: int, zone: str) -> None:
    seen = local(now, zone)
    # Around a change of the clocks the wall shows a time twice, or a shift's end is skipped.
    assume(local(now - DAY, zone).utcoffset() == local(now + DAY, zone).utcoffset())
    minute = seen.hour * 60 + seen.minute
    today, yesterday = hours.week[seen.weekday()], hours.week[seen.weekday() - 1]
    expected = today is not None and (
        today.start <= minute and (today.ends_next_day or minute < today.end)
    )
    if yesterday is not None and yesterday.ends_next_day:
        expected = expected or minute < yesterday.end
    assert hours.is_open(now, zone) == expected


@given(weeks, moments, st.integers(0, 30 * HOUR), st.integers(0, 30 * HOUR), zones)
def test_working_time_adds_up(
    hours: WorkingHours, now: int, one: int, other: int, zone: str
) -> None:
    try:
        whole = hours.add_working_time(now, one + other, zone)
    except Invalid:  # some minutes a week, and more than two years of them
        return
    part = hours.add_working_time(now, one, zone)
    assert now + one <= part <= whole
    assert hours.add_working_time(part, other, zone) == whole


@given(weeks, moments, st.integers(1, 30 * HOUR), zones)
def test_working_time_ends_at_work(hours: WorkingHours, now: int, amount: int, zone: str) -> None:
    with suppress(Invalid):
        assert hours.is_open(hours.add_working_time(now, amount, zone) - 1, zone)


@given(moments, st.integers(0, 30 * DAY), zones)
def test_all_week_is_elapsed_time(now: int, amount: int, zone: str) -> None:
    assert ALL_WEEK.add_working_time(now, amount, zone) == now + amount
    assert ALL_WEEK.is_open(now, zone)


@given(
    st.none() | weeks,
    moments,
    st.integers(-3 * DAY, 3 * DAY),
    st.integers(1, 5 * DAY),
    zones,
)
def test_reachable_is_open_and_not_away(
    hours: WorkingHours | None, now: int, leaves: int, length: int, zone: str
) -> None:
    away = Away(from_=now + leaves, until=now + leaves + length)
    found = reachable_at(hours, away, zone=zone, at=now, urgent=False)
    assert found >= now
    assert not away.covers(found)
    assert hours is None or hours.is_open(found, zone)
    assert reachable_at(hours, away, zone=zone, at=found, urgent=False) == found


def test_the_default_is_nine_to_five() -> None:
    assert hours_json(DEFAULT_HOURS) == {
        day: ["09:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri")
    }
