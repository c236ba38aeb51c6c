"""Mails that lie: nothing is ever decided, started or passed on by one."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from bot.domain.feedback import FeedbackRequest, State
from tests.flows.mailing import ANN, BEN, BOT, CID, EVE, MailRoom, gmail, no_environment, room
from tests.gmail.addresses import bare
from tests.gmail.mails import StoredMail

__all__ = ["gmail", "no_environment", "room"]

CORPUS = Path(__file__).parents[1] / "fixtures" / "mail"
FORGED = (
    "mx.google.com; dkim=pass header.i=@example.org header.s=1; spf=pass "
    "smtp.mailfrom=ben@example.org; dmarc=pass (p=NONE) header.from=example.org"
)


async def asked(room: MailRoom, people: str = BEN, how: str = "") -> StoredMail:
    """Have Ann ask for an approval by mail, and return what Ben got."""
    text = f"ask {people} to approve: Ship it? {how}"
    room.gmail.send_as(ANN, to=BOT, subject="Deploy", text=text)
    await room.settle()
    return room.got(BEN)[-1]


async def only_request(room: MailRoom) -> FeedbackRequest:
    [request] = await room.requests()
    return request


@pytest.mark.parametrize("auth", ["fail", "none", "missing", "misaligned", "softfail", "temperror"])
async def test_an_unauthenticated_reply_decides_nothing_and_asks_the_address_on_file(
    room: MailRoom, auth: str
) -> None:
    question = await asked(room)
    before = len(room.got(BEN))
    for _ in range(3):
        room.gmail.reply_as(BEN, question, "yes", auth=auth)
    await room.settle(1)
    assert (await only_request(room)).state is State.PENDING
    [confirm] = room.got(BEN)[before:]
    assert "did not vouch" in confirm.text
    assert any("/f/" in link for link in confirm.links)
    assert await room.taken() == ["started", "confirm", "confirm", "confirm"]


async def test_true_looking_results_below_the_top_ones_are_the_attackers(room: MailRoom) -> None:
    question = await asked(room)
    room.gmail.reply_as(
        BEN, question, "yes", auth="fail", headers={"Authentication-Results": FORGED}
    )
    await room.settle(1)
    assert (await only_request(room)).state is State.PENDING


async def test_a_stolen_reply_address_is_worth_nothing_to_another_sender(room: MailRoom) -> None:
    question = await asked(room)
    room.gmail.send_as(EVE, to=bare(question.header("Reply-To")), subject="Re: x", text="yes")
    await room.settle()
    assert (await only_request(room)).state is State.PENDING
    assert room.got(EVE) == []
    assert (await room.taken())[-1] == "not_for_them"


async def test_who_is_copied_comments_and_does_not_decide(room: MailRoom) -> None:
    question = await asked(room)
    room.gmail.send_as(
        CID, to=bare(question.header("Reply-To")), cc=BEN, subject="Re: x", text="yes, do it"
    )
    await room.settle()
    request = await only_request(room)
    assert request.state is State.PENDING
    responses = await room.read(lambda tx: tx.requests.responses(request.id))
    assert [(r.standing.value, r.raw_text) for r in responses] == [("comment", "yes, do it")]
    assert any("who was not asked, commented" in mail.text for mail in room.got(ANN))


async def test_another_recipient_answers_for_themselves(room: MailRoom) -> None:
    question = await asked(room, f"{BEN}, {CID}", "quorum 2")
    room.gmail.send_as(CID, to=bare(question.header("Reply-To")), subject="Re: x", text="yes")
    await room.settle()
    request = await only_request(room)
    assert request.state is State.PENDING
    assert "1 more answer is needed" in room.got(CID)[-1].text
    room.gmail.reply_as(BEN, question, "yes")
    await room.settle()
    assert (await only_request(room)).state is State.APPROVED


async def test_a_forged_absence_moves_nothing(room: MailRoom) -> None:
    question = await asked(room)
    room.gmail.out_of_office_as(
        BEN, question, f"I am away until 1 December 2026. Ask {EVE}.", auth="fail"
    )
    await room.settle()
    ben = await room.read(lambda tx: tx.people.by_identity("email", BEN))
    assert ben.away_until is None
    assert room.got(EVE) == []
    assert (await room.taken())[-1] == "auto_reply"


async def test_a_stranger_begins_no_session_and_hears_nothing(room: MailRoom) -> None:
    room.gmail.send_as(EVE, to=BOT, subject="hello", text=f"ask {BEN}: your password?")
    room.gmail.send_as(ANN, to=BOT, subject="hello", text=f"ask {BEN}: x?", auth="fail")
    await room.settle()
    assert room.got(EVE) == []
    assert room.got(BEN) == []
    assert await room.taken() == ["not_allowed", "unverified"]


TO_BOT = b"To: bot@handraise.example\r\n"
BROKEN = {
    "empty": b"",
    "binary": b"\x00\xff\xfe not a mail at all",
    "two authors": b"From: ann@example.org\r\nFrom: eve@elsewhere.example\r\n"
    + TO_BOT
    + b"\r\nhelp",
    "no boundary": b"From: =?utf-8?b?////?= <ann@example.org>\r\n"
    + TO_BOT
    + b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n--\r\n",
    "no charset": b"From: ann@example.org\r\nSubject: x\r\n"
    + TO_BOT
    + b"Content-Type: text/html; charset=utf-99\r\n\r\n<script>alert(1)</script>"
    + b"<img src=http://t.example/p.gif>help",
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
async def test_broken_mails_stop_nothing(room: MailRoom, raw: bytes) -> None:
    room.gmail.send_as(ANN, to=BOT, raw=raw)
    room.gmail.send_as(ANN, to=BOT, subject="after it", text="help")
    await room.settle()
    assert "Re: after it" in [mail.subject for mail in room.got(ANN)]


async def test_attachments_are_named_and_never_opened(room: MailRoom) -> None:
    bomb = base64.b64encode(b"\0" * 2_000_000)
    room.gmail.send_as(
        ANN,
        to=BOT,
        subject="With a file",
        text="Please look.",
        attachments=[("bomb.zip", "application/zip", bomb)],
    )
    await room.settle()
    [session] = await room.sessions()
    first = (await room.messages(session.id))[0]
    assert first.text.startswith("With a file\n\nPlease look.")
    assert "bomb.zip" in first.text
    assert len(first.text) < 400


async def test_names_and_subjects_inject_no_headers_and_no_markup(room: MailRoom) -> None:
    room.gmail.send_as(
        ANN,
        to=BOT,
        subject='=?utf-8?q?Hi=0D=0ABcc=3A_eve=40elsewhere.example?= <script>alert("x")</script>',
        text=f"ask {BEN}: Is <b onmouseover=alert(1)>this</b> <script>alert(2)</script> fine?",
        name="=?utf-8?q?Ann=0D=0ABcc=3A_eve=40elsewhere.example?=",
    )
    await room.settle()
    assert room.got(EVE) == []
    assert room.gmail.inbox(EVE) == []
    for mail in (*room.got(BEN), *room.got(ANN)):
        assert mail.parsed["Bcc"] is None
        assert "<script" not in mail.html
        assert "<b onmouse" not in mail.html
    assert room.got(BEN)


async def test_two_machines_that_answer_each_other_come_to_an_end(room: MailRoom) -> None:
    room.gmail.send_as(ANN, to=BOT, subject="ping", text="hello there")
    answered = 0
    for _ in range(20):
        await room.settle(1)
        mails = room.got(ANN)
        while answered < len(mails):
            # It does not say that it is a machine.
            room.gmail.reply_as(ANN, mails[answered], "hello there")
            answered += 1
    assert len(room.got(ANN)) <= 6


async def test_our_own_mails_and_lists_and_machines_begin_nothing(room: MailRoom) -> None:
    room.gmail.send_as(ANN, to=BOT, subject="a", text="help", headers={"List-Id": "<l.example>"})
    room.gmail.send_as(ANN, to=BOT, subject="b", text="help", headers={"Precedence": "bulk"})
    room.gmail.send_as(
        ANN, to=BOT, subject="c", text="help", headers={"Auto-Submitted": "auto-generated"}
    )
    room.gmail.send_as(BOT, to=BOT, subject="d", text="help")
    await room.settle()
    assert room.got(ANN) == []
    assert sorted(await room.taken()) == ["list", "machine", "machine", "own"]


async def test_a_machine_that_answers_a_question_over_and_over_comes_to_an_end(
    room: MailRoom,
) -> None:
    await asked(room)
    answered = 0
    for _ in range(20):
        await room.settle(1)
        mails = room.got(BEN)
        while answered < len(mails):
            room.gmail.reply_as(BEN, mails[answered], "We have received your message, number 7.")
            answered += 1
    assert len(room.got(BEN)) <= 7
    assert (await only_request(room)).state is State.PENDING


async def test_the_whole_corpus_stops_nothing_and_decides_nothing(room: MailRoom) -> None:
    await asked(room)
    mailbox = room.gmail.post_office.mailbox(BOT)
    mails = sorted(CORPUS.glob("*.eml"))
    assert len(mails) >= 80
    for path in mails:
        mailbox.keep(path.read_bytes(), at=room.clock.now(), labels=("INBOX", "UNREAD"))
    room.gmail.send_as(ANN, to=BOT, subject="after it all", text="help")
    await room.settle(6)
    assert len(await room.taken()) == len(mails) + 2
    assert (await only_request(room)).state is State.PENDING
    assert "Re: after it all" in [mail.subject for mail in room.got(ANN)]
