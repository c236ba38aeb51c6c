"""How people say when something is due, and what is refused."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.deadlines import check_deadline, read_deadline, read_reminder
from bot.domain.errors import Invalid
from bot.domain.instants import DAY, HOUR, MINUTE, from_micros, to_micros
from bot.domain.spans import WEEK, YEAR
from bot.domain.zones import instant_of, local, said

ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "UTC",
]
BERLIN = "Europe/Berlin"
# A Wednesday, 10:00 in Berlin.
NOW = to_micros(datetime.fromisoformat("2026-03-11T10:00+01:00"))
nows = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(  # noqa: DTZ001
    lambda moment: instant_of(moment, "UTC")
)
zones = st.sampled_from(ZONES)

WORDS = [
    "within", "in", "by", "before", "due", "the", "at", "on", "of", "end", "day", "eod", "cob",
    "today", "tonight", "tomorrow", "after", "noon", "midnight", "morning", "night", "next", "this",
    "friday", "mon", "14", "29", "30th", "march", "feb", "2026", "2027", "9999", "0000", "17:00",
    "24:00", "02:30", "5pm", "12 am", "2h", "3 days", "52w", "2026-03-14", "2026-02-30", "T", "Z",
    "+01:00", "-99:00", "1/2", ",", ".", "(", "\ud800", "９",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # Lengths.
        ("within 2h", "2026-03-11T12:00"),
        ("in 3 days", "2026-03-14T10:00"),
        ("2h", "2026-03-11T12:00"),
        ("by 90m", "2026-03-11T11:30"),
        ("within 1h 30m", "2026-03-11T11:30"),
        ("Within a week.", "2026-03-18T10:00"),
        ("within 52 weeks", "2027-03-10T10:00"),
        # A time: the next one.
        ("by 17:00", "2026-03-11T17:00"),
        ("by 9:30", "2026-03-12T09:30"),
        ("10:00", "2026-03-12T10:00"),
        ("10:01", "2026-03-11T10:01"),
        ("5pm", "2026-03-11T17:00"),
        ("5 PM", "2026-03-11T17:00"),
        ("5 p.m.", "2026-03-11T17:00"),
        ("before 9am", "2026-03-12T09:00"),
        ("12pm", "2026-03-11T12:00"),
        ("12am", "2026-03-12T00:00"),
        ("5:30pm", "2026-03-11T17:30"),
        ("17:00:00", "2026-03-11T17:00"),
        ("noon", "2026-03-11T12:00"),
        ("by midnight", "2026-03-12T00:00"),
        ("24:00", "2026-03-12T00:00"),
        ("00:00", "2026-03-12T00:00"),
        # Parts of today.
        ("by end of day", "2026-03-11T23:59"),
        ("by the end of the day", "2026-03-11T23:59"),
        ("EOD", "2026-03-11T23:59"),
        ("by close of business", "2026-03-11T17:00"),
        ("tonight", "2026-03-11T23:59"),
        ("tonight at 8pm", "2026-03-11T20:00"),
        ("this evening", "2026-03-11T21:00"),
        ("this afternoon", "2026-03-11T18:00"),
        ("in the morning", "2026-03-11T12:00"),
        ("today", "2026-03-11T23:59"),
        ("today 17:00", "2026-03-11T17:00"),
        # Days.
        ("by tomorrow 17:00", "2026-03-12T17:00"),
        ("by 17:00 tomorrow", "2026-03-12T17:00"),
        ("tomorrow", "2026-03-12T23:59"),
        ("tomorrow at noon", "2026-03-12T12:00"),
        ("tomorrow morning", "2026-03-12T12:00"),
        ("tomorrow morning at 9:30", "2026-03-12T09:30"),
        ("end of tomorrow", "2026-03-12T23:59"),
        ("the day after tomorrow", "2026-03-13T23:59"),
        ("by Friday noon", "2026-03-13T12:00"),
        ("by noon on Friday", "2026-03-13T12:00"),
        ("by friday midnight", "2026-03-14T00:00"),
        ("friday 00:00", "2026-03-13T00:00"),
        ("Friday, 17:00", "2026-03-13T17:00"),
        ("by 5pm on fri", "2026-03-13T17:00"),
        ("by monday", "2026-03-16T23:59"),
        ("by end of day Monday", "2026-03-16T23:59"),
        ("this friday", "2026-03-13T23:59"),
        ("next friday", "2026-03-20T23:59"),
        ("next monday 9am", "2026-03-16T09:00"),
        ("wednesday", "2026-03-11T23:59"),
        ("wednesday 9:00", "2026-03-18T09:00"),
        # Dates.
        ("by 2026-03-14 09:30", "2026-03-14T09:30"),
        ("2026-03-14T09:30", "2026-03-14T09:30"),
        ("2026-03-14T09:30:00", "2026-03-14T09:30"),
        ("2026-03-14", "2026-03-14T23:59"),
        ("14 March", "2026-03-14T23:59"),
        ("by the 14th of March at 9:30", "2026-03-14T09:30"),
        ("March 14, 2026 5pm", "2026-03-14T17:00"),
        ("14 Mar 2026, 17:00", "2026-03-14T17:00"),
        ("Fri 13 Mar 2026, 17:00", "2026-03-13T17:00"),
        ("Saturday, 14 March", "2026-03-14T23:59"),
        ("10 March", "2027-03-10T23:59"),
        # With an offset.
        ("2026-03-14T09:30Z", "2026-03-14T10:30"),
        ("by 2026-03-14t09:30:15.5+05:30", "2026-03-14T05:00:15.500000"),
        ("2026-03-14 09:30 -04:00", "2026-03-14T14:30"),
        # Summer time begins: the skipped half hour is the moment after it.
        ("2026-03-29 02:30", "2026-03-29T03:00"),
        ("29 March 03:00", "2026-03-29T03:00"),
        ("  BY   Tomorrow\n 17:00 ", "2026-03-12T17:00"),
    ],
)
def test_reads_what_people_write(text: str, wanted: str) -> None:
    read = read_deadline(text, now=NOW, zone=BERLIN)
    assert local(read, BERLIN).replace(tzinfo=None) == datetime.fromisoformat(wanted)


def test_what_clocks_show_twice_is_the_first() -> None:
    now = to_micros(datetime.fromisoformat("2026-10-24T10:00+02:00"))
    read = read_deadline("tomorrow 02:30", now=now, zone=BERLIN)
    assert read == to_micros(datetime.fromisoformat("2026-10-25T02:30+02:00"))


def test_between_the_two_the_clock_time_has_passed() -> None:
    now = to_micros(datetime.fromisoformat("2026-10-25T02:10+01:00"))
    read = read_deadline("02:30", now=now, zone=BERLIN)
    assert read == to_micros(datetime.fromisoformat("2026-10-26T02:30+01:00"))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("tomorrow", "2026-03-12T09:00"),
        ("tomorrow morning", "2026-03-12T09:00"),
        ("tomorrow afternoon", "2026-03-12T14:00"),
        ("on friday", "2026-03-13T09:00"),
        ("friday noon", "2026-03-13T12:00"),
        ("tonight", "2026-03-11T20:00"),
        ("wednesday", "2026-03-18T09:00"),
        ("in 2h", "2026-03-11T12:00"),
        ("end of friday", "2026-03-13T23:59"),
        ("morning", "2026-03-12T09:00"),
    ],
)
def test_reminders_are_where_a_day_starts(text: str, wanted: str) -> None:
    read = read_reminder(text, now=NOW, zone=BERLIN)
    assert local(read, BERLIN).replace(tzinfo=None) == datetime.fromisoformat(wanted)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("2026-03-10 09:30", "in_the_past", "Tue 10 Mar 2026, 09:30 (Europe/Berlin)) has passed"),
        ("today 9:00", "in_the_past", "has passed"),
        ("this morning 9:00", "in_the_past", "has passed"),
        ("within 0h", "in_the_past", "has passed"),
        ("2026-03-11T09:00Z", "in_the_past", "has passed"),
        ("0001-01-01T00:00+14:00", "in_the_past", "has passed"),
        ("0001-01-01", "in_the_past", "has passed"),
        ("2019-01-01 09:30", "in_the_past", "has passed"),
        ("2027-03-12", "too_far", "within a year"),
        ("53w", "too_far", "within a year"),
        ("999999w", "too_far", "within a year"),
        ("9999-12-31", "too_far", "within a year"),
        ("9999-12-31 24:00", "too_far", "within a year"),
        ("9999-12-31T23:59-14:00", "too_far", "within a year"),
        ("31 dec 9999 noon", "too_far", "within a year"),
        ("", "unreadable_time", "Write it like"),
        ("by", "unreadable_time", "Write it like"),
        ("by this", "unreadable_time", "Write it like"),
        ("soon", "unreadable_time", "“soon” is not a time I can read"),
        ("asap", "unreadable_time", "Write it like"),
        ("by 5", "unreadable_time", "Write it like"),
        ("today 5", "unreadable_time", "Write it like"),
        ("next week", "unreadable_time", "Write it like"),
        ("end of month", "unreadable_time", "Write it like"),
        ("17:00 UTC", "unreadable_time", "Write it like"),
        ("17:00 18:00", "unreadable_time", "Write it like"),
        ("monday tuesday", "unreadable_time", "Write it like"),
        ("-2h", "unreadable_time", "Write it like"),
        ("within -2h", "unreadable_time", "Write it like"),
        ("0000-01-01", "unreadable_time", "no such day"),
        ("2026-02-30", "unreadable_time", "no such day"),
        ("2026-13-01 09:00", "unreadable_time", "no such day"),
        ("29 feb", "unreadable_time", "no such day"),
        ("25:00", "unreadable_time", "“25:00” in “25:00” is not a time of day"),
        ("17:60", "unreadable_time", "is not a time of day"),
        ("24:01", "unreadable_time", "is not a time of day"),
        ("13pm", "unreadable_time", "is not a time of day"),
        ("0am", "unreadable_time", "is not a time of day"),
        ("2026-03-14T09:30+99:00", "unreadable_time", "Write it like"),
        ("2026-03-14T25:30Z", "unreadable_time", "Write it like"),
        ("03/04/2026", "ambiguous_date", "two ways"),
        ("3/14 17:00", "ambiguous_date", "two ways"),
        ("03.04.2026", "ambiguous_date", "two ways"),
        ("Mon 13 Mar 2026", "ambiguous_date", "names a Monday, but that date is a Friday"),
        ("x" * 100_000, "unreadable_time", "Write it like"),
        ("9" * 80, "unreadable_time", "Write it like"),
    ],
)  # fmt: skip
def test_refuses_with_a_sentence(text: str, code: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_deadline(text, now=NOW, zone=BERLIN)
    assert caught.value.code == code
    assert words in caught.value.message
    assert len(caught.value.message) < 250


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(Invalid, match="is not a time zone"):
        read_deadline("tomorrow", now=NOW, zone="Mars/Olympus")


@pytest.mark.parametrize("ahead", [1, HOUR, YEAR])
def test_an_instant_within_a_year_is_kept(ahead: int) -> None:
    assert check_deadline(NOW + ahead, NOW) == NOW + ahead


@pytest.mark.parametrize(
    ("ahead", "code"),
    [(0, "in_the_past"), (-1, "in_the_past"), (-(10**30), "in_the_past"),
     (YEAR + 1, "too_far"), (10**30, "too_far")],
)  # fmt: skip
def test_an_instant_behind_or_too_far_is_refused(ahead: int, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_deadline(NOW + ahead, NOW)
    assert caught.value.code == code


@given(st.text(max_size=100) | st.lists(st.sampled_from(WORDS), max_size=7).map(" ".join), nows,
       zones)  # fmt: skip
def test_any_text_is_ahead_within_a_year_or_invalid(text: str, now: int, zone: str) -> None:
    for read in (read_deadline, read_reminder):
        with suppress(Invalid):
            assert now < read(text, now=now, zone=zone) <= now + YEAR


@given(nows, zones, st.integers(0, 23), st.integers(0, 59))
def test_a_clock_time_comes_within_a_day_or_so(now: int, zone: str, hour: int, minute: int) -> None:
    read = read_deadline(f"by {hour}:{minute:02}", now=now, zone=zone)
    assert now < read <= now + 25 * HOUR
    seen = local(read, zone)
    # Unless that very minute is skipped on the day.
    assert (seen.hour, seen.minute) == (hour, minute) or local(read - 1, zone).utcoffset() != (
        seen.utcoffset()
    )


@given(nows, zones, st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]))
def test_a_weekday_is_one_of_the_next_seven(now: int, zone: str, name: str) -> None:
    read = read_deadline(name, now=now, zone=zone)
    assert now < read <= now + WEEK + DAY
    assert f"{local(read, zone):%a}".casefold() == name
    assert read_reminder(name, now=now, zone=zone) <= now + WEEK + HOUR


@given(nows, zones, st.integers(1, 364 * 24 * 60))
def test_reads_back_what_is_said(now: int, zone: str, minutes: int) -> None:
    wanted = (now // MINUTE + minutes) * MINUTE
    text = said(wanted, zone).partition(" (")[0]
    shown = local(wanted, zone)
    # A time that clocks show twice is read as the first of the two.
    if shown.replace(fold=0).utcoffset() == shown.replace(fold=1).utcoffset():
        assert read_deadline(text, now=now, zone=zone) == wanted
    iso = f"{from_micros(wanted):%Y-%m-%dT%H:%MZ}"
    assert read_deadline(iso, now=now, zone=zone) == wanted


@given(nows, zones)
def test_a_later_now_never_means_an_earlier_deadline(now: int, zone: str) -> None:
    moments = [now + n * 7 * HOUR for n in range(10)]
    for text in ("by 17:00", "tomorrow noon", "friday 9am", "within 2h"):
        read = [read_deadline(text, now=moment, zone=zone) for moment in moments]
        assert all(earlier <= later for earlier, later in pairwise(read))


@given(nows, zones)
def test_a_length_is_elapsed_time(now: int, zone: str) -> None:
    assert read_deadline("within 2 days", now=now, zone=zone) == now + 2 * DAY
