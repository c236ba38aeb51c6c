"""Every command that docs/asking.md shows people is one, and does what the page says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.grammar import Ask, Change, parse
from bot.domain.instants import DAY, to_micros
from bot.domain.planning import AskHuman

PAGE = Path(__file__).resolve().parents[2] / "docs" / "asking.md"
LINES = [
    line
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith(("ask ", "change"))
]
NOW = to_micros(datetime(2026, 3, 2, 9, 15, tzinfo=UTC))


def step(line: str) -> AskHuman:
    read = parse(line, now=NOW, zone="Europe/Berlin", wait=2 * DAY)
    assert isinstance(read, Ask | Change), read
    return read.step


def test_the_page_has_its_commands() -> None:
    assert len(LINES) > 30


@pytest.mark.parametrize("line", LINES)
def test_a_command_of_the_page(line: str) -> None:
    """Read it, and find all that stands behind a question's first sentence taken off."""
    read = step(line)
    whole = {"ask ana: Can we ship? By the way, who is Bob?"}
    assert line in whole or read.question.count("?") + read.question.count(". ") <= 1
    if line not in whole:
        assert read.question in line
        assert "options:" not in read.question


@pytest.mark.parametrize(
    "question",
    [
        "Can we ship by tomorrow 17:00?",
        "Shall I remind ben tomorrow?",
        "Can we ship? By the way, who is Bob?",
    ],
)
def test_nothing_stands_behind_these(question: str) -> None:
    line = f"ask ana: {question}"
    assert line in LINES
    plain = step("ask ana: So?")
    read = step(line)
    assert read.question == question
    assert all(
        getattr(read, name) == getattr(plain, name)
        for name in AskHuman.__dataclass_fields__
        if name != "question"
    )
