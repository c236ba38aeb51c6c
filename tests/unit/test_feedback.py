"""Who decides: answers counted by people, equal ones to the quorum, late ones compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.feedback import (
    Answer,
    FeedbackRequest,
    FeedbackResponse,
    Kind,
    Risk,
    Rule,
    Standing,
    State,
    judge,
)


def a_request(**changes: Any) -> FeedbackRequest:
    request = FeedbackRequest(
        id="r",
        session_id="s",
        asker_id="ann",
        kind=Kind.CHOICE,
        question="Ship?",
        context="",
        options=("yes", "no"),
        rule=Rule.FIRST,
        quorum=1,
        risk=Risk.NORMAL,
        state=State.PENDING,
        digest="d",
        asked_at=0,
        deadline=1,
        version=1,
    )
    return replace(request, **changes)


def counted(person: str, answer: Answer | None) -> FeedbackResponse:
    return FeedbackResponse(
        id=person,
        request_id="r",
        person_id=person,
        channel="chat",
        raw_text="",
        answer=answer,
        standing=Standing.COUNTED,
        agrees=None,
        created_at=0,
    )


YES, NO = Answer(choices=("yes",)), Answer(choices=("no",))
APPROVED, REJECTED = Answer(approved=True), Answer(approved=False)


@pytest.mark.parametrize(
    ("kind", "answer", "state"),
    [
        (Kind.APPROVAL, APPROVED, State.APPROVED),
        (Kind.APPROVAL, Answer(approved=False, text="too early"), State.REJECTED),
        (Kind.CHOICE, NO, State.ANSWERED),
        (Kind.INPUT, Answer(text="twelve"), State.ANSWERED),
    ],
)
def test_the_first_answer_decides(kind: Kind, answer: Answer, state: State) -> None:
    verdict = judge(a_request(kind=kind), [], "bob", answer)
    assert (verdict.standing, verdict.state, verdict.outcome) == (Standing.DECIDED, state, answer)
    assert (verdict.agrees, verdict.missing) == (None, 0)


@pytest.mark.parametrize(
    ("before", "person", "answer", "missing"),
    [
        ([], "bob", YES, 1),
        ([("bob", YES)], "carl", YES, 0),
        ([("bob", YES)], "carl", NO, 1),
        ([("bob", YES)], "bob", YES, 1),
        ([("bob", YES)], "bob", NO, 1),
        ([("bob", YES), ("bob", NO)], "carl", YES, 1),
        ([("bob", YES), ("bob", NO)], "carl", NO, 0),
        ([("bob", YES), ("carl", NO)], "dora", YES, 0),
        ([("bob", None), ("carl", None)], "dora", YES, 1),
        ([("bob", Answer(choices=("yes",), text="if it rains"))], "carl", YES, 0),
        ([("bob", Answer(text=" Friday "))], "carl", Answer(text="friday"), 0),
    ],
)
def test_a_quorum_of_two_takes_equal_answers_of_two_people(
    before: list[tuple[str, Answer | None]], person: str, answer: Answer, missing: int
) -> None:
    verdict = judge(a_request(quorum=2), [counted(p, a) for p, a in before], person, answer)
    assert verdict.missing == missing
    assert verdict.standing is (Standing.COUNTED if missing else Standing.DECIDED)
    assert (verdict.state is None) == bool(missing)


@pytest.mark.parametrize(
    ("outcome", "answer", "agrees"),
    [
        (YES, YES, True),
        (YES, Answer(choices=("yes",), text="and quickly"), True),
        (YES, NO, False),
        (APPROVED, Answer(approved=True, text="sure"), True),
        (APPROVED, REJECTED, False),
        (Answer(text="Twelve "), Answer(text="twelve"), True),
        (None, YES, None),
    ],
)
def test_a_late_answer_is_compared(
    outcome: Answer | None, answer: Answer, agrees: bool | None
) -> None:
    for state in State:
        if state is not State.PENDING:
            verdict = judge(a_request(state=state, outcome=outcome), [], "bob", answer)
            assert (verdict.standing, verdict.agrees) == (Standing.LATE, agrees)
            assert verdict.state is verdict.outcome is None


votes = st.lists(
    st.tuples(st.sampled_from("abcde"), st.sampled_from([APPROVED, REJECTED, None])), max_size=12
)


@given(before=votes, person=st.sampled_from("abcde"), quorum=st.integers(1, 6))
def test_a_decision_has_its_quorum_of_people(
    before: list[tuple[str, Answer | None]], person: str, quorum: int
) -> None:
    request = a_request(kind=Kind.APPROVAL, quorum=quorum)
    verdict = judge(request, [counted(p, a) for p, a in before], person, APPROVED)
    last = {p: a for p, a in before if a is not None} | {person: APPROVED}
    in_favour = sum(a == APPROVED for a in last.values())
    assert (verdict.standing is Standing.DECIDED) == (in_favour >= quorum)
    assert verdict.missing == max(0, quorum - in_favour)
    assert judge(request, [counted(p, a) for p, a in before], person, APPROVED) == verdict


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (APPROVED, "approved"),
        (REJECTED, "rejected"),
        (Answer(approved=False, text="too early"), "rejected: too early"),
        (YES, "yes"),
        (Answer(choices=("yes",), text="if it rains"), "yes (if it rains)"),
        (Answer(text="twelve"), "twelve"),
    ],
)
def test_an_answer_in_words(answer: Answer, words: str) -> None:
    assert answer.words() == words
