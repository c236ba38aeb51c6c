"""Who wrote a mail, by what it says of itself; what came back; and whom it is for."""

from __future__ import annotations

import pytest

from bot.channels.gmail.addressing import Addressing, addressing
from bot.channels.gmail.authorship import Author, author_of
from bot.channels.gmail.bounces import bounce_of
from bot.channels.gmail.mail import Mail
from bot.channels.gmail.mime import read_mail

BOT = "hand@acme.example"


def mail_of(*headers: str, text: str = "Yes", sender: str = "dana@acme.example") -> Mail:
    lines = "".join(header + "\r\n" for header in headers)
    return read_mail(f"{lines}From: {sender}\r\n\r\n{text}\r\n".encode())


def author(*headers: str, **more: str) -> Author:
    return author_of(mail_of(*headers, **more), is_own={"own@x"}.__contains__, mailbox=BOT)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("Auto-Submitted: no",),
        ("auto-submitted: NO (really)",),
        ("X-Auto-Response-Suppress: All",),
        ("X-Auto-Response-Suppress: DR, OOF, AutoReply",),
        ("Precedence: normal",),
        ("Return-Path: <dana@acme.example>",),
        ("Subject: Out of milk",),
        ("Subject: Re: Out of office policy",),
        ("Subject: Delivery failed for us, what now?",),
        ("X-Autoreply: no",),
        ("Message-ID: <other@x>",),
        ("Importance: high", "X-Mailer: Outlook"),
    ],
)
def test_a_person(headers: tuple[str, ...]) -> None:
    assert author(*headers) is Author.PERSON


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        (("Auto-Submitted: auto-replied",), Author.AUTO_REPLY),
        (("Auto-Submitted: AUTO-REPLIED; x=y",), Author.AUTO_REPLY),
        (("Auto-Submitted: auto-generated",), Author.MACHINE),
        (("Auto-Submitted: auto-notified",), Author.MACHINE),
        (("Auto-Submitted: auto-generated", "Subject: Out of Office: x"), Author.AUTO_REPLY),
        (("X-Autoreply: yes",), Author.AUTO_REPLY),
        (("X-Autorespond: Re: x",), Author.AUTO_REPLY),
        (("Precedence: auto_reply",), Author.AUTO_REPLY),
        (("Precedence: bulk",), Author.MACHINE),
        (("Precedence: Junk",), Author.MACHINE),
        (("Precedence: list",), Author.LIST),
        (("Precedence: bulk", "Subject: Abwesenheit: Dana"), Author.AUTO_REPLY),
        (("List-Id: <a.b>",), Author.LIST),
        (("List-Unsubscribe: <https://x.example>",), Author.LIST),
        (("Auto-Submitted: auto-replied", "List-Id: <a.b>"), Author.AUTO_REPLY),
        (("Return-Path: <>",), Author.MACHINE),
        (("Return-Path: <>", "Subject: Automatic reply: x"), Author.AUTO_REPLY),
        (("Return-Path: <>", "Subject: Undeliverable: x"), Author.BOUNCE),
        (("X-Failed-Recipients: a@b.example",), Author.BOUNCE),
        (("Content-Type: multipart/report; report-type=delivery-status",), Author.BOUNCE),
        (("Content-Type: multipart/report; report-type=disposition-notification",),
         Author.AUTO_REPLY),
        (("Subject: Automatische Antwort: x",), Author.AUTO_REPLY),
        (("Subject: Réponse automatique : x",), Author.AUTO_REPLY),
        (("Message-ID: <own@x>",), Author.OWN),
        (("Message-ID: <own@x>", "Auto-Submitted: auto-generated"), Author.OWN),
    ],
)  # fmt: skip
def test_not_a_person(headers: tuple[str, ...], wanted: Author) -> None:
    assert author(*headers) is wanted


@pytest.mark.parametrize(
    ("sender", "wanted"),
    [
        ("MAILER-DAEMON@mx.example", Author.BOUNCE),
        ("Mail <postmaster@mx.example>", Author.BOUNCE),
        ("no-reply@shop.example", Author.MACHINE),
        ("Shop <NoReply+17@shop.example>", Author.MACHINE),
        ("Hand <hand@acme.example>", Author.OWN),
        ("hand+r.abc12345@ACME.example", Author.OWN),
        ("handy@acme.example", Author.PERSON),
        ("", Author.PERSON),
    ],
)
def test_by_the_address(sender: str, wanted: Author) -> None:
    assert author(sender=sender) is wanted


@pytest.mark.parametrize(
    ("text", "address", "permanent"),
    [
        ("<gone@b.example>: host mx said: 550 5.1.1 unknown", "gone@b.example", True),
        ("gone@b.example\n  SMTP error: 554 rejected", "gone@b.example", True),
        ("Could not send to slow@b.example, still trying: 451 later", "slow@b.example", False),
        ("slow@b.example: mailbox full, 452 4.2.2", "slow@b.example", False),
        ("Your mail to gone@b.example failed.", "gone@b.example", None),
        ("Something failed.", "", None),
    ],
)
def test_a_report_in_words(text: str, address: str, *, permanent: bool | None) -> None:
    found = bounce_of(mail_of(f"To: {BOT}", sender="mailer-daemon@mx.example", text=text))
    assert found.address == address
    assert found.permanent is permanent


def test_a_report_of_several_names_the_first_that_failed() -> None:
    status = (
        "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; ok@b.example\nAction: relayed\n"
        "Status: 2.0.0\n\nFinal-Recipient: rfc822;\n gone@b.example\nAction: Failed\n"
        "Status: 5.2.1 (off)\n"
    )
    raw = (
        "Content-Type: multipart/report; boundary=x\n\n--x\n"
        f"Content-Type: message/delivery-status\n\n{status}\n--x--\n"
    )
    found = bounce_of(read_mail(raw.encode()))
    assert (found.address, found.status, found.permanent) == ("gone@b.example", "5.2.1", True)


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ((f"To: {BOT}",), ((), (), True)),
        (("To: hand+r.Abc12345@acme.example",), (("Abc12345",), (), True)),
        (("To: HAND+r.Abc12345@ACME.example",), (("Abc12345",), (), True)),
        (("Delivered-To: hand+r.Abc12345@acme.example", "To: bob@acme.example"),
         (("Abc12345",), (), True)),
        (("Cc: hand+r.Abc12345@acme.example, hand+r.Xyz98765@acme.example",),
         (("Abc12345", "Xyz98765"), (), True)),
        (("To: hand+r.Abc12345@evil.example",), ((), (), False)),
        (("To: other+r.Abc12345@acme.example",), ((), (), False)),
        (("To: hand+r.short@acme.example",), ((), (), True)),
        (("To: hand+news@acme.example",), ((), (), True)),
        (("Delivered-To: hand@acme.example", "To: all@acme.example"), ((), (), False)),
        (("References: <a@x> <b@x> <c@x>", "In-Reply-To: <c@x>"),
         ((), ("c@x", "b@x", "a@x"), False)),
        (("In-Reply-To: Your mail of Monday <c@x>",), ((), ("c@x",), False)),
    ],
)  # fmt: skip
def test_whom_it_is_for(
    headers: tuple[str, ...], wanted: tuple[tuple[str, ...], tuple[str, ...], bool]
) -> None:
    tokens, answered, to_bot = wanted
    found = addressing(mail_of(*headers), mailbox=BOT)
    assert found == Addressing(tokens=tokens, answered=answered, to_bot=to_bot)
