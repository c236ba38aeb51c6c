"""Who decides: answers counted by people, equal ones to the quorum, late ones compared."""

from __future__ import annotations

import pytest

from bot.domain.deciding import Verdict, is_stuck, judge, judge_again, needed
from bot.domain.feedback import (
    Answer,
    FeedbackRequest,
    Kind,
    Rule,
    Standing,
    State,
)
from tests.unit.deciding_cases import APPROVED, REJECTED, a_request, an_approval

YES, NO = Answer(choices=("yes",)), Answer(choices=("no",))
TRIO = ("bob", "carl", "dora")


def told(
    request: FeedbackRequest, said: list[tuple[str, Answer]], deciders: tuple[str, ...] = TRIO
) -> Verdict:
    """Take answers one after the other, as the store does, and return the last one's verdict."""
    votes: dict[str, Answer] = {}
    for person, answer in said[:-1]:
        verdict = judge(request, deciders, votes, person, answer)
        assert verdict.standing is Standing.COUNTED, (person, answer)
        votes[person] = answer
    person, answer = said[-1]
    return judge(request, deciders, votes, person, answer)


@pytest.mark.parametrize(
    ("kind", "answer", "state"),
    [
        (Kind.APPROVAL, APPROVED, State.APPROVED),
        (Kind.APPROVAL, Answer(approved=False, text="too early"), State.REJECTED),
        (Kind.CHOICE, NO, State.ANSWERED),
        (Kind.INPUT, Answer(text="twelve"), State.ANSWERED),
        (Kind.FORM, Answer(values=(("size", "12"),)), State.ANSWERED),
    ],
)
@pytest.mark.parametrize("deciders", [TRIO, ("bob",)])
def test_the_first_answer_decides(
    kind: Kind, answer: Answer, state: State, deciders: tuple[str, ...]
) -> None:
    verdict = judge(a_request(kind=kind), deciders, {}, "bob", answer)
    assert (verdict.standing, verdict.state, verdict.outcome) == (Standing.DECIDED, state, answer)
    assert (verdict.agrees, verdict.missing, verdict.stalemate) == (None, 0, False)


@pytest.mark.parametrize(
    ("rule", "deciders", "wanted"),
    [
        (Rule.FIRST, 3, 1),
        (Rule.ALL, 3, 3),
        (Rule.ALL, 1, 1),
        (Rule.ALL, 0, 1),
        (Rule.QUORUM, 3, 2),
        (Rule.QUORUM, 1, 2),
    ],
)
def test_how_many_it_takes(rule: Rule, deciders: int, wanted: int) -> None:
    assert needed(a_request(rule=rule, quorum=2), deciders) == wanted
    assert needed(a_request(rule=Rule.ALL), deciders + 2, 2) == max(1, deciders)


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
        ([("bob", Answer(choices=("yes",), text="if it rains"))], "carl", YES, 0),
        # Several choices are the same set, in whatever order they were named.
        ([("bob", Answer(choices=("a", "b")))], "carl", Answer(choices=("b", "a")), 0),
        ([("bob", Answer(choices=("a", "b")))], "carl", Answer(choices=("a",)), 1),
    ],
)
def test_a_quorum_of_two_takes_equal_choices_of_two_people(
    before: list[tuple[str, Answer]], person: str, answer: Answer, missing: int
) -> None:
    request = a_request(rule=Rule.QUORUM, quorum=2)
    verdict = told(request, [*before, (person, answer)])
    assert verdict.missing == missing
    assert verdict.standing is (Standing.COUNTED if missing else Standing.DECIDED)
    assert (verdict.state is None) == bool(missing)


@pytest.mark.parametrize("kind", [Kind.INPUT, Kind.FORM])
def test_free_answers_are_collected_and_not_compared(kind: Kind) -> None:
    def an_answer(word: str) -> Answer:
        return Answer(text=word) if kind is Kind.INPUT else Answer(values=(("when", word),))

    request = a_request(kind=kind, rule=Rule.QUORUM, quorum=2)
    one = told(request, [("bob", an_answer("Friday"))])
    assert (one.standing, one.missing) == (Standing.COUNTED, 1)
    same = told(request, [("bob", an_answer("Friday")), ("bob", an_answer("Monday"))])
    assert (same.standing, same.missing) == (Standing.COUNTED, 1)
    two = told(request, [("bob", an_answer("Friday")), ("carl", an_answer("Monday"))])
    assert (two.standing, two.outcome) == (Standing.DECIDED, an_answer("Monday"))


