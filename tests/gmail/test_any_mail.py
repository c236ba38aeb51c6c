"""Whatever bytes are sent, the mail can be had in every format, and its parts too."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clock import FakeClock
from tests.gmail import resources
from tests.gmail.mails import StoredMail
from tests.gmail.post_office import PostOffice

BOT = "bot@example.org"
_AWKWARD = [
    b"",
    b"\r\n\r\n",
    b"no header at all",
    b"Subject: =?utf-8?B?broken\r\n\r\nx",
    b"Subject: =?nonsense?Q?x?=\r\n\r\nx",
    b"Subject: gr\xfc\xdfe\r\nFrom: \xff <a@b.example>\r\n\r\ngr\xfc\xdfe",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none",
    b"Content-Type: multipart/mixed\r\n\r\nno boundary",
    b"Content-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe",
    b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
    b"Content-Type: message/rfc822\r\n\r\nSubject: \xff in\r\n\r\nx\xff",
    b"Content-Type: message/rfc822; name=a.eml\r\n\r\nSubject: \xff in\r\n\r\nx\xff",
    b"Content-Type: message/rfc822; name=a\r\n\r\nContent-Type: multipart/mixed\r\n\xfc\xdf",
    b"Content-Type: application/pdf; name*=utf-8''%FF.pdf\r\n\r\nx",
    b"Content-Type: ;;;\r\nReferences: <a\r\n <b>\r\n\r\nx",
    b"From: a@b.example\nTo: c@d.example\nSubject: bare\n line\n\nbody\n",
]


def received(raw: bytes) -> StoredMail:
    office = PostOffice(FakeClock(), lambda mailbox, change: None)
    office.add(BOT)
    return office.carry(raw, sender="x@y.example", recipients=[BOT]).copies[BOT]


def check(raw: bytes) -> None:
    mail = received(raw)
    assert mail.header("Delivered-To") == BOT
    for form in resources.FORMATS:
        shown = resources.message(mail, form)
        json.dumps(shown).encode("ascii")
        json.dumps(shown, ensure_ascii=False).encode()
    found = json.loads(json.dumps(resources.message(mail)))
    for part in parts_of(found["payload"]):
        if "attachmentId" in part["body"]:
            got = resources.attachment(mail, part["body"]["attachmentId"])
            assert got["size"] == part["body"]["size"]


def parts_of(part: dict[str, Any]) -> list[dict[str, Any]]:
    return [part, *(one for child in part.get("parts", []) for one in parts_of(child))]


@pytest.mark.parametrize("raw", _AWKWARD)
def test_awkward_mails_are_kept(raw: bytes) -> None:
    check(raw)


_LINES = st.sampled_from(
    [*(line for raw in _AWKWARD for line in raw.split(b"\r\n")), b"--b", b"--b--", b"X: 1"]
)


@given(st.lists(_LINES | st.binary(max_size=30), max_size=12).map(b"\r\n".join))
def test_any_bytes_are_kept(raw: bytes) -> None:
    check(raw)


def test_a_full_mailbox_stays_quick() -> None:
    office = PostOffice(FakeClock(), lambda mailbox, change: None)
    office.add(BOT)
    for number in range(500):
        raw = f"Message-ID: <{number}@x>\r\nReferences: <{number - 1}@x>\r\n\r\n".encode()
        office.carry(raw, sender="x@y.example", recipients=[BOT])
    assert len({mail.thread_id for mail in office.mailbox(BOT).mails}) == 1
