"""Replies that do not decide: between the lines of a quotation, and over the limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.channels.gmail.threads import Thread, spot_of
from bot.domain.feedback import FeedbackRequest, Standing, State
from bot.domain.instants import DAY, HOUR
from bot.service.directory import person_at
from bot.service.notices import tell
from bot.service.ports.store import Transaction
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
from tests.gmail.addresses import bare
from tests.gmail.server import GmailServer
from web.keys import STORE

__all__ = ["gmail", "no_environment", "room"]


async def only_request(room: MailRoom) -> FeedbackRequest:
    [request] = await room.requests()
    return request


@pytest.mark.parametrize(
    ("asks", "reply"),
    [
        ("to approve: Ship it?", "> Bob has tested it.\nyes\n> Ship it?\n> Answer by Friday."),
        ("to approve: Ship it?", "Hello Ann,\n> Ship it?\nyes\n"),
        ("to approve: Ship it?", "> Is it tested?\nyes\n> Ship it?\nno\n"),
        (": Which one? options: A, B", "> A is cheap.\nB\n> B is not.\n"),
        (": What is your address?", "> Moved?\nyes\n> What is your address?\nMain Street 1\n"),
    ],
)
async def test_words_between_quoted_lines_are_asked_back(
    room: MailRoom, asks: str, reply: str
) -> None:
    space = "" if asks.startswith(":") else " "
    room.gmail.send_as(ANN, to=BOT, subject="Deploy", text=f"ask {BEN}{space}{asks}")
    await room.settle()
    [question] = room.got(BEN)
    room.gmail.reply_as(BEN, question, reply, quote=False)
    await room.settle()
    request = await only_request(room)
    assert request.state is State.PENDING
    [response] = await room.read(lambda tx: tx.requests.responses(request.id))
    assert response.standing is Standing.UNCLEAR
    back = room.got(BEN)[-1]
    assert "nothing is decided" in back.text
    assert any("/f/" in link for link in back.links)


async def test_who_writes_over_the_limits_is_told_once_and_nothing_is_lost(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> None:
    async with mail_room(tmp_path, clock, gmail, rate_limit_per_person_channel=1) as room:
        for number in range(3):
            gmail.send_as(ANN, to=BOT, subject=f"number {number}", text="help")
        await room.agent.chores.tick()
        await room.work()
        for _ in range(8):
            await room.settle(1)
        got = [mail.text for mail in room.got(ANN)]
        assert sum("waits for its turn" in text for text in got) == 1
        assert len(await room.sessions()) == 3
        assert await room.taken() == ["started"] * 3


async def test_who_must_wait_hears_so_though_no_more_mails_go_to_them_in_this_hour(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> None:
    async with mail_room(
        tmp_path, clock, gmail, rate_limit_per_person_channel=1, mail_per_thread_hour=1
    ) as room:
        spot = spot_of(Thread(subject="one", references=("one@example.org",)))

        def say(tx: Transaction, text: str) -> None:
            now = room.clock.now()
            ann = person_at(tx, ANN, "Ann", now)
            tell(tx, channel="email", person_id=ann.id, text=text, now=now, spot=spot, address=ANN)

        for text in ("One answer.", "This waits for the end of the hour."):
            await room.app[STORE].run(say, text)
        await room.work()
        assert [mail.text.partition("\n")[0] for mail in room.got(ANN)] == ["One answer."]
        before = len(room.got(ANN))
        for number in range(3):
            gmail.send_as(ANN, to=BOT, subject=f"number {number}", text="help")
        await room.settle(1)
        told = [mail.text for mail in room.got(ANN)[before:]]
        assert sum("waits for its turn" in text for text in told) == 1


async def test_a_reply_address_in_capitals_is_the_same(room: MailRoom) -> None:
    room.gmail.send_as(ANN, to=BOT, subject="x", text=f"ask {BEN} to approve: Ship it?")
    await room.settle()
    local, _, domain = bare(room.got(BEN)[0].header("Reply-To")).partition("@")
    name, _, tag = local.partition("+")
    room.gmail.send_as(BEN, to=f"{name}+{tag.upper()}@{domain}", subject="Re: x", text="yes")
    await room.settle()
    assert (await only_request(room)).state is State.APPROVED


async def test_what_was_said_once_is_forgotten_when_it_cannot_come_again(room: MailRoom) -> None:
    room.gmail.send_as(ANN, to=BOT, subject="x", text=f"ask {BEN} to approve: Ship it?")
    await room.settle()
    [question] = room.got(BEN)
    room.gmail.reply_as(BEN, question, "Hm, what do the others think?")
    room.gmail.send_as(
        CID, to=bare(question.header("Reply-To")), cc=BEN, subject="Re: x", text="do it"
    )
    await room.settle()

    async def marked() -> list[str]:
        marks = await room.read(lambda tx: tx.marks.like(""))
        return sorted({name.partition(":")[0] for name, _, _ in marks if ":" in name})

    assert await marked() == ["remark", "told"]
    room.clock.advance(13 * DAY // 1_000_000)
    await room.agent.sweeper.sweep()
    assert await marked() == ["remark", "told"]
    room.clock.advance(2 * DAY // 1_000_000)
    await room.agent.sweeper.sweep()
    assert await marked() == []
    assert await room.read(lambda tx: tx.marks.get("gmail.cursor")) is not None


async def test_a_session_s_time_is_that_of_the_settings(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> None:
    async with mail_room(tmp_path, clock, gmail, session_timeout_hours=5) as room:
        opened = room.agent.outlets["email"]
        assert opened.parts.session_timeout == 5 * HOUR  # type: ignore[attr-defined]
