"""Sessions: their status, whether a turn is due, and their titles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.session import TITLE_LENGTH, Session, SessionState, Status, title_of

NOW = 1_000


def a_session(
    state: SessionState = SessionState.ACTIVE,
    *,
    wake: int = 0,
    planned: int = 0,
    open_questions: int = 0,
    claim_until: int | None = None,
) -> Session:
    return Session(
        id="s",
        owner_id="ann",
        title="",
        state=state,
        end_reason=None,
        created_at=0,
        last_active_at=0,
        message_seq=9,
        feed_seq=0,
        wake_seq=wake,
        planned_seq=planned,
        summary="",
        summary_seq=0,
        open_questions=open_questions,
        turn_due_at=None,
        claim_owner=None,
        claim_number=0,
        claim_until=claim_until,
        idle_at=None,
        warned=False,
        failures=0,
    )


@pytest.mark.parametrize(
    ("session", "has_input", "status"),
    [
        (a_session(), False, Status.IDLE),
        (a_session(wake=3, planned=3), False, Status.IDLE),
        (a_session(wake=3, planned=2), True, Status.THINKING),
        (a_session(wake=3, planned=2, open_questions=1), True, Status.THINKING),
        (a_session(open_questions=1), False, Status.AWAITING),
        (a_session(claim_until=NOW + 1), False, Status.THINKING),
        (a_session(claim_until=NOW), False, Status.IDLE),
        (a_session(claim_until=NOW, open_questions=2), False, Status.AWAITING),
        (a_session(SessionState.HELD, wake=1), False, Status.IDLE),
        (a_session(SessionState.ENDED, wake=1), False, Status.IDLE),
    ],
)
def test_what_it_is_doing(session: Session, has_input: bool, status: Status) -> None:
    assert session.has_input is has_input
    assert session.status(NOW) is status


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("", "New session"),
        (" \n ", "New session"),
        ("Ship?", "Ship?"),
        ("\n\n  Ship \t it?\nmore", "Ship it?"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 79 + "…"),
        ("word " * 30, "word " * 14 + "word…"),
        ("a " + "x" * 100, "a " + "x" * 77 + "…"),
    ],
)
def test_a_title_is_the_first_line_cut_at_a_word(text: str, title: str) -> None:
    assert title_of(text) == title


@given(st.text())
def test_a_title_is_one_short_line(text: str) -> None:
    title = title_of(text)
    assert title.strip() == title
    assert 0 < len(title) <= TITLE_LENGTH
    assert len(title.splitlines()) == 1
