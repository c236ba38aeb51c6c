"""Labelled replies in seven languages: no wrong decision, and no clear answer asked back."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bot.domain.feedback import Answer, FeedbackRequest, Kind
from bot.domain.reading import Unclear, read
from tests.unit.deciding_cases import a_request

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "replies"
LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pt")


def replies() -> list[tuple[str, dict[str, Any]]]:
    return [
        (language, json.loads(line))
        for language in LANGUAGES
        for line in (FOLDER / f"{language}.jsonl").read_text("utf-8").splitlines()
    ]


def asked(reply: dict[str, Any]) -> FeedbackRequest:
    return a_request(
        kind=Kind(reply["kind"]),
        options=tuple(reply.get("options", ())),
        multiple=reply.get("multiple", False),
        question=reply.get("question", "Ship?"),
    )


def understood(reply: dict[str, Any]) -> str | list[str]:
    answer = read(asked(reply), text=reply["text"])
    if isinstance(answer, Unclear):
        return "unclear"
    assert isinstance(answer, Answer)
    if answer.approved is None:
        return list(answer.choices)
    return "approve" if answer.approved else "reject"


@pytest.mark.parametrize(
    "reply", [pytest.param(r, id=f"{language}-{r['text']!a}") for language, r in replies()]
)
def test_a_reply_is_read_as_its_label_says(reply: dict[str, Any]) -> None:
    assert understood(reply) == reply["reads"]


def test_the_corpus_is_large_and_every_language_has_every_kind_of_reply() -> None:
    counted = Counter(
        (language, r["kind"], r["reads"] if isinstance(r["reads"], str) else "chosen")
        for language, r in replies()
    )
    assert counted.total() >= 300
    for language in LANGUAGES:
        for reads in ("approve", "reject", "unclear"):
            assert counted[language, "approval", reads] >= 10
        for reads in ("chosen", "unclear"):
            assert counted[language, "choice", reads] >= 5
