"""Mail from end to end: a mail begins a session, questions go out, replies come back and count."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.domain.feedback import State
from bot.domain.zones import local
from bot.service.deliveries import Deliveries
from bot.service.directory import person_at
from bot.service.ports.directory import Listed
from bot.service.ports.store import Transaction
from tests.clock import FakeClock
from tests.flows.mailing import (
    ANN,
    BEN,
    BOT,
    CID,
    EVE,
    MailRoom,
    gmail,
    mail_room,
    no_environment,
    room,
)
from tests.flows.second_channel import SecondChannel
from tests.gmail.server import GmailServer
from web.keys import STORE

__all__ = ["gmail", "no_environment", "room"]
DORA, FRED = "dora@example.org", "fred@example.org"


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


async def test_the_whole_story(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> None:
    async with mail_room(tmp_path, clock, gmail, channel_order="email,slack,chat") as room:
        slack = SecondChannel("slack", clock)
        join_slack(room, slack)
        await known(room, "dora", DORA, ("slack", "T1/U1"), preferred="slack")
        await known(room, "fred", FRED)
        await known(room, "ben", BEN, delegate=FRED)
        gmail.add_mailbox(FRED)
        gmail.send_as(
            ANN,
            to=BOT,
            subject="The contract",
            text=f"ask {BEN}, {CID}, dora to approve: May I sign the contract? quorum 1",
        )
        await room.settle()
        asked = {person: room.got(person)[-1] for person in (BEN, CID)}
        assert slack.shown == ["pending"]
        # A scanner opens every link of every mail: nothing is decided or seen by that.
        before = (await room.requests())[0]
        for mail in asked.values():
            pages = [link for link in mail.links if "/f/" in link]
            assert pages
            for link in pages:
                async with room.client.get("/" + link.partition("//")[2].partition("/")[2]):
                    pass
        [request] = await room.requests()
        assert (request.state, request.version) == (State.PENDING, before.version)
        # Ben is away: his own delegate is asked, and not whom the note names.
        gmail.out_of_office_as(
            BEN, asked[BEN], f"I am out of the office until 20 March 2026. Please ask {EVE}."
        )
        await room.settle()
        ben = await room.read(lambda tx: tx.people.by_identity("email", BEN))
        assert local(ben.away_until, "UTC").strftime("%Y-%m-%d %H:%M") == "2026-03-21 00:00"
        assert room.got(EVE) == []
        [handed_on] = room.got(FRED)
        assert "ben handed this on to you" in handed_on.text
        # The next answers in words, on a phone.
        gmail.reply_as(CID, asked[CID], "Yes, please do.\n\nSent from my iPhone", style="apple")
        await room.settle()
        [request] = await room.requests()
        assert request.state is State.APPROVED
        assert slack.shown[-1] == "approved"
        for person in (BEN, FRED):
            assert "Answered by cid by mail" in room.got(person)[-1].text, person
            assert "Nothing more to do" in room.got(person)[-1].text
            assert room.got(person)[-1].thread_id == room.got(person)[0].thread_id
        told = room.got(ANN)
        assert {mail.thread_id for mail in told} == {told[0].thread_id}
        assert any("cid answered" in mail.text for mail in told)


async def test_somebody_away_without_a_delegate_lets_the_next_be_asked_now(
    room: MailRoom,
) -> None:
    room.gmail.send_as(
        ANN,
        to=BOT,
        subject="Deploy",
        text=f"ask {BEN} to approve: Ship it? within 24h, then ask {CID} after 12h",
    )
    await room.settle()
    [question] = room.got(BEN)
    assert room.got(CID) == []
    room.gmail.out_of_office_as(BEN, question, f"I am on leave. {EVE} stands in for me.")
    await room.settle()
    assert room.got(EVE) == []
    assert "nobody had decided" in room.got(CID)[0].text or "has decided" in room.got(CID)[0].text
    assert any("is away and cannot answer" in mail.text for mail in room.got(ANN))


async def test_who_is_copied_takes_part_and_odd_addresses_harm_nobody(room: MailRoom) -> None:
    room.gmail.send_as(
        ANN,
        to=BOT,
        cc=f'Cid <{CID}>, "very odd"@example.org, o\'hara+x@example.org, nobody',
        subject="Together",
        text="help",
    )
    await room.settle()
    assert [mail.subject for mail in room.got(CID)] == ["Re: Together"]
    room.gmail.reply_as(CID, room.got(CID)[0], "status")
    answered = {"In-Reply-To": room.got(CID)[0].message_id}
    room.gmail.send_as(EVE, to=BOT, subject="Re: Together", text="status", headers=answered)
    await room.settle()
    [session] = await room.sessions()
    said = [m for m in await room.messages(session.id) if m.role.value == "user"]
    assert [m.text for m in said] == ["help", "status"]
    # Who got nothing the first time, since the address refused it, is left out from then on.
    assert await room.taken() == ["started", "returned", "stored", "not_taking_part"]
    room.gmail.reply_as(ANN, room.got(ANN)[0], "help")
    await room.settle()
    assert "o'hara" in room.got(CID)[0].header("To")
    assert "o'hara" not in room.got(CID)[1].header("To")


def join_slack(room: MailRoom, slack: SecondChannel) -> None:
    """Let a channel in this process stand for Slack."""
    courier = room.agent.courier
    courier._channels = (*courier._channels, "slack")
    [deliveries] = [desk for desk in courier._desks if isinstance(desk, Deliveries)]
    deliveries.channels["slack"] = slack  # type: ignore[index]
    order = ("email", "slack", "chat")
    for holder in (deliveries, room.agent.worker._turns.terms):
        object.__setattr__(holder, "routing", replace(holder.routing, order=order))


async def known(
    room: MailRoom,
    name: str,
    email: str,
    *identities: tuple[str, str],
    preferred: str | None = None,
    delegate: str | None = None,
) -> None:
    """Keep somebody with proven addresses."""

    def keep(tx: Transaction) -> None:
        person = person_at(tx, email, name, room.clock.now())
        for kind, key in identities:
            tx.people.add_identity(kind, key, person.id, room.clock.now())
        stand_in = tx.people.by_identity("email", delegate) if delegate else None
        tx.people.save(
            replace(
                person,
                preferred_channel=preferred,
                delegate_id=stand_in.id if stand_in else None,
            )
        )
        if preferred == "slack":
            tx.directory.put(
                Listed(kind="slack", key=identities[0][1], name=name, handle=name, updated_at=1)
            )

    await room.app[STORE].run(keep)
