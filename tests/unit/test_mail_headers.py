"""What we write into headers stays in them, and a subject stays in its thread."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.channels.gmail import header_text
from bot.channels.gmail.mime import read_mail

ANY = st.text(max_size=200)


@given(ANY)
def test_a_subject_is_one_line_and_comes_back(subject: str) -> None:
    value = header_text.encoded(subject)
    assert value.isascii()
    assert "\r" not in value
    assert "\n" not in value
    mail = read_mail(f"Subject: {value}\r\nX-After: 1\r\n\r\nYes".encode())
    assert mail.subject == header_text.one_line(subject)
    assert [name for name, _ in mail.headers] == ["Subject", "X-After"]


@given(ANY)
@example("\\")
@example('Dana "D" Doe')
def test_a_name_never_adds_an_address_or_a_header(name: str) -> None:
    value = header_text.mailbox(name, "dana@acme.example")
    mail = read_mail(f"From: {value}\r\n\r\nYes".encode())
    assert mail.sender is not None
    assert mail.sender.email == "dana@acme.example"
    assert mail.sender.name == header_text.one_line(name, 80)
    assert len(mail.headers) == 1


@pytest.mark.parametrize(
    "email",
    ["", "dana", "a@b\r\nBcc: x@y", "a b@c.example", "<a@b.example>", "a@b.example,c@d.example",
     "a@b@c.example", '"a"@b.example', "a@bü.example", "a@b.example\n"],
)  # fmt: skip
def test_what_is_no_plain_address_is_refused(email: str) -> None:
    with pytest.raises(ValueError, match="address"):
        header_text.mailbox("Dana", email)


@pytest.mark.parametrize(
    ("subject", "bare"),
    [
        ("Ship?", "Ship?"),
        ("Re: Ship?", "Ship?"),
        ("RE: AW: Antw: SV: Ship?", "Ship?"),
        ("R: Rif: TR: Fwd: FW: WG: Ship?", "Ship?"),
        ("Re[2]: Ship?", "Ship?"),
        ("Re (3) : Ship?", "Ship?"),
        ("答复: 回复：Ship?", "Ship?"),
        ("[EXTERNAL] Re: Ship?", "Ship?"),
        ("Release: ship?", "Release: ship?"),
        ("Resolved: it", "Resolved: it"),
        ("Re:", "Re:"),
        ("", ""),
    ],
)
def test_prefixes_of_any_language_go(subject: str, bare: str) -> None:
    assert header_text.bare_subject(subject) == bare


def test_a_reply_has_one_prefix() -> None:
    assert header_text.reply_subject("AW: Re: Ship?") == "Re: Ship?"
    assert header_text.reply_subject("Ship?\r\nBcc: x@y") == "Re: Ship? Bcc: x@y"
    assert header_text.reply_subject(header_text.reply_subject("Ship?")) == "Re: Ship?"
    assert len(header_text.reply_subject("x" * 900)) == header_text.SUBJECT_CHARS


def test_references_hold_only_ids() -> None:
    assert header_text.ids("a@x", "b@x\r\nBcc: c", "<d@x>", "", "a@x", "e@x") == "<a@x> <e@x>"
    many = header_text.ids(*(f"{n}@x" for n in range(100)))
    assert many.startswith("<0@x> <80@x>")
    assert many.endswith("<99@x>")