D, C = Standing.DECIDED, Standing.COUNTED
APPROVALS = {
    # rule, quorum, veto, the answers in order (+ approves, - rejects), standing, state
    "first yes": (Rule.FIRST, 1, False, "b+", D, State.APPROVED),
    "first no": (Rule.FIRST, 1, False, "b-", D, State.REJECTED),
    "all: one yes": (Rule.ALL, 1, False, "b+", C, None),
    "all: two yes": (Rule.ALL, 1, False, "b+c+", C, None),
    "all: three yes": (Rule.ALL, 1, False, "b+c+d+", D, State.APPROVED),
    "all: one no is enough": (Rule.ALL, 1, False, "b+c-", D, State.REJECTED),
    "all: the same one thrice": (Rule.ALL, 1, False, "b+b+b+", C, None),
    "two of three: two yes": (Rule.QUORUM, 2, False, "b+c+", D, State.APPROVED),
    "two of three: one no": (Rule.QUORUM, 2, False, "b-", C, None),
    "two of three: yes and no": (Rule.QUORUM, 2, False, "b+c-", C, None),
    "two of three: two no": (Rule.QUORUM, 2, False, "b-c-", D, State.REJECTED),
    "two of three: no, yes, yes": (Rule.QUORUM, 2, False, "b-c+d+", D, State.APPROVED),
    "two of three: yes, no, no": (Rule.QUORUM, 2, False, "b+c-d-", D, State.REJECTED),
    "three of three: one no": (Rule.QUORUM, 3, False, "b-", D, State.REJECTED),
    "a veto among yes": (Rule.QUORUM, 2, True, "b+c-", D, State.REJECTED),
    "a veto at once": (Rule.QUORUM, 2, True, "b-", D, State.REJECTED),
    "nobody vetoes": (Rule.QUORUM, 2, True, "b+c+", D, State.APPROVED),
    "one changes to yes": (Rule.QUORUM, 2, False, "b-b+c+", D, State.APPROVED),
    "one changes to no": (Rule.QUORUM, 2, False, "b+b-c-", D, State.REJECTED),
    "one changes back": (Rule.QUORUM, 2, False, "b+b-b+c+", D, State.APPROVED),
}


@pytest.mark.parametrize("case", APPROVALS.values(), ids=APPROVALS)
def test_how_an_approval_by_three_is_decided(
    case: tuple[Rule, int, bool, str, Standing, State | None],
) -> None:
    rule, quorum, veto, said, standing, state = case
    names = {"b": "bob", "c": "carl", "d": "dora"}
    answers = [
        (names[who], APPROVED if verdict == "+" else REJECTED)
        for who, verdict in zip(said[::2], said[1::2], strict=True)
    ]
    verdict = told(an_approval(rule, quorum, veto=veto), answers)
    assert (verdict.standing, verdict.state) == (standing, state)
    assert verdict.outcome == (answers[-1][1] if state else None)
    assert (verdict.missing > 0) == (state is None)


def test_what_the_others_must_still_say() -> None:
    request = an_approval(Rule.QUORUM, 2)
    assert told(request, [("bob", REJECTED)]).missing == 2
    assert told(request, [("bob", REJECTED), ("carl", APPROVED)]).missing == 1
    assert told(an_approval(Rule.ALL), [("bob", APPROVED)]).missing == 2


