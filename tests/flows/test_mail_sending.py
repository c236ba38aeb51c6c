"""How mail goes out: recognised when its fate is unknown, moved on when it comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.feedback import State
from bot.domain.surface import SurfaceState
from tests.clock import FakeClock
from tests.flows.mailing import (
    ANN,
    BEN,
    BOT,
    CID,
    MailRoom,
    gmail,
    mail_room,
    no_environment,
    room,
)
from tests.gmail.server import GmailServer

__all__ = ["gmail", "no_environment", "room"]


def ask(room: MailRoom, people: str = BEN, more: str = "") -> None:
    room.gmail.send_as(
        ANN, to=BOT, subject="Deploy", text=f"ask {people} to approve: Ship it? {more}"
    )


async def test_a_mail_says_all_that_is_needed_to_answer(room: MailRoom) -> None:
    ask(room, f"{BEN}, {CID}", "context: The tests are green.")
    await room.settle()
    [mail] = room.got(BEN)
    assert mail.subject == "Ann asks: Ship it?"
    for words in (
        "Ann asks for your approval",
        "The tests are green.",
        "Please answer by",
        "(UTC)",
        "from now",
        "reply to this mail",
        "the first answer decides",
        "named you",
    ):
        assert words in mail.text, words
        assert words in mail.html, words
    for label in ("Approve", "Reject", "Answer in words"):
        assert label in mail.html
    assert "<script" not in mail.html
    assert "<img" not in mail.html
    [link] = {link.partition("?")[0] for link in mail.links if "/f/" in link}
    assert link.startswith("http")
    assert mail.header("Reply-To").startswith("Handraise <bot+r.")
    assert mail.header("Auto-Submitted") == "auto-generated"
    others = {link.partition("?")[0] for link in room.got(CID)[0].links if "/f/" in link}
    assert link not in others


@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.parametrize("fault", ["reset_after", "close_after", "garbled", "hang_after"])
async def test_what_may_have_been_sent_is_looked_up_before_a_second_try(
    room: MailRoom, fault: str, replaced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.gmail.http.TIMEOUT", 0.3)
    room.gmail.replace_message_ids(replaced)
    room.gmail.fail("messages.send", fault, times=1)
    ask(room)
    await room.settle(5)
    [question] = room.got(BEN)
    room.gmail.reply_as(BEN, question, "yes")
    await room.settle()
    [request] = await room.requests()
    assert request.state is State.APPROVED
    assert len(room.got(BEN)) == 2


@pytest.mark.parametrize(
    "fault", ["rate_limit", "user_rate_limit", "rate_limit_403", "internal", "unavailable", "reset"]
)
async def test_what_was_not_sent_is_sent_later_and_once(room: MailRoom, fault: str) -> None:
    room.gmail.fail("messages.send", fault, times=2)
    ask(room)
    await room.settle(8)
    assert len(room.got(BEN)) == 1


async def test_a_replaced_message_id_still_ties_replies(room: MailRoom) -> None:
    room.gmail.replace_message_ids()
    ask(room)
    await room.settle()
    [question] = room.got(BEN)
    assert "handraise.example" not in question.message_id
    # A mail program that ignores Reply-To.
    room.gmail.send_as(
        BEN,
        to=BOT,
        subject=f"Re: {question.subject}",
        text="yes",
        headers={"In-Reply-To": question.message_id, "References": question.message_id},
    )
    await room.settle()
    [request] = await room.requests()
    assert request.state is State.APPROVED


async def test_a_bounce_marks_the_address_and_moves_the_question_on(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> None:
    nobody = "nobody@example.org"
    async with mail_room(tmp_path, clock, gmail) as room:
        ask(room, nobody)
        await room.settle()
        [request] = await room.requests()
        surfaces = await room.read(lambda tx: tx.surfaces.of_request(request.id))
        [mail] = [s for s in surfaces if s.channel == "email"]
        assert (mail.state, mail.last_error) == (
            SurfaceState.DEAD,
            "the address refuses mail (5.1.1)",
        )
        assert any("came back" in each.text for each in room.got(ANN))
        [chat] = [s for s in surfaces if s.channel == "chat"]
        assert chat.claim_number > 0
        sent = len(gmail.calls("messages.send"))
        ask(room, nobody)
        await room.settle()
        tried = [c for c in gmail.calls("messages.send")[sent:] if c.status == 200]
        assert all(nobody not in str(c) for c in tried)
        assert "returned" in await room.taken()


async def test_a_delay_changes_nothing(room: MailRoom, gmail: GmailServer) -> None:
    gmail.delay_mail_to(BEN)
    ask(room)
    await room.settle()
    assert "delayed" in await room.taken()
    [request] = await room.requests()
    surfaces = await room.read(lambda tx: tx.surfaces.of_request(request.id))
    assert all(s.state is not SurfaceState.DEAD for s in surfaces)


async def test_a_late_reply_is_kept_and_told_kindly(room: MailRoom) -> None:
    ask(room, f"{BEN}, {CID}")
    await room.settle()
    room.gmail.reply_as(BEN, room.got(BEN)[0], "yes")
    await room.settle()
    room.gmail.reply_as(CID, room.got(CID)[0], "no")
    await room.settle()
    assert "Your answer is kept and was passed on" in room.got(CID)[-1].text
    assert room.got(CID)[-1].thread_id == room.got(CID)[0].thread_id


async def test_an_unclear_reply_gets_one_question_back_with_the_buttons(room: MailRoom) -> None:
    ask(room)
    await room.settle()
    room.gmail.reply_as(BEN, room.got(BEN)[0], "Hm, what do the others think?")
    await room.settle()
    back = room.got(BEN)[-1]
    assert len(room.got(BEN)) == 2
    assert any("/f/" in link for link in back.links)
    room.gmail.reply_as(BEN, back, "yes")
    await room.settle()
    [request] = await room.requests()
    assert request.state is State.APPROVED


async def test_a_reminder_comes_in_the_same_thread(room: MailRoom) -> None:
    ask(room, BEN, "within 4h remind in 1h")
    await room.settle()
    room.clock.advance(hours=1)
    await room.agent.sweeper.sweep()
    await room.settle()
    first, second = room.got(BEN)
    assert second.text.startswith("A reminder")
    assert second.thread_id == first.thread_id
    assert second.subject == f"Re: {first.subject}"
