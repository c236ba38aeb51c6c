"""How lengths of time are read and said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.instants import DAY, HOUR, MINUTE, SECOND
from bot.domain.spans import WEEK, read_span, say_span


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90m", 90 * MINUTE),
        ("2h", 2 * HOUR),
        ("3d", 3 * DAY),
        ("1w", WEEK),
        ("2 hours", 2 * HOUR),
        ("  2   HOURS ", 2 * HOUR),
        ("45 min", 45 * MINUTE),
        ("1.5h", 90 * MINUTE),
        ("1h30m", 90 * MINUTE),
        ("1h 30m", 90 * MINUTE),
        ("1 day and 2 hours", DAY + 2 * HOUR),
        ("1 day, 2 hours", DAY + 2 * HOUR),
        ("an hour", HOUR),
        ("a week", WEEK),
        ("one day", DAY),
        ("0h", 0),
    ],
)
def test_reads_what_people_write(text: str, span: int) -> None:
    assert read_span(text) == span


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "2",
        "soon",
        "2 months",
        "30 seconds",
        "the hour",
        "-2h",
        "2h!",
        "hours",
        "2hh",
        "h2",
        "1234567h",
        "1.2345h",
        "a",
        "an hour or so",
    ],
)
def test_refuses_what_is_no_length(text: str) -> None:
    assert read_span(text) is None


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (0, "0 seconds"),
        (30 * SECOND, "30 seconds"),
        (MINUTE, "1 minute"),
        (90 * MINUTE, "1 hour 30 minutes"),
        (HOUR + 5 * SECOND, "1 hour"),
        (2 * DAY, "2 days"),
        (8 * DAY, "1 week 1 day"),
        (2 * DAY + 3 * HOUR + 4 * MINUTE, "2 days 3 hours"),
    ],
)
def test_says_two_units_at_most(span: int, words: str) -> None:
    assert say_span(span) == words


@given(st.text())
def test_never_raises(text: str) -> None:
    read = read_span(text)
    assert read is None or read >= 0


@given(st.integers(0, 60 * 24 * 365))
def test_reads_back_whole_minutes(minutes: int) -> None:
    assert read_span(f"{minutes}m") == minutes * MINUTE


@given(st.integers(0, 51), st.integers(1, 6))
def test_reads_back_what_it_says(weeks: int, days: int) -> None:
    span = weeks * WEEK + days * DAY
    assert read_span(say_span(span)) == span
