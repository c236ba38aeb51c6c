"""Whoever answers in whatever order: what a decision always rests on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.deciding import judge
from bot.domain.feedback import (
    Answer,
    Rule,
    Standing,
    State,
)
from tests.unit.deciding_cases import APPROVED, REJECTED, a_request, an_approval

people = st.sampled_from("abcde")
crowds = st.sets(people, min_size=1)


@given(
    deciders=crowds,
    votes=st.dictionaries(people, st.sampled_from([APPROVED, REJECTED])),
    answer=st.sampled_from([APPROVED, REJECTED]),
    rule=st.sampled_from(Rule),
    quorum=st.integers(1, 6),
    veto=st.booleans(),
    data=st.data(),
)
def test_an_approval_has_those_who_approve_and_a_rejection_leaves_too_few(
    deciders: set[str],
    votes: dict[str, Answer],
    answer: Answer,
    rule: Rule,
    quorum: int,
    veto: bool,
    data: st.DataObject,
) -> None:
    person = data.draw(st.sampled_from(sorted(deciders)))
    request = an_approval(rule, quorum, veto=veto)
    verdict = judge(request, deciders, votes, person, answer)
    counted = {p: a for p, a in votes.items() if p in deciders} | {person: answer}
    yes = sum(a == APPROVED for a in counted.values())
    could = yes + len(deciders - counted.keys())
    wanted = {Rule.FIRST: 1, Rule.ALL: len(deciders), Rule.QUORUM: quorum}[rule]
    match verdict.state:
        case State.APPROVED:
            assert answer is APPROVED
            assert yes >= wanted
        case State.REJECTED:
            assert answer is REJECTED
            assert could < wanted or veto or rule is Rule.FIRST
        case _:
            # Nobody waits for what is certain: more could approve, or nobody can change anything.
            if answer is APPROVED:
                assert yes < wanted
            else:
                assert could >= wanted
            assert verdict.missing >= 1
            # Stuck is stuck, also before everybody has answered.
            assert verdict.stalemate == (could < wanted)
    # Who is not asked changes nothing, and the same question gets the same answer.
    strangers = votes | dict.fromkeys("xyz", REJECTED)
    assert judge(request, deciders, strangers, person, answer) == verdict


options = st.sampled_from([Answer(choices=(option,)) for option in "pqr"])


@given(
    deciders=crowds,
    votes=st.dictionaries(people, options),
    answer=options,
    rule=st.sampled_from(Rule),
    quorum=st.integers(1, 6),
    data=st.data(),
)
def test_a_choice_has_its_quorum_of_people_who_say_the_same(
    deciders: set[str],
    votes: dict[str, Answer],
    answer: Answer,
    rule: Rule,
    quorum: int,
    data: st.DataObject,
) -> None:
    person = data.draw(st.sampled_from(sorted(deciders)))
    request = a_request(rule=rule, quorum=quorum, options=tuple("pqr"))
    verdict = judge(request, deciders, votes, person, answer)
    counted = {p: a for p, a in votes.items() if p in deciders} | {person: answer}
    same = sum(a == answer for a in counted.values())
    wanted = {Rule.FIRST: 1, Rule.ALL: len(deciders), Rule.QUORUM: quorum}[rule]
    assert (verdict.standing is Standing.DECIDED) == (same >= wanted)
    assert verdict.missing == max(0, wanted - same)
    assert verdict.outcome == (answer if same >= wanted else None)