def test_everybody_has_answered_and_nothing_is_decided() -> None:
    """The agent must hear of it: nothing else would happen until the deadline."""
    request = a_request(rule=Rule.QUORUM, quorum=2, options=("a", "b", "c"))
    a, b, c = (Answer(choices=(option,)) for option in "abc")
    open_ = told(request, [("bob", a), ("carl", b)])
    assert (open_.standing, open_.stalemate) == (Standing.COUNTED, False)
    stuck = told(request, [("bob", a), ("carl", b), ("dora", c)])
    assert (stuck.standing, stuck.stalemate) == (Standing.COUNTED, True)
    # One who gives way ends it.
    solved = judge(request, TRIO, {"bob": a, "carl": b, "dora": c}, "dora", a)
    assert (solved.standing, solved.outcome, solved.stalemate) == (Standing.DECIDED, a, False)
    everybody = a_request(rule=Rule.ALL)
    assert told(everybody, [("bob", YES), ("carl", NO), ("dora", YES)]).stalemate


def test_a_stalemate_shows_before_everybody_has_answered() -> None:
    request = a_request(rule=Rule.QUORUM, quorum=3, options=("yes", "no"))
    assert told(request, [("bob", YES), ("carl", NO)]).stalemate
    everybody = a_request(rule=Rule.ALL)
    assert told(everybody, [("bob", YES), ("carl", NO)]).stalemate
    assert not told(everybody, [("bob", YES), ("carl", YES)]).stalemate
    # Two of them were found to be one: two answers cannot come any more.
    pair = a_request(rule=Rule.QUORUM, quorum=2)
    assert is_stuck(pair, {"bob"}, {})
    assert is_stuck(pair, {"bob"}, {"bob": YES})
    assert not is_stuck(pair, {"bob", "carl"}, {"bob": YES})
    # Nobody who may answer is left.
    assert is_stuck(a_request(), set(), {})


STAND_INS = {
    # who was asked, who stands in, what was said in order, and what becomes of the last
    "nobody raises the bar": ("bc", "d", "b+c+", D, State.APPROVED),
    "one silent, one in their place": ("bc", "d", "b+d+", D, State.APPROVED),
    "two silent, one in their place": ("bce", "d", "b+d+", C, None),
    "two silent, two in their place": ("bce", "dx", "b+d+x+", D, State.APPROVED),
    "all silent": ("b", "d", "d+", D, State.APPROVED),
    "nobody stands in for who refuses": ("bc", "dx", "d+b-", D, State.REJECTED),
    "who stands in refuses in their place": ("bc", "d", "b+d-", D, State.REJECTED),
}


@pytest.mark.parametrize("case", STAND_INS.values(), ids=STAND_INS)
def test_where_all_must_agree_the_escalated_stand_in_for_the_silent(
    case: tuple[str, str, str, Standing, State | None],
) -> None:
    asked, besides, said, standing, state = case
    votes: dict[str, Answer] = {}
    for who, sign in zip(said[::2], said[1::2], strict=True):
        answer = APPROVED if sign == "+" else REJECTED
        request = an_approval(Rule.ALL)
        verdict = judge(request, set(asked + besides), votes, who, answer, besides)
        votes[who] = answer
    assert (verdict.standing, verdict.state) == (standing, state)


def test_a_choice_of_all_needs_every_one_who_was_asked_and_has_answered() -> None:
    request = a_request(rule=Rule.ALL)
    crowd, besides = {"bob", "carl", "dora", "eve"}, {"dora", "eve"}
    # Enough say yes, but Bob was asked and says no: nobody agrees in his place.
    against = judge(request, crowd, {"bob": NO, "carl": YES}, "dora", YES, besides)
    assert (against.standing, against.stalemate) == (Standing.COUNTED, True)
    # Those who stand in may differ: it takes as many as are silent.
    votes = {"carl": YES, "dora": NO}
    assert judge(request, crowd, votes, "eve", YES, besides).standing is Standing.DECIDED
    assert judge(request, crowd, votes, "bob", YES, besides).standing is Standing.DECIDED
    assert not judge(request, crowd, {"dora": NO}, "eve", YES, besides).stalemate
    free = a_request(kind=Kind.INPUT, rule=Rule.ALL)
    text = Answer(text="Friday")
    assert judge(free, crowd, {"bob": text}, "eve", text, besides).standing is Standing.DECIDED


