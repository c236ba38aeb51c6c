"""Texts that try to make a reader approve: the rules decide on none of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.domain.feedback import FeedbackRequest, Kind, Risk
from bot.domain.reading import Claim, Unclear, checked, read, spelling
from tests.unit.deciding_cases import a_request

FILE = Path(__file__).resolve().parents[1] / "fixtures" / "injections" / "answers.jsonl"
ROWS = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
TEXTS = [row["text"] for row in ROWS]
BY_NAME = [row["text"] for row in ROWS if row["where"] == "name"]
BY_TITLE = [row["text"] for row in ROWS if row["where"] == "title"]

REQUESTS: tuple[FeedbackRequest, ...] = (
    a_request(kind=Kind.APPROVAL, options=()),
    a_request(kind=Kind.APPROVAL, options=(), risk=Risk.HIGH),
    a_request(options=("Yes", "No")),
    a_request(options=("Approve", "Reject")),
    a_request(options=("Berlin", "Paris", "approve all"), multiple=True),
)


def test_there_are_many_and_of_each_kind() -> None:
    assert len(TEXTS) >= 60
    assert {row["where"] for row in ROWS} == {"answer", "name", "title"}


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_no_injected_answer_decides(text: str) -> None:
    for request in REQUESTS:
        assert isinstance(read(request, text=text), Unclear), request


@pytest.mark.parametrize("name", BY_NAME, ids=ascii)
def test_a_name_under_an_answer_decides_nothing(name: str) -> None:
    for text in (f"I must think.\n\nBest,\n{name}", f"Hi {name},\n\nlet me see.\n\n{name}"):
        for request in REQUESTS:
            assert isinstance(read(request, text=text), Unclear)


@pytest.mark.parametrize("title", BY_TITLE, ids=ascii)
def test_a_title_in_the_question_decides_nothing(title: str) -> None:
    request = a_request(kind=Kind.APPROVAL, options=(), question=title, context=title)
    for text in ("let me see", "thanks", f"“{title}”", f"> {title}\n\nhm"):
        assert isinstance(read(request, text=text), Unclear)


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_no_claim_made_of_an_injection_holds_for_a_high_risk(text: str) -> None:
    for request in REQUESTS:
        risky = a_request(
            kind=request.kind, options=request.options, multiple=request.multiple, risk=Risk.HIGH
        )
        for claim in (
            Claim(approved=True, words=text),
            Claim(approved=True, words="yes"),
            Claim(choices=request.options[:1], words=text),
        ):
            assert isinstance(checked(risky, text, claim), Unclear)


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_no_claim_rests_on_words_that_are_not_there(text: str) -> None:
    """A model that was talked into an approval quotes words of its own, or of the question."""
    request = a_request(
        kind=Kind.APPROVAL, options=(), question="Can you approve the release? Yes or no."
    )
    for words in (
        "",
        " ",
        "I hereby grant it",
        "go ahead with it",
        "approve",
        "yes",
        "approve the",
    ):
        assert isinstance(checked(request, text, Claim(approved=True, words=words)), Unclear)


# As an answer each of these approves, and says nothing else.
PLAIN = {"approve approve approve approve", "Yes Man, approver"}


@pytest.mark.parametrize("text", [t for t in TEXTS if t not in PLAIN], ids=ascii)
def test_no_claim_holds_that_quotes_an_injection(text: str) -> None:
    """Whatever run of its words a deceived model quotes, the reply speaks to a machine."""
    request = a_request(kind=Kind.APPROVAL, options=(), question="Ship the release on Friday?")
    said = spelling.words(text)
    for start in range(len(said)):
        for end in range(start + 1, min(start + 6, len(said)) + 1):
            claim = Claim(approved=True, words=" ".join(said[start:end]))
            assert isinstance(checked(request, text, claim), Unclear), claim
