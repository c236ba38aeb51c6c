"""What stands behind a question: which clauses there are, and where the question ends."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.feedback import Field, FieldKind, Kind
from bot.domain.grammar import Ask, Unreadable, parse
from bot.domain.instants import DAY, HOUR, MINUTE, Micros, to_micros
from bot.domain.planning import AskHuman, Escalation

BERLIN = ZoneInfo("Europe/Berlin")
NOW = to_micros(datetime(2026, 3, 2, 9, 15, tzinfo=UTC))  # Monday 10:15 in Berlin
WAIT = 2 * DAY


def at(day: int, hour: int, minute: int = 0) -> Micros:
    return to_micros(datetime(2026, 3, day, hour, minute, tzinfo=BERLIN))


FRIDAY_NOON = at(6, 12)


def asked(text: str) -> AskHuman:
    read = parse(text, now=NOW, zone="Europe/Berlin", wait=WAIT)
    assert isinstance(read, Ask), read
    return read.step


def changes(text: str) -> dict[str, object]:
    """Return what the clauses behind "Which one?" do to the question."""
    step = asked(f"ask ana, ben, cleo: Which one? {text}")
    assert step.question == "Which one?"
    plain = asked("ask ana, ben, cleo: Which one?")
    fields = AskHuman.__dataclass_fields__
    return {
        name: getattr(step, name) for name in fields if getattr(step, name) != getattr(plain, name)
    }


ISSUE = "remind tomorrow, and if nobody answers by Friday noon ask Dana"
ISSUE_STEP = AskHuman(
    people=("Ana", "Ben", "Cleo"),
    question="Can we ship?",
    kind=Kind.INPUT,
    quorum=2,
    remind_at=(at(3, 9),),
    escalations=(Escalation(people=("Dana",), at=FRIDAY_NOON),),
    deadline=FRIDAY_NOON + WAIT,
)


@pytest.mark.parametrize(
    "text",
    [
        f"ask two of Ana, Ben and Cleo: Can we ship? {ISSUE}",
        f"Ask two of Ana, Ben and Cleo: Can we ship?\n{ISSUE}.",
        f"ask two of Ana, Ben and Cleo, {ISSUE}: Can we ship?",
        (
            "ask any two of Ana, Ben, Cleo: Can we ship?"
            "\nIf nobody answers by Friday noon, ask Dana."
            "\nRemind them tomorrow."
        ),
        (
            "ask Ana, Ben, Cleo: Can we ship? [quorum 2] [remind tomorrow] [then ask Dana by Friday"
            " noon]"
        ),
    ],
)
def test_the_story_of_the_issue(text: str) -> None:
    assert asked(text) == ISSUE_STEP


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("within 2h", {"within": 2 * HOUR}),
        ("by tomorrow 17:00", {"deadline": at(3, 17)}),
        ("by Friday noon", {"deadline": FRIDAY_NOON}),
        ("by Friday", {"deadline": at(6, 23, 59)}),
        ("before 2026-03-06 12:00", {"deadline": FRIDAY_NOON}),
        ("within 8h working time", {"within": 8 * HOUR, "working_time": True}),
        ("working time, within 8h", {"within": 8 * HOUR, "working_time": True}),
        ("within 8 working hours", {"within": 8 * HOUR, "working_time": True}),
        ("quorum 2", {"quorum": 2}),
        ("quorum of two", {"quorum": 2}),
        ("at least two of them must agree", {"quorum": 2}),
        ("all must agree", {"everybody": True}),
        ("everybody", {"everybody": True}),
        ("Everybody must answer.", {"everybody": True}),
        ("notify dora, emil", {"notify": ("dora", "emil")}),
        ("notify dora and e@example.org.", {"notify": ("dora", "e@example.org")}),
        ("notify dora, notify emil", {"notify": ("dora", "emil")}),
        ("remind tomorrow", {"remind_at": (at(3, 9),)}),
        ("remind them at 14:00", {"remind_at": (at(2, 14),)}),
        ("remind in 2h and in 5h", {"remind_at": (NOW + 2 * HOUR, NOW + 5 * HOUR)}),
        ("remind in 2h and 5h", {"remind_at": (NOW + 2 * HOUR, NOW + 5 * HOUR)}),
        ("remind in 1h and 30m", {"remind_at": (NOW + 90 * MINUTE,)}),
        ("remind tomorrow, remind in 2h", {"remind_at": (at(3, 9), NOW + 2 * HOUR)}),
        ("no reminders", {"remind_at": ()}),
        ("don't remind them", {"remind_at": ()}),
        (
            "escalate to dana after 4h",
            {"escalations": (Escalation(people=("dana",), after=4 * HOUR),)},
        ),
        (
            "escalate after 4h to dana",
            {"escalations": (Escalation(people=("dana",), after=4 * HOUR),)},
        ),
        (
            "escalate to dana after 4h and to emil and fay after 8h",
            {
                "escalations": (
                    Escalation(people=("dana",), after=4 * HOUR),
                    Escalation(people=("emil", "fay"), after=8 * HOUR),
                )
            },
        ),
        (
            "if nobody answers within 4h ask dana",
            {"escalations": (Escalation(people=("dana",), after=4 * HOUR),)},
        ),
        (
            "ask dana if no one has answered by tomorrow noon",
            {"escalations": (Escalation(people=("dana",), at=at(3, 12)),)},
        ),
        (
            "then ask dana by Friday noon by Saturday noon",
            {
                "escalations": (Escalation(people=("dana",), at=FRIDAY_NOON),),
                "deadline": at(7, 12),
            },
        ),
        ("urgent", {"urgent": True}),
        ("It's urgent!", {"urgent": True}),
        ("context: We promised it.", {"context": "We promised it."}),
        (
            "context: We must decide by Friday. They wait. urgent",
            {"context": "We must decide by Friday. They wait.", "urgent": True},
        ),
        ("[context: Wow!] urgent", {"context": "Wow!", "urgent": True}),
        (
            "several options: a, b, c",
            {"kind": Kind.CHOICE, "multiple": True, "options": ("a", "b", "c")},
        ),
        (
            "options: low, normal, urgent",
            {"kind": Kind.CHOICE, "options": ("low", "normal", "urgent")},
        ),
        (
            "options: low, normal, urgent. urgent",
            {"kind": Kind.CHOICE, "options": ("low", "normal", "urgent"), "urgent": True},
        ),
        (
            "options: by train, by plane",
            {"kind": Kind.CHOICE, "options": ("by train", "by plane")},
        ),
        (
            "options: by Friday, by Monday, remind tomorrow",
            {"kind": Kind.CHOICE, "options": ("by Friday", "by Monday"), "remind_at": (at(3, 9),)},
        ),
        (
            "\n- within 2h\n- notify dora\n- urgent",
            {"within": 2 * HOUR, "notify": ("dora",), "urgent": True},
        ),
    ],
)
def test_each_clause(text: str, does: dict[str, object]) -> None:
    assert changes(text) == does


def test_an_approval_with_a_veto() -> None:
    step = asked("ask ana, ben for approval: Ship it? veto, quorum 2")
    assert (step.kind, step.veto, step.quorum) == (Kind.APPROVAL, True, 2)


def test_a_form() -> None:
    step = asked(
        "ask ana: Fill this in. form: name (text), amount (number), when (date), size (S|M|L),"
        " is it ok (yes/no), note (text, optional), more"
    )
    assert (step.kind, step.question) == (Kind.FORM, "Fill this in.")
    assert step.fields == (
        Field(name="name", label="name", kind=FieldKind.TEXT),
        Field(name="amount", label="amount", kind=FieldKind.NUMBER),
        Field(name="when", label="when", kind=FieldKind.DATE),
        Field(name="size", label="size", kind=FieldKind.SELECT, options=("S", "M", "L")),
        Field(name="is_it_ok", label="is it ok", kind=FieldKind.YES_NO),
        Field(name="note", label="note", kind=FieldKind.TEXT, required=False),
        Field(name="more", label="more", kind=FieldKind.TEXT),
    )


@pytest.mark.parametrize(
    ("people", "quorum", "everybody"),
    [
        ("two of ana, ben and cleo", 2, False),
        ("any 2 of ana, ben, cleo", 2, False),
        ("all of ana, ben and cleo", 1, True),
        ("one of ana, ben, cleo", 1, False),
    ],
)
def test_how_many_of_whom(people: str, quorum: int, everybody: bool) -> None:
    step = asked(f"ask {people}: Ship it?")
    assert (step.people, step.quorum, step.everybody) == (("ana", "ben", "cleo"), quorum, everybody)


@pytest.mark.parametrize(
    "question",
    [
        "Can we ship by tomorrow 17:00",
        "Can we ship within 2h?",
        "Is it urgent",
        "Shall I remind ben tomorrow, or notify cleo?",
        "Which? By the way, who is Bob",
        "What are the options: a, b or c?",
        "Ship? remind them every day",
        "Ship? notify the whole team",
        "Ship? within a team",
        "Is that e.g. within 2h",
        "We stop. within 2h it is dark, so go on",
        "Ship? urgent matters first",
        "Ship? if nobody answers we go home",
        "Ship? then ask whoever is there",
        "Should we escalate to dana after 4h?",
    ],
)
def test_what_is_no_clause_stays_in_the_question(question: str) -> None:
    assert asked(f"ask ana: {question}").question == question


@pytest.mark.parametrize(
    "text", ["urgent", "within 2h", "by Friday noon, urgent", "options: a, b", "notify ben"]
)
def test_clauses_alone_are_no_question(text: str) -> None:
    read = parse(f"ask ana: {text}", now=NOW, zone="UTC", wait=WAIT)
    assert isinstance(read, Unreadable)
    assert "question itself is missing" in read.sentence


def test_a_deadline_of_its_own_is_kept_and_the_usual_one_makes_room() -> None:
    assert asked("ask ana: Ship? remind tomorrow").deadline is None
    assert asked("ask ana: Ship? remind in 3d").deadline == NOW + 3 * DAY + WAIT
    assert asked("ask ana: Ship? escalate to ben after 360d").deadline == NOW + 362 * DAY
    assert asked("ask ana: Ship? escalate to ben after 364d").deadline == NOW + 365 * DAY
    assert asked("ask ana: Ship? by Friday noon remind tomorrow").deadline == FRIDAY_NOON


CLAUSES = {
    "by Friday noon": {"deadline": FRIDAY_NOON},
    "two must agree": {"quorum": 2},
    "notify dora and emil": {"notify": ("dora", "emil")},
    "remind tomorrow and in 5h": {"remind_at": (at(3, 9), NOW + 5 * HOUR)},
    "if nobody answers by tomorrow noon ask fay": {
        "escalations": (Escalation(people=("fay",), at=at(3, 12)),)
    },
    "urgent": {"urgent": True},
    "several": {"multiple": True},
    "options: red, sky blue, by Monday": {
        "kind": Kind.CHOICE,
        "options": ("red", "sky blue", "by Monday"),
    },
    "context: They said: by Friday, or never.": {"context": "They said: by Friday, or never."},
}
_JOINTS = st.sampled_from([". ", "; ", "\n", ".\n- "])


@given(
    st.lists(st.sampled_from(sorted(CLAUSES)), unique=True, max_size=len(CLAUSES)),
    st.data(),
)
def test_clauses_come_in_any_order(chosen: list[str], data: st.DataObject) -> None:
    if "several" in chosen and not any(clause.startswith("options") for clause in chosen):
        chosen.remove("several")
    text = ""
    for n, clause in enumerate(chosen):
        said = data.draw(st.sampled_from([clause, clause[0].upper() + clause[1:]]))
        # A context keeps its own full stop.
        joint = "" if n == 0 else "\n" if text.endswith(".") else data.draw(_JOINTS)
        text += joint + said
    expected = {name: value for clause in chosen for name, value in CLAUSES[clause].items()}
    assert changes(text) == expected


_WORDS = st.lists(
    st.sampled_from(
        [
            "can",
            "we",
            "ship",
            "by",
            "within",
            "remind",
            "Friday",
            "noon",
            "2h",
            "notify",
            "ben",
            "urgent",
            "veto",
            "if nobody answers",
            "ask",
            "then ask",
            "dana",
            "escalate to",
            "after",
            "quorum",
            "2",
            "several",
            "everybody",
            "and",
            "no reminders",
            "tomorrow",
            "e.g.",
        ]
    ),
    min_size=1,
    max_size=12,
).map(" ".join)


@given(_WORDS)
def test_a_sentence_of_such_words_is_never_cut(words: str) -> None:
    question = f"Tell me: {words}?"
    assert asked(f"ask ana: {question}").question == question


@given(st.lists(st.tuples(_WORDS, st.sampled_from(["? ", ". ", ", ", "\n", "; "])), max_size=5))
def test_no_word_gets_lost(parts: list[tuple[str, str]]) -> None:
    text = "Well? " + "".join(words + stop for words, stop in parts)
    read = parse(f"ask ana, ben: {text}", now=NOW, zone="UTC", wait=WAIT)
    if isinstance(read, Ask):
        question = read.step.question
        assert text.startswith(question)
        rest = text[len(question) :].strip()
        # Whatever was taken off reads as clauses by itself.
        if rest.strip(" ,;."):
            again = parse(f"ask ana, ben: So? {rest}", now=NOW, zone="UTC", wait=WAIT)
            assert isinstance(again, Ask)
            assert again.step.question == "So?"


@pytest.mark.parametrize(
    "text",
    [
        "by " * 20_000,
        "context: by Friday. " * 3_000,
        "options: a, " * 5_000,
        "? within 2h " * 5_000,
        "(" * 60_000,
        "form: a (b), " * 4_000,
        "ask dana if nobody answers " * 2_000,
        ". " * 30_000,
        "and " * 15_000,
        "escalate to a after " * 3_000,
        "a, " * 20_000 + "?",
    ],
)
def test_no_text_is_slow(text: str) -> None:
    began = time.process_time()
    parse(f"ask ana: Well? {text}", now=NOW, zone="UTC", wait=WAIT)
    parse(f"ask {text}: Well?", now=NOW, zone="UTC", wait=WAIT)
    assert time.process_time() - began < 2.0


@pytest.mark.parametrize(
    "clause",
    [
        "if nobody answers within 2h ask",
        "If nobody answers by Friday noon, ask.",
        "if no one replies after 4h, then escalate to",
        "if nobody answers within 2h ask nobody",
        "escalate after 2h",
    ],
)
def test_an_escalation_to_nobody_is_no_part_of_the_question(clause: str) -> None:
    read = parse(f"ask ana: Which one? {clause}", now=NOW, zone="Europe/Berlin", wait=WAIT)
    assert isinstance(read, Unreadable)
    assert read.sentence.startswith("An escalation names nobody. Say whom to ask then.")


@pytest.mark.parametrize("question", ["What do we do if nobody answers?", "Whom do I ask?"])
def test_a_question_may_speak_of_answers(question: str) -> None:
    assert asked(f"ask ana: {question}").question == question
