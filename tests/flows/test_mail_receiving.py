"""How mail is found: by push, by polling, after a lost cursor; none doubled, none lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp.test_utils import unused_port

from bot.channels.gmail import mailbox, receiving
from tests.clock import FakeClock
from tests.flows.mailing import (
    ANN,
    BEN,
    BOT,
    EVE,
    MailRoom,
    gmail,
    mail_room,
    no_environment,
    room,
)
from tests.gmail.server import GmailServer
from tests.gmail.signing import Forgery
from web.keys import AGENT

__all__ = ["gmail", "no_environment", "room"]
TOPIC = "projects/demo/topics/mail"


async def test_a_cursor_that_is_too_old_loses_and_doubles_nothing(room: MailRoom) -> None:
    room.gmail.send_as(ANN, to=BOT, subject="one", text="help")
    await room.settle()
    searches = len(room.gmail.calls("messages.list"))
    room.gmail.send_as(ANN, to=BOT, subject="two", text="help")
    room.gmail.forget_history(BOT)
    room.gmail.send_as(ANN, to=BOT, subject="three", text="help")
    await room.settle()
    assert sorted(mail.subject for mail in room.got(ANN)) == ["Re: one", "Re: three", "Re: two"]
    assert len(room.gmail.calls("messages.list")) == searches + 1


async def test_a_search_that_takes_several_reads_goes_on_where_it_was(
    room: MailRoom, gmail: GmailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.settle(1)
    for number in range(5):
        gmail.send_as(EVE, to=BOT, subject=f"n{number}", text="y")
    gmail.forget_history(BOT)
    monkeypatch.setattr(receiving, "PAGES", 1)
    monkeypatch.setitem(mailbox.Mailbox.search.__kwdefaults__, "size", 2)
    await room.settle(4)
    assert await room.taken() == ["not_allowed"] * 5


async def test_every_page_of_the_history_is_read(
    room: MailRoom, gmail: GmailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        gmail.send_as(EVE, to=BOT, subject="x", text="y")
    monkeypatch.setattr(mailbox, "PAGE", 1)
    await room.settle(1)
    assert len(gmail.calls("history.list")) >= 3
    assert await room.taken() == ["not_allowed"] * 3


@pytest.mark.parametrize(
    "fault", ["internal", "unavailable", "bad_gateway", "rate_limit", "reset", "garbled"]
)
@pytest.mark.parametrize("method", ["history.list", "messages.get"])
async def test_what_breaks_while_reading_is_read_later(
    room: MailRoom, fault: str, method: str
) -> None:
    room.gmail.fail(method, fault, times=2)
    room.gmail.send_as(ANN, to=BOT, subject="one", text="help")
    await room.settle(6)
    assert [mail.subject for mail in room.got(ANN)] == ["Re: one"]


async def test_a_question_ends_only_once_all_mail_sent_in_time_was_read(room: MailRoom) -> None:
    room.gmail.send_as(ANN, to=BOT, subject="x", text=f"ask {BEN} to approve: Ship it? within 1h")
    await room.settle()
    [question] = room.got(BEN)
    room.clock.advance(minutes=50)
    room.gmail.reply_as(BEN, question, "yes")
    room.gmail.fail("history.list", "unavailable", times=1)
    room.clock.advance(minutes=20)
    await room.agent.chores.tick()
    await room.agent.sweeper.sweep()
    [request] = await room.requests()
    assert request.state.value == "pending"
    await room.settle()
    [request] = await room.requests()
    assert request.state.value == "approved"


async def test_revoked_consent_shuts_the_channel_and_says_so(room: MailRoom) -> None:
    room.gmail.revoke_consent(BOT)
    room.gmail.expire_access()
    await room.settle(1)
    health = room.agent.outlets["email"].health()
    assert health.state == "closed"
    assert "handraise gmail connect" in health.reason
    calls = len(room.gmail.calls("oauth.token"))
    await room.settle(2)
    assert len(room.gmail.calls("oauth.token")) == calls


def subscribed(gmail: GmailServer) -> int:
    """Have pushes sent to a port of this machine, and return it."""
    port = unused_port()
    gmail.subscribe(TOPIC, f"http://127.0.0.1:{port}/gmail/push")
    return port


async def test_a_push_is_enough(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> None:
    port = subscribed(gmail)
    async with mail_room(tmp_path, clock, gmail, serve_at=port) as room:
        await gmail.settled()
        assert room.gmail.calls("watch")
        gmail.notify("doubled")
        gmail.send_as(ANN, to=BOT, subject="one", text="help")
        await gmail.settled()
        await room.work()
        assert [mail.subject for mail in room.got(ANN)] == ["Re: one"]
        assert all(notice.acknowledged for notice in gmail.notices())


@pytest.mark.parametrize("forgery", list(Forgery))
async def test_pushes_of_others_are_refused(
    tmp_path: Path,
    clock: FakeClock,
    gmail: GmailServer,
    no_environment: None,
    forgery: Forgery,
) -> None:
    port = subscribed(gmail)
    async with mail_room(tmp_path, clock, gmail, serve_at=port):
        await gmail.settled()
        assert await gmail.push(BOT, forgery=forgery) == [401]


async def test_poison_is_set_aside_and_acknowledged(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> None:
    port = subscribed(gmail)
    async with mail_room(tmp_path, clock, gmail, serve_at=port) as room:
        await gmail.settled()
        for data in (b"", b"[]", b"\xff", b'{"emailAddress": 1}', b"[" * 5000):
            assert await gmail.push(BOT, data=data) == [204]
        assert await gmail.push(BOT, address="other@handraise.example") == [204]
        aside = await room.read(lambda tx: tx.inbox.set_aside(100))
        assert len(aside) == 6


async def test_without_an_audience_the_entrance_is_closed(room: MailRoom) -> None:
    async with room.client.post("/gmail/push", json={}) as answer:
        assert answer.status == 404


async def test_a_lost_push_is_made_up_for_by_polling(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> None:
    port = subscribed(gmail)
    async with mail_room(tmp_path, clock, gmail, serve_at=port) as room:
        await gmail.settled()
        await room.settle(1)
        gmail.notify("lost")
        gmail.send_as(ANN, to=BOT, subject="one", text="help")
        clock.advance(minutes=6)
        await room.settle(1)
        assert [mail.subject for mail in room.got(ANN)] == ["Re: one"]


async def test_the_watch_is_renewed_daily_and_its_age_is_told(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> None:
    port = subscribed(gmail)
    async with mail_room(tmp_path, clock, gmail, serve_at=port) as room:
        await gmail.settled()
        assert renewed(gmail) == 1
        clock.advance(hours=12)
        await room.settle(1)
        assert renewed(gmail) == 1
        clock.advance(hours=13)
        await room.settle(1)
        await gmail.settled()
        assert renewed(gmail) == 2
        gmail.fail("watch", "internal", times=100)
        for _ in range(3):
            clock.advance(hours=20)
            await room.settle(1)
        health = room.app[AGENT].outlets["email"].health()
        assert health.state == "degraded"
        assert "GMAIL_PUBSUB_TOPIC" in health.reason
        age = health.details["watch_age_seconds"]
        assert int(age) > 2 * 86_400
        async with room.client.get("/metrics") as answer:
            told = [line for line in (await answer.text()).splitlines() if "watch_age" in line]
        assert f'channel_watch_age_seconds{{channel="email"}} {float(age)}' in told


def renewed(gmail: GmailServer) -> int:
    """Return how often the watch was set; a call whose access had ended is made again."""
    return sum(call.status == 200 for call in gmail.calls("watch"))


async def test_mails_are_taken_in_the_order_they_came(room: MailRoom) -> None:
    first = room.gmail.send_as(ANN, to=BOT, subject="one", text="the first")
    assert first.sent is not None
    for number in range(5):
        room.gmail.send_as(
            ANN,
            to=BOT,
            subject="Re: one",
            text=f"more {number}",
            headers={"In-Reply-To": first.message_id, "References": first.message_id},
        )
    await room.settle(1)
    [session] = await room.sessions()
    said = [m.text for m in await room.messages(session.id) if m.role.value == "user"]
    assert said == ["one\n\nthe first", *(f"more {number}" for number in range(5))]


async def test_bodies_of_pushes_are_bounded(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> None:
    port = subscribed(gmail)
    async with mail_room(tmp_path, clock, gmail, serve_at=port):
        await gmail.settled()
        assert await gmail.push(BOT, data=b"x" * 100_000) == [413]


async def test_a_refresh_token_that_was_rotated_is_kept(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> None:
    given = gmail.environment(BOT)["GMAIL_REFRESH_TOKEN"]
    async with mail_room(tmp_path, clock, gmail, gmail_refresh_token=given) as room:
        grant = gmail.consent.grants[0]
        grant.refresh_token = "1//0rotated"
        opened = room.agent.outlets["email"]
        credentials = opened.keyring.current()  # type: ignore[attr-defined]
        credentials._refresh_token = "1//0rotated"
        await room.settle(1)
    async with mail_room(tmp_path, clock, gmail, gmail_refresh_token=given) as room:
        gmail.send_as(ANN, to=BOT, subject="one", text="help")
        await room.settle()
        assert [mail.subject for mail in room.got(ANN)] == ["Re: one"]


async def test_mails_that_came_while_we_were_down_are_taken(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> None:
    async with mail_room(tmp_path, clock, gmail):
        pass
    gmail.send_as(ANN, to=BOT, subject="one", text="help")
    clock.advance(hours=30)
    async with mail_room(tmp_path, clock, gmail) as room:
        await room.settle()
        assert [mail.subject for mail in room.got(ANN)] == ["Re: one"]


async def test_a_mailbox_that_cannot_be_read_is_degraded_and_says_why(room: MailRoom) -> None:
    room.gmail.fail("history.list", "internal", times=100)
    for _ in range(3):
        room.clock.advance(minutes=10)
        await room.settle(1)
    health = room.agent.outlets["email"].health()
    assert health.state == "degraded"
    assert "Gmail answers 500" in health.reason
    room.gmail.stop_failing()
    await room.settle(1)
    assert room.agent.outlets["email"].health().state == "ready"
    async with room.client.get("/ready") as answer:
        assert answer.status == 200
        assert {c["name"]: c["state"] for c in (await answer.json())["channels"]} == {
            "email": "ready"
        }


async def test_a_server_starts_while_google_is_silent(
    tmp_path: Path,
    clock: FakeClock,
    gmail: GmailServer,
    no_environment: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.channels.gmail.outlet.START_SECONDS", 0.2)
    monkeypatch.setattr("bot.channels.gmail.http.TIMEOUT", 0.5)
    gmail.fail("getProfile", "hang", times=2)
    async with mail_room(tmp_path, clock, gmail) as room:
        gmail.send_as(ANN, to=BOT, subject="early", text="help")
        await room.settle(5)
        gmail.send_as(ANN, to=BOT, subject="one", text="help")
        await room.settle()
        assert [mail.subject for mail in room.got(ANN)] == ["Re: early", "Re: one"]


async def test_mail_counts_from_when_the_mailbox_was_connected(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> None:
    gmail.send_as(ANN, to=BOT, subject="before", text="help")
    clock.advance(minutes=5)
    gmail.fail("getProfile", "unavailable", times=2)
    async with mail_room(tmp_path, clock, gmail) as room:
        gmail.send_as(ANN, to=BOT, subject="early", text="help")
        assert await room.taken() == []
    clock.advance(hours=3)
    async with mail_room(tmp_path, clock, gmail) as room:
        gmail.send_as(ANN, to=BOT, subject="one", text="help")
        await room.settle()
        await room.settle()
        assert [mail.subject for mail in room.got(ANN)] == ["Re: early", "Re: one"]


async def test_mails_that_are_set_aside_are_not_waited_for_for_ever(
    room: MailRoom, gmail: GmailServer
) -> None:
    gmail.fail("messages.get", "internal", times=10_000)
    gmail.send_as(ANN, to=BOT, subject="one", text="help")
    await room.settle()

    async def pending() -> list[str]:
        marks = await room.read(lambda tx: tx.marks.like(receiving.PENDING))
        return [name for name, _, _ in marks]

    [mark] = await pending()
    for _ in range(40):
        room.clock.advance(minutes=61)
        await room.settle(1)
    aside = await room.read(lambda tx: tx.inbox.set_aside(10))
    assert [f"{receiving.PENDING}{each.key.removeprefix('gmail:')}" for each in aside] == [mark]
    assert await pending() == []
    gmail.stop_failing()
    gmail.send_as(ANN, to=BOT, subject="two", text="help")
    await room.settle()
    assert [mail.subject for mail in room.got(ANN)] == ["Re: two"]
    assert await pending() == []