def test_votes_are_judged_again_when_two_people_are_one() -> None:
    everybody = an_approval(Rule.ALL)
    assert judge_again(everybody, {"bob", "carl"}, {"bob": APPROVED}) is None
    found = judge_again(everybody, {"bob"}, {"bob": APPROVED})
    assert found is not None
    assert (found.person_id, found.verdict.state) == ("bob", State.APPROVED)
    # Of those who can decide it, the newest does; who does not count does not.
    pair = a_request(rule=Rule.QUORUM, quorum=2)
    found = judge_again(pair, TRIO, {"carl": YES, "bob": YES, "xavier": NO, "dora": NO})
    assert found is not None
    assert (found.person_id, found.verdict.outcome) == ("bob", YES)


def test_only_those_who_are_asked_now_count() -> None:
    """Who handed the question on has voted for nobody but themselves, and is not asked any more."""
    request = an_approval(Rule.QUORUM, 2)
    handed_on = {"bob": APPROVED}
    verdict = judge(request, ("carl", "dora", "eve"), handed_on, "carl", APPROVED)
    assert (verdict.standing, verdict.missing) == (Standing.COUNTED, 1)
    verdict = judge(request, ("carl", "dora", "eve"), {"bob": REJECTED}, "carl", REJECTED)
    assert verdict.standing is Standing.COUNTED
    # With all of those who are asked, the vote of one who is not is not waited for either.
    everybody = an_approval(Rule.ALL)
    verdict = judge(everybody, ("carl",), {"bob": REJECTED}, "carl", APPROVED)
    assert (verdict.standing, verdict.state) == (Standing.DECIDED, State.APPROVED)


def test_people_who_were_found_to_be_one_count_once() -> None:
    """The caller names people canonically: two votes of one human are one vote."""
    request = a_request(rule=Rule.QUORUM, quorum=2)
    verdict = judge(request, {"bob", "carl"}, {"bob": YES}, "bob", YES)
    assert (verdict.standing, verdict.missing) == (Standing.COUNTED, 1)
    # When three became two, all of them are two.
    verdict = judge(a_request(rule=Rule.ALL), {"bob", "carl"}, {"bob": YES}, "carl", YES)
    assert verdict.standing is Standing.DECIDED


@pytest.mark.parametrize(
    ("outcome", "answer", "agrees"),
    [
        (YES, YES, True),
        (YES, Answer(choices=("yes",), text="and quickly"), True),
        (YES, NO, False),
        (Answer(choices=("a", "b")), Answer(choices=("b", "a")), True),
        (APPROVED, Answer(approved=True, text="sure"), True),
        (APPROVED, REJECTED, False),
        (Answer(text="Twelve "), Answer(text="twelve"), True),
        (Answer(values=(("size", "12"),)), Answer(values=(("size", "12"),)), True),
        (Answer(values=(("size", "12"),)), Answer(values=(("size", "13"),)), False),
        (None, YES, None),
    ],
)
def test_a_late_answer_is_compared(
    outcome: Answer | None, answer: Answer, agrees: bool | None
) -> None:
    for state in State:
        if state is not State.PENDING:
            request = a_request(state=state, outcome=outcome)
            verdict = judge(request, TRIO, {}, "bob", answer)
            assert (verdict.standing, verdict.agrees) == (Standing.LATE, agrees)
            assert verdict.state is verdict.outcome is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (APPROVED, "approved"),
        (REJECTED, "rejected"),
        (Answer(approved=False, text="too early"), "rejected: too early"),
        (YES, "yes"),
        (Answer(choices=("yes", "no")), "yes, no"),
        (Answer(choices=("yes",), text="if it rains"), "yes (if it rains)"),
        (Answer(values=(("size", "12"), ("when", "2026-03-14"))), "size: 12; when: 2026-03-14"),
        (Answer(values=(("size", "12"),), text="or so"), "size: 12 (or so)"),
        (Answer(text="twelve"), "twelve"),
    ],
)
def test_an_answer_in_words(answer: Answer, words: str) -> None:
    assert answer.words() == words
