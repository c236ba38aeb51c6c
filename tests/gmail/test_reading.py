"""The app's own reader takes what is played here for what it is."""

from __future__ import annotations

import pytest

from bot.channels.gmail.authorship import Author
from bot.channels.gmail.reading import Reading, read
from tests.gmail.composing import STYLES
from tests.gmail.conftest import ALICE, BOT
from tests.gmail.mails import StoredMail
from tests.gmail.server import GmailServer


@pytest.fixture
def asked(gmail: GmailServer) -> StoredMail:
    return gmail.send_as(
        BOT, to=ALICE, subject="Ship it?", text="Well?\n\nYes or no.", html="<p>Well?</p>"
    ).copy


def reading(mail: StoredMail, asked: StoredMail) -> Reading:
    return read(
        mail.raw,
        received=mail.received_at,
        mailbox=BOT,
        is_own=lambda message_id: message_id == asked.message_id,
    )


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("html", [True, False])
async def test_a_reply_is_its_new_words(
    gmail: GmailServer, asked: StoredMail, style: str, html: bool
) -> None:
    seen = reading(gmail.reply_as(ALICE, asked, "yes please", style=style, html=html).copy, asked)
    assert seen.answers
    assert seen.words.text == "yes please"


@pytest.mark.parametrize(
    ("auth", "certain"),
    [
        ("pass", True),
        ("no_dmarc", True),
        ("dkim_only", True),
        ("spf_only", True),
        ("fail", False),
        ("none", False),
        ("missing", False),
        ("misaligned", False),
        ("softfail", False),
        ("temperror", False),
    ],
)
async def test_verdicts(gmail: GmailServer, asked: StoredMail, auth: str, certain: bool) -> None:
    seen = reading(gmail.reply_as(ALICE, asked, "yes", auth=auth).copy, asked)
    assert (seen.authenticity.sender is not None) is certain


async def test_servers_that_answer(gmail: GmailServer, asked: StoredMail) -> None:
    note = gmail.out_of_office_as(ALICE, asked, "I am away until 10 March 2026.").copy
    assert reading(note, asked).author is Author.AUTO_REPLY
    gmail.send_as(BOT, to="nobody@example.org", subject="Hi", text="x")
    seen = reading(gmail.inbox(BOT)[-1], asked)
    assert seen.author is Author.BOUNCE
    assert seen.bounce is not None
    assert (seen.bounce.address, seen.bounce.permanent) == ("nobody@example.org", True)
