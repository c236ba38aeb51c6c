"""What the commands mean, and that no text at all makes the grammar raise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.feedback import Kind
from bot.domain.grammar import (
    Ask,
    Cancel,
    Change,
    Command,
    End,
    Help,
    Remind,
    Status,
    Unreadable,
    ready,
)
from bot.domain.grammar import parse as parse_at
from bot.domain.instants import DAY, HOUR, MINUTE, Micros
from bot.domain.planning import AskHuman
from bot.domain.spans import WEEK

NOW: Micros = 1_772_442_900_000_000  # Monday 2026-03-02, 10:15 in Berlin
WAIT = 2 * DAY


def parse(text: str) -> Command | Unreadable:
    return parse_at(text, now=NOW, zone="Europe/Berlin", wait=WAIT)


def step(*people: str, **changes: object) -> AskHuman:
    values = {"people": people, "question": "Can we ship?", "kind": Kind.INPUT, **changes}
    return AskHuman(**values)  # type: ignore[arg-type]


def ask(*people: str, **changes: object) -> Ask:
    return Ask(step=step(*people, **changes))


@pytest.mark.parametrize(
    ("text", "command"),
    [
        (
            "ask ben: Can we ship on Friday? options: yes, no",
            ask("ben", question="Can we ship on Friday?", kind=Kind.CHOICE, options=("yes", "no")),
        ),
        ("ask ben: Can we ship?", ask("ben")),
        ("  ASK @Ben :  Can we ship?  ", ask("Ben")),
        ("/ask ben: Can we ship?", ask("ben")),
        ("ask ben, carla and dora: Can we ship?", ask("ben", "carla", "dora")),
        ("ask @ben @carla: Can we ship?", ask("ben", "carla")),
        ("ask ben or carla: Can we ship?", ask("ben", "carla")),
        ("ask ben & carla;dora: Can we ship?", ask("ben", "carla", "dora")),
        ("ask and: Can we ship?", ask("and")),
        ("ask ben ben BEN: Can we ship?", ask("ben")),
        ("ask ben@example.org: Can we ship?", ask("ben@example.org")),
        ("ask <ben@example.org>, carla: Can we ship?", ask("ben@example.org", "carla")),
        ("ask ben\uff1aCan we ship?", ask("ben")),
        ("ask ben: At 10:30: ship?", ask("ben", question="At 10:30: ship?")),
        ("ask ben: First line\nsecond line", ask("ben", question="First line\nsecond line")),
        ("ask ben: Can we ship? within 90m", ask("ben", within=90 * MINUTE)),
        ("ask ben: Can we ship? Within 2 hours.", ask("ben", within=2 * HOUR)),
        ("ask ben: Can we ship? within a week", ask("ben", within=WEEK)),
        ("ask ben: Can we ship? [within 3d]", ask("ben", within=3 * DAY)),
        ("ask ben carla: Can we ship? quorum 2", ask("ben", "carla", quorum=2)),
        (
            "ask ben carla: Can we ship? options: yes, no within 2h quorum 2",
            ask("ben", "carla", kind=Kind.CHOICE, options=("yes", "no"), within=2 * HOUR, quorum=2),
        ),
        (
            "ask ben carla: Can we ship? quorum 2 within 2h OPTIONS: yes, no",
            ask("ben", "carla", kind=Kind.CHOICE, options=("yes", "no"), within=2 * HOUR, quorum=2),
        ),
        (
            "ask ben carla: Can we ship? [options: yes, no] [within 2h] [quorum 2]",
            ask("ben", "carla", kind=Kind.CHOICE, options=("yes", "no"), within=2 * HOUR, quorum=2),
        ),
        (
            "ask ben: Can we ship? options: yes, no, or  next week.",
            ask("ben", kind=Kind.CHOICE, options=("yes", "no", "next week")),
        ),
        ("ask ben: Can we ship? options: Approve, reject", ask("ben", kind=Kind.APPROVAL)),
        ("ask ben for approval: Can we ship?", ask("ben", kind=Kind.APPROVAL)),
        ("ask ben and carla to approve: Can we ship?", ask("ben", "carla", kind=Kind.APPROVAL)),
        ("ask approval from ben: Can we ship?", ask("ben", kind=Kind.APPROVAL)),
        ("ask for approval from ben: Can we ship?", ask("ben", kind=Kind.APPROVAL)),
        ("ask ben: approve: Can we ship?", ask("ben", kind=Kind.APPROVAL)),
        (
            "ask ben: Is that reachable within a team?",
            ask("ben", question="Is that reachable within a team?"),
        ),
        (
            "ask ben: Who is within a team",
            ask("ben", question="Who is within a team"),
        ),
        (
            "ask ben: My options: none. options: yes, no",
            ask("ben", question="My options: none.", kind=Kind.CHOICE, options=("yes", "no")),
        ),
        ("change 2: Can we ship?", Change(number=2, step=step())),
        (
            "/Change #1: approve: Can we ship? within 2h",
            Change(number=1, step=step(kind=Kind.APPROVAL, within=2 * HOUR)),
        ),
        ("change: Can we ship?", Change(step=step())),
        ("status", Status()),
        ("/Status", Status()),
        ("remind", Remind()),
        ("remind 2", Remind(number=2)),
        ("cancel #3", Cancel(number=3)),
        ("/cancel", Cancel()),
        ("end", End()),
        ("End session.", End()),
        ("help!", Help()),
        ("?", Help()),
    ],
)
def test_reads(text: str, command: object) -> None:
    assert parse(text) == command


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ask", "Whom should I ask"),
        ("ask ben about Friday", "colon"),
        ("ask : Can we ship?", "Whom should I ask"),
        ("ask for approval: Can we ship?", "Whom should I ask"),
        ("ask ben:", "question itself is missing"),
        ("ask ben: options: yes, no", "question itself is missing"),
        ("ask ben: Ship? options: yes", "at least two options"),
        ("ask ben: Ship? options:", "at least two options"),
        ("ask ben: Ship? options: yes, Yes ", "look the same"),
        ("ask ben: Ship? options: next week, Next  Week", "look the same"),
        ("ask ben: Ship? options: " + ",".join(str(n) for n in range(21)), "at most 20"),
        ("ask ben: Ship? options: yes, " + "n" * 76, "longer than 75"),
        ("ask ben: Ship? quorum 2", "only one person is asked"),
        ("ask ben carla: Ship? quorum 3", "only 2 people are asked"),
        ("ask ben: Ship? quorum 0", "at least 1"),
        ("ask ben: Ship? quorum -1", "at least 1"),
        ("ask ben: Ship? within 0h", "longer than nothing"),
        ("ask ben: Ship? within 53w", "a year at most"),
        ("ask ben: Ship? within 2 months", "not a time I can read"),
        ("ask ben: Ship? within a month", "not a time I can read"),
        ("ask ben: Ship? by 2020-01-01", "has passed"),
        ("ask ben: Ship? by today 9:00", "has passed"),
        ("ask ben: Ship? by 2028-01-01", "more than a year away"),
        ("ask ben: Ship? by 3/4/2026", "read in two ways"),
        ("ask ben: Ship? by tomorow 17:00", "not a time I can read"),
        ("ask ben: Ship? by Friday 25:00", "not a time of day"),
        ("ask ben: Ship? remind 2020-01-01", "has passed"),
        ("ask ben: Ship? within 2h remind tomorrow", "not before the deadline"),
        ("ask ben: Ship? within 2h escalate to dana after 4h", "not before the deadline"),
        ("ask ben: Ship? escalate to nobody after 4h", "names nobody"),
        ("ask ben: Ship? escalate after 4h", "names nobody"),
        ("ask ben: Ship? escalate to dana", "does not say when to ask dana"),
        ("ask ben: Ship? then ask dana", "does not say when to ask dana"),
        ("ask ben: Ship? if nobody answers ask dana", "does not say when to ask dana"),
        ("ask ben: Ship? escalate to dana@ after 4h", "neither a user name nor an address"),
        ("ask ben: Ship? notify nobody", "Nobody is named who should be told"),
        ("ask ben: Ship? within 2h by Friday", "the deadline twice"),
        ("ask ben: Ship? working time", "add one, such as “within 8h”"),
        ("ask ben: Ship? by Friday noon working time", "add one, such as “within 8h”"),
        ("ask two of ben, carla: Ship? quorum 2", "how many must agree twice"),
        ("ask ben, carla: Ship? quorum 2, all must agree", "how many must agree twice"),
        ("ask three of ben, carla: Ship?", "only 2 people are asked"),
        ("ask ben: Ship? no reminders, remind tomorrow", "for reminders and for none"),
        ("ask ben: Ship? veto", "Only an approval can be vetoed"),
        ("ask ben: Ship? several", "Only a choice can have several answers"),
        ("ask ben: Ship? options: a, b form: c (text)", "has options or a form"),
        ("ask ben for approval: Ship? form: c (text)", "An approval takes no form"),
        ("ask ben: Ship? form: c (int)", "“int” is no kind of field"),
        ("ask ben: Ship? form: c, C", "Two fields of the form are called “c”"),
        ("ask ben: Ship? form:", "at least one field"),
        ("ask ben: Ship? form: size (S|s)", "empty or look the same"),
        ("ask ben: Ship? context:", "context is empty"),
        ("ask ben: Ship? context: " + "x" * 4_001, "longer than 4,000"),
        ("ask ben: Ship? within 2", "not a time I can read"),
        ("ask ben: " + "x" * 2_001, "at most 2,000"),
        ("ask ben@: Ship?", "neither a user name nor an address"),
        ("ask @@ben: Ship?", "neither a user name nor an address"),
        ("ask " + " ".join(f"p{n}" for n in range(21)) + ": Ship?", "at most 20"),
        ("ask ben for approval: Ship? options: yes, no", "no options of its own"),
    ],
)
def test_says_what_is_wrong(text: str, says: str) -> None:
    read = parse(text)
    assert isinstance(read, Unreadable)
    assert read.meant
    assert says in read.sentence
    assert "ask <people>: <question>" in read.sentence


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "hello",
        "asking ben: hi",
        "end of the month",
        "status of the release",
        "remind ben",
        "cancel the order",
        "change the order",
        "change 2",
        "please ask ben: hi",
        "remind 12345",
        "\x00",
        "🙂" * 1_000,
    ],
)
def test_leaves_ordinary_words_alone(text: str) -> None:
    read = parse(text)
    assert isinstance(read, Unreadable)
    assert not read.meant


def test_an_unknown_zone_is_said() -> None:
    read = parse_at("ask ben: Ship? by Friday noon", now=NOW, zone="Mars/Olympus", wait=WAIT)
    assert isinstance(read, Unreadable)
    assert "is not a time zone" in read.sentence


@given(st.text(max_size=300))
def test_never_raises(text: str) -> None:
    parse(text)


_PARTS = st.sampled_from(
    [
        "ask ",
        "ben",
        " and ",
        "@",
        ":",
        " ",
        "options:",
        "within ",
        "quorum ",
        "2h",
        "0",
        "-1",
        ",",
        "yes",
        "YES",
        "[",
        "]",
        "approve",
        "for approval",
        "?",
        "\n",
        "<",
        ">",
        "\uff19",
        "x" * 700,
        "by ",
        "Friday noon",
        "remind ",
        "escalate to ",
        "after ",
        "notify ",
        "two of ",
        "form: ",
        "a (S|M)",
        "context: ",
        "if nobody answers ",
        "then ask ",
        "urgent",
        "veto",
        "several",
        "working time",
        "everybody",
        ". ",
        "12-31",
        "99999w",
    ]
)


@given(st.lists(_PARTS, max_size=30).map("".join))
def test_whatever_is_read_may_be_asked(tail: str) -> None:
    read = parse("ask " + tail)
    if isinstance(read, Ask):
        assert ready(read.step, now=NOW, wait=WAIT) == read.step
    elif isinstance(read, Unreadable):
        assert read.sentence


_NAME = st.from_regex(r"[a-z][a-z0-9._-]{2,12}", fullmatch=True).filter(
    lambda name: name not in {"and", "for", "approval", "approve"}
)
_WORDS = st.from_regex(r"[A-Z][a-z]{0,9}( [a-z]{1,9}){0,6}\?", fullmatch=True)
_LABEL = st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True)


@given(
    st.lists(_NAME, min_size=1, max_size=5, unique=True),
    _WORDS,
    st.lists(_LABEL, min_size=2, max_size=20, unique=True).filter(
        lambda labels: set(labels) != {"approve", "reject"}
    ),
    st.integers(1, 365),
    st.permutations(["options", "within", "quorum"]),
    st.data(),
)
def test_clauses_come_in_any_order(
    people: list[str],
    question: str,
    options: list[str],
    days: int,
    order: list[str],
    data: st.DataObject,
) -> None:
    quorum = data.draw(st.integers(1, len(people)))
    clauses = {
        "options": "options: " + ", ".join(options),
        "within": f"within {days}d",
        "quorum": f"quorum {quorum}",
    }
    tail = " ".join(clauses[name] for name in order)
    read = parse(f"ask {', '.join(people)}: {question} {tail}")
    assert read == ask(
        *people,
        question=question,
        kind=Kind.CHOICE,
        options=tuple(options),
        within=days * DAY,
        quorum=quorum,
    )
