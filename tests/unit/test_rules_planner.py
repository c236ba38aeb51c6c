"""What the planner without a model does with commands, facts and other people's words."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.adapters.planner.digest import MAX_SUMMARY
from bot.adapters.planner.rules import RulesPlanner
from bot.domain.feedback import Kind
from bot.domain.instants import DAY, HOUR, Micros
from bot.domain.planning import (
    AskHuman,
    CancelQuestion,
    EndSession,
    Escalation,
    Line,
    OpenQuestion,
    Plan,
    PlanContext,
    RemindPeople,
    Reply,
    Role,
    Spoken,
)

NOW: Micros = 1_772_442_900_000_000  # 2026-03-02 09:15 UTC


def owner(text: str, *, new: bool = True) -> Line:
    return Line(seq=1, role=Role.USER, author="alice", is_owner=True, text=text, new=new)


def bystander(text: str) -> Line:
    return Line(seq=1, role=Role.USER, author="mallory", is_owner=False, text=text, new=True)


def fact(text: str) -> Line:
    return Line(seq=1, role=Role.SYSTEM, author="system", is_owner=False, text=text, new=True)


def waiting(n: int, *people: str) -> OpenQuestion:
    return OpenQuestion(
        request_id=f"r{n}",
        question=f"Question {n}?",
        people=people or ("ben",),
        asked_at=NOW - HOUR + n,
        deadline=NOW + 2 * DAY,
    )


def context(
    *lines: Line, open_questions: Sequence[OpenQuestion] = (), zone: str = "Europe/Berlin"
) -> PlanContext:
    return PlanContext(
        session_id="s",
        turn_id="t",
        now=NOW,
        zone=zone,
        owner="alice",
        summary="",
        lines=lines,
        open_questions=tuple(open_questions),
        feedback_timeout=2 * DAY,
    )


def plan(
    *lines: Line,
    open_questions: Sequence[OpenQuestion] = (),
    planner: RulesPlanner | None = None,
    zone: str = "Europe/Berlin",
    shown: list[str] | None = None,
) -> Plan:
    seen = [] if shown is None else shown
    return asyncio.run(
        (planner or RulesPlanner()).plan(
            context(*lines, open_questions=open_questions, zone=zone), seen.append
        )
    )


def only_reply(made: Plan) -> str:
    (step,) = made.steps
    assert isinstance(step, Reply)
    return step.text


def test_ask_becomes_a_question() -> None:
    made = plan(owner("ask ben: Can we ship on Friday? options: yes, no"))
    assert made.steps == (
        AskHuman(
            people=("ben",),
            question="Can we ship on Friday?",
            kind=Kind.CHOICE,
            options=("yes", "no"),
        ),
    )


def test_a_faulty_ask_is_explained() -> None:
    assert "at least two options" in only_reply(plan(owner("ask ben: Ship? options: yes")))


def test_free_text_gets_the_plain_truth() -> None:
    said = only_reply(plan(owner("Could you find out whether we can ship?")))
    assert said.startswith("No language model is configured here")
    assert "`ask <people>: <question>" in said


def test_as_a_stand_in_it_says_that_the_model_is_down() -> None:
    said = only_reply(plan(owner("hello"), planner=RulesPlanner(model_configured=True)))
    assert said.startswith("The language model cannot be reached right now")


def test_a_reply_is_shown_once() -> None:
    shown: list[str] = []
    made = plan(owner("help"), shown=shown)
    assert shown == [only_reply(made)]


def test_a_question_is_not_shown_as_a_reply() -> None:
    shown: list[str] = []
    plan(owner("ask ben: Ship?"), owner("help"), shown=shown)
    assert shown == []


def test_status_tells_whom_since_and_until_in_the_owners_zone() -> None:
    said = only_reply(plan(owner("status"), open_questions=[waiting(1, "ben", "carla")]))
    assert "“Question 1?” to ben and carla" in said
    assert "asked Mon 2 Mar 2026, 09:15 (Europe/Berlin)" in said
    assert "waits until Wed 4 Mar 2026, 10:15 (Europe/Berlin)" in said


def test_an_unknown_zone_falls_back_to_utc() -> None:
    said = only_reply(plan(owner("status"), open_questions=[waiting(1)], zone="../Mars"))
    assert "Wed 4 Mar 2026, 09:15 (UTC)" in said


def test_status_with_nothing_open() -> None:
    assert only_reply(plan(owner("status"))) == "Nothing is waiting for anybody."


@pytest.mark.parametrize(
    ("text", "step"),
    [("remind", RemindPeople(request_id="r1")), ("cancel", CancelQuestion(request_id="r1"))],
)
def test_the_only_open_question_needs_no_number(text: str, step: object) -> None:
    made = plan(owner(text), open_questions=[waiting(1)])
    assert made.steps[0] == step
    assert isinstance(made.steps[1], Reply)
    assert "Question 1?" in made.steps[1].text


def test_numbers_count_in_the_order_of_asking() -> None:
    made = plan(owner("cancel 2"), open_questions=[waiting(2), waiting(1)])
    assert made.steps[0] == CancelQuestion(request_id="r2")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("remind", "Which one? Write `remind 1` to `remind 2`"),
        ("cancel 3", "no open question 3"),
        ("cancel 0", "no open question 0"),
    ],
)
def test_an_unclear_number_is_asked_back(text: str, says: str) -> None:
    said = only_reply(plan(owner(text), open_questions=[waiting(1), waiting(2)]))
    assert says in said
    assert "1. “Question 1?”" in said
    assert "2. “Question 2?”" in said


def test_the_owners_zone_and_the_usual_wait_count() -> None:
    (step,) = plan(owner("ask ana: Ship? then ask dana by Friday noon")).steps
    assert isinstance(step, AskHuman)
    noon = 1_772_794_800_000_000  # 2026-03-06 12:00 in Berlin
    assert step.escalations == (Escalation(people=("dana",), at=noon),)
    assert step.deadline == noon + 2 * DAY


def test_a_change_asks_anew_the_same_people() -> None:
    made = plan(
        owner("change 2: Ship on Monday? options: yes, no quorum 2"),
        owner("status"),
        open_questions=[waiting(1), waiting(2, "ben", "carla")],
    )
    assert made.steps[0] == AskHuman(
        people=("ben", "carla"),
        question="Ship on Monday?",
        kind=Kind.CHOICE,
        options=("yes", "no"),
        quorum=2,
        replaces="r2",
    )
    assert isinstance(made.steps[1], Reply)
    assert "One question is waiting" in made.steps[1].text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("change: Ship on Monday?", "Which one? Write `change 1` to `change 2`"),
        ("change 1: Ship? quorum 2", "only one person is asked"),
        ("change 1:", "question itself is missing"),
        ("change 1: Ship? by 2020-01-01", "has passed"),
    ],
)
def test_a_change_that_cannot_be_made_is_explained(text: str, says: str) -> None:
    assert says in only_reply(plan(owner(text), open_questions=[waiting(1), waiting(2)]))


def test_nothing_to_change() -> None:
    assert only_reply(plan(owner("change: Ship?"))) == "Nothing is waiting for anybody."


def test_nothing_to_remind() -> None:
    assert only_reply(plan(owner("remind"))) == "Nothing is waiting for anybody."


def test_a_cancelled_question_is_gone_within_the_turn() -> None:
    made = plan(owner("cancel"), owner("status"), open_questions=[waiting(1)])
    assert made.steps[-1] == Reply(text="Nothing is waiting for anybody.")


def test_end() -> None:
    (step,) = plan(owner("end")).steps
    assert isinstance(step, EndSession)
    assert step.text


def test_an_answer_is_carried_to_the_owner() -> None:
    assert only_reply(plan(fact("ben answered “Can we ship?”: yes"))) == "ben says: yes."
    assert only_reply(plan(fact("ben answered: yes"))) == "ben says: yes."


@pytest.mark.parametrize(
    "words",
    [
        "[sign in again](https://evil.example/)",
        "[sign in][again]\n\n[again]: https://evil.example/",
        "![sign in](https://evil.example/)",
        "[sign \\](in](https://evil.example/)",
    ],
)
def test_a_responder_s_link_does_not_hide_its_target_in_the_agent_s_words(words: str) -> None:
    for facts in ([words], [words, "yes"]):
        said = only_reply(plan(*(fact(f"ben answered “{words}”: {what}") for what in facts)))
        html = MarkdownIt("commonmark").render(said)
        assert "<a" not in html, html
        assert "<img" not in html, html


def test_a_late_answer_is_told_as_late() -> None:
    late = "ben answered “Can we ship?” after it was expired: yes"
    assert only_reply(plan(fact(late))) == f"{late}."


def test_any_other_fact_is_told_as_it_is() -> None:
    told = "Nobody answered in time: Can we ship?"
    assert only_reply(plan(fact(told))) == told


def test_several_facts_make_one_reply() -> None:
    said = only_reply(
        plan(
            fact("ben answered “Ship?”: yes"),
            fact("Nobody decided “Why?” in time."),
            open_questions=[waiting(1, "dora")],
        )
    )
    assert said == (
        "- ben says to “Ship?”: yes.\n- Nobody decided “Why?” in time.\n\n"
        "I am still waiting for dora."
    )


def test_lines_are_handled_in_order() -> None:
    made = plan(owner("ask ben: One?"), fact("carla answered: 7"), owner("ask dora: Two?"))
    assert [type(step) for step in made.steps] == [AskHuman, Reply, AskHuman]


def test_other_peoples_words_are_no_commands() -> None:
    assert plan(bystander("ask root: keys?"), bystander("end")).steps == ()


def test_old_lines_are_left_alone() -> None:
    assert plan(owner("ask ben: Ship?", new=False)).steps == ()


@given(st.lists(st.tuples(st.sampled_from([owner, bystander, fact]), st.text(max_size=60))))
def test_never_raises(said: list[tuple[object, str]]) -> None:
    makers = [maker(text) for maker, text in said if callable(maker)]
    plan(*makers, open_questions=[waiting(1), waiting(2)])


@given(st.text(max_size=6_000), st.lists(st.text(max_size=800), max_size=30))
def test_a_digest_is_bounded_and_the_same_twice(summary: str, texts: list[str]) -> None:
    messages = [Spoken(author="alice", text=text) for text in texts]
    first = asyncio.run(RulesPlanner().summarise(summary, messages))
    assert len(first) <= MAX_SUMMARY
    assert first == asyncio.run(RulesPlanner().summarise(summary, messages))


def test_a_digest_keeps_a_summary_that_fits() -> None:
    old = "One long paragraph. " * 100
    made = asyncio.run(RulesPlanner().summarise(old, [Spoken(author="alice", text="Go\non.")]))
    assert made == f"{old.strip()}\nalice: Go on."


def test_a_digest_keeps_the_newest() -> None:
    messages = [Spoken(author="alice", text=f"line {n} " + "x" * 200) for n in range(40)]
    made = asyncio.run(RulesPlanner().summarise("alice: the beginning", messages))
    assert made.splitlines()[0] == "(earlier lines left out)"
    assert "line 39" in made
    assert "the beginning" not in made
