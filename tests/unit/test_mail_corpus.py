"""Every mail of the corpus, read whole, says what stands beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.channels.gmail.reading import Reading, read

MAILS = Path(__file__).parents[1] / "fixtures" / "mail"
NAMES = sorted(path.stem for path in MAILS.glob("*.eml"))
MAILBOX = "hand@acme.example"
# Monday 2 March 2026, 10:00 UTC.
RECEIVED = 1_772_445_600_000_000
OURS = {"ask-81f2@acme.example"}


def reading_of(raw: bytes) -> Reading:
    return read(raw, received=RECEIVED, mailbox=MAILBOX, is_own=OURS.__contains__)


def said(reading: Reading) -> dict[str, object]:
    bounce = reading.bounce
    sender = reading.authenticity.sender
    return {
        "author": reading.author.value,
        "sender": sender.email if sender else None,
        "reason": reading.authenticity.reason,
        "answers": reading.answers,
        "tokens": list(reading.addressing.tokens),
        "answered": list(reading.addressing.answered),
        "subject": reading.mail.subject,
        "words": reading.words.text,
        "inline": reading.words.inline,
        "html_only": reading.mail.html_only,
        "truncated": reading.mail.truncated,
        "attachments": [attachment.name for attachment in reading.mail.attachments],
        "back_on": reading.back_on.isoformat() if reading.back_on else None,
        "bounce": None
        if bounce is None
        else {
            "address": bounce.address,
            "status": bounce.status,
            "permanent": bounce.permanent,
            "returned": bounce.returned,
        },
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_reads_as_expected(name: str) -> None:
    expected = json.loads((MAILS / f"{name}.json").read_text("utf-8"))
    assert said(reading_of((MAILS / f"{name}.eml").read_bytes())) == expected


def test_the_corpus_is_whole() -> None:
    assert len(NAMES) >= 80
    assert sorted(path.stem for path in MAILS.glob("*.json")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_cut_anywhere_is_read_without_an_error(name: str) -> None:
    raw = (MAILS / f"{name}.eml").read_bytes()
    for end in range(0, len(raw), max(1, len(raw) // 23)):
        reading_of(raw[:end])
