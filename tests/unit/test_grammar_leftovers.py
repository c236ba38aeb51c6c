"""What is begun and not said to its end gets a sentence that says how to go on."""

from __future__ import annotations

import pytest

from bot.domain.grammar import Ask, Unreadable, parse
from bot.domain.instants import HOUR
from tests.clock import START

WHOM = "Whom should I ask? Write: `ask <people>: <question>`."


def read(text: str) -> object:
    return parse(text, now=START, zone="UTC", wait=48 * HOUR)


@pytest.mark.parametrize(
    "text",
    [
        "ask: may I?",
        "/ask: may I?",
        "ask : may I?",
        "Ask：may I?",
        "please ask: may I?",
        "Hello, ask: may I?",
        "One thing to ask: may I?",
        "… ask: may I?",
        "ask for approval: may I?",
        "ask two of: may I?",
        "ask all of : may I?",
        "ask:",
        "ask",
    ],
)
def test_nobody_is_named(text: str) -> None:
    assert read(text) == Unreadable(sentence=WHOM, meant=True)


@pytest.mark.parametrize("text", ["I have a task: ship it.", "Ask me later.", "note: ask: who?"])
def test_what_only_looks_like_it_is_no_question_to_nobody(text: str) -> None:
    found = read(text)
    assert isinstance(found, Unreadable)
    assert found.sentence != WHOM


@pytest.mark.parametrize(
    ("clause", "says"),
    [
        ("escalate", "Whom should I ask then, and when?"),
        ("Escalate.", "Whom should I ask then, and when?"),
        ("within 2h, escalate", "Whom should I ask then, and when?"),
        ("then ask", "Whom should I ask then, and when?"),
        ("if nobody answers", "Whom should I ask then, and when?"),
        ("quorum", "How many answers does it take?"),
        ("notify", "Whom should I tell?"),
        ("remind", "When should I remind them?"),
        ("remind them", "When should I remind them?"),
        ("within", "How long is there to answer?"),
        ("urgent, within", "How long is there to answer?"),
    ],
)
def test_a_clause_that_says_nothing_is_asked_back(clause: str, says: str) -> None:
    found = read(f"ask ana: Can we ship? {clause}")
    assert isinstance(found, Unreadable)
    assert found.meant
    assert found.sentence.startswith(says)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("ask ana: What shall we do? Escalate?", "What shall we do? Escalate?"),
        ("ask ana: Shall I remind?", "Shall I remind?"),
        ("ask ana: Whom do we notify", "Whom do we notify"),
    ],
)
def test_the_same_words_within_a_question_are_its_own(text: str, question: str) -> None:
    found = read(text)
    assert isinstance(found, Ask)
    assert found.step.question == question


def test_they_can_be_options() -> None:
    found = read("ask ana: What next? options: wait, remind, escalate")
    assert isinstance(found, Ask)
    assert found.step.options == ("wait", "remind", "escalate")
