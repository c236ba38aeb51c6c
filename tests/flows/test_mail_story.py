"""Mail from end to end: a mail begins a session, questions go out, replies come back and count."""

from __future__ import annotations

from bot.domain.feedback import State
from tests.flows.mailing import ANN, BEN, BOT, CID, MailRoom, gmail, no_environment, room

__all__ = ["gmail", "no_environment", "room"]


async def test_a_mail_starts_a_session_that_goes_on_in_its_thread(room: MailRoom) -> None:
    first = room.gmail.send_as(ANN, to=BOT, subject="A question", text="help")
    await room.settle()
    [answer] = room.got(ANN)
    assert answer.subject == "Re: A question"
    assert set(answer.references) == {first.message_id}
    assert answer.header("Auto-Submitted") == "auto-generated"
    assert answer.header("X-Auto-Response-Suppress") == "All"
    room.gmail.reply_as(ANN, answer, "status")
    await room.settle()
    assert len(await room.sessions()) == 1
    assert len(room.got(ANN)) == 2
    assert room.got(ANN)[1].thread_id == answer.thread_id


async def test_a_question_by_mail_is_decided_by_a_reply_in_words(room: MailRoom) -> None:
    room.gmail.send_as(ANN, to=BOT, subject="Deploy", text=f"ask {BEN}, {CID} to approve: Ship it?")
    await room.settle()
    [question] = room.got(BEN)
    assert "Ship it?" in question.text
    room.gmail.reply_as(BEN, question, "yes please", style="apple")
    await room.settle()
    [request] = await room.requests()
    assert request.state is State.APPROVED, await room.taken()
    settled = room.got(CID)[-1]
    assert "Answered by" in settled.text
    assert "Nothing more to do" in settled.text
    assert settled.thread_id == room.got(CID)[0].thread_id
    assert "decided it" in room.got(BEN)[-1].text
    assert any("approved" in mail.text for mail in room.got(ANN))
