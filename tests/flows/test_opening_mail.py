"""The owner of a session lets it go on by mail: from the page's API to the thread, and back."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.planning import Plan, Reply, Role
from bot.domain.post import PostKind
from tests.flows.conftest import PASSWORD, SignedIn
from tests.flows.line import Line
from tests.flows.mailing import ANN, BEN, BOT, MailRoom, gmail, no_environment, room
from tests.gmail.mails import StoredMail
from web.keys import STORE

__all__ = ["gmail", "no_environment", "room"]


async def sign_up(room: MailRoom, name: str, email: str, *, verify: bool = True) -> SignedIn:
    body = {"email": email, "username": name, "password": PASSWORD}
    async with room.client.post("/api/auth/register", json=body) as answer:
        assert answer.status == 201, await answer.text()
        who = SignedIn(room.client, name, email, await answer.json())
    if verify:
        status, _ = await who.post("/api/auth/verify", {"code": room.outbox.codes[name]})
        assert status == 200
    return who


def script(room: MailRoom, *texts: str) -> None:
    assert room.planner is not None
    room.planner.script += [Plan(steps=(Reply(text=text),)) for text in texts]


async def begun(room: MailRoom, who: SignedIn, text: str = "Plan the party") -> str:
    script(room, "Gladly.")
    status, body = await who.post("/api/sessions", {"text": text})
    assert status == 201, body
    await room.work()
    return str(body["session"]["id"])


async def go_on(who: SignedIn, session_id: str, **more: str) -> tuple[int, Any]:
    return await who.post(f"/api/sessions/{session_id}/places", {"channel": "email"} | more)


async def places(who: SignedIn, session_id: str) -> Any:
    status, body = await who.get(f"/api/sessions/{session_id}/places")
    assert status == 200, body
    return body


async def said(room: MailRoom, session_id: str, role: Role) -> list[str]:
    return [m.text for m in await room.messages(session_id) if m.role is role]


async def test_a_session_of_the_page_goes_on_by_mail(room: MailRoom) -> None:
    ann = await sign_up(room, "ann", ANN)
    session = await begun(room, ann, "Plan the party\nNobody may know the budget: 500.")
    (way,) = (await places(ann, session))["ways"]
    assert (way["channel"], way["address"], way["refusal"]) == ("email", ANN, None)
    status, body = await go_on(ann, session)
    assert (status, body["outcome"]["status"]) == (202, "opening")
    await room.work()
    (first,) = room.got(ANN)
    assert first.subject == "Plan the party"
    assert "budget" not in first.text + first.html
    assert "Gladly" not in first.text + first.html
    assert f"/#/s/{session}" in first.text
    found = await places(ann, session)
    (place,) = found["places"]
    assert (place["channel"], place["state"], place["people"]) == ("email", "open", ["ann"])
    assert found["ways"] == []
    script(room, "By mail, too.", "On the page.")
    room.gmail.reply_as(ANN, first, "and cake", style="apple")
    await room.settle()
    assert (await said(room, session, Role.USER))[-1] == "and cake"
    answer = room.got(ANN)[-1]
    assert "By mail, too." in answer.text
    assert answer.thread_id == first.thread_id
    assert answer.subject == "Re: Plan the party"
    await ann.post(f"/api/sessions/{session}/messages", {"text": "now on the page"})
    await room.settle()
    assert (await said(room, session, Role.AGENT))[-1] == "On the page."
    assert len(room.got(ANN)) == 2


async def test_whoever_looks_is_told_when_a_place_is_wanted_and_when_it_is_there(
    room: MailRoom,
) -> None:
    ann = await sign_up(room, "ann", ANN)
    session = await begun(room, ann)
    line = await Line.sign_in(ann)
    await line.watch(session)

    room.gmail.fail("messages.send", "unavailable")
    await go_on(ann, session)
    await room.work()
    (place,) = (await places(ann, session))["places"]
    assert place["state"] == "opening"
    assert place["error"]
    await line.until("event", lambda frame: frame["feed"] == session)
    wanted = line.cursors[session]
    room.clock.advance(61)
    await room.work()
    event = await line.until("event", lambda frame: frame["feed"] == session)
    assert event["event"]["kind"] == "session"
    assert event["event"]["session"]["cursor"] > wanted
    assert (await places(ann, session))["places"][0]["state"] == "open"
    await line.close()


async def test_a_second_wish_opens_no_second_thread(room: MailRoom) -> None:
    ann = await sign_up(room, "ann", ANN)
    session = await begun(room, ann)
    assert (await go_on(ann, session))[0] == 202
    assert (await go_on(ann, session))[0] == 202
    await room.work()
    status, body = await go_on(ann, session)
    assert (status, body["error"]["code"]) == (409, "already_there")
    assert len(room.got(ANN)) == 1


@pytest.mark.parametrize("renamed", [True, False])
@pytest.mark.parametrize("to_bot", [True, False])
async def test_a_crash_after_sending_sends_no_second_mail(
    room: MailRoom, renamed: bool, to_bot: bool
) -> None:
    ann = await sign_up(room, "ann", ANN)
    session = await begun(room, ann)
    room.gmail.replace_message_ids(renamed)
    room.gmail.fail("messages.send", "reset_after")
    await go_on(ann, session)
    await room.work()
    (place,) = (await places(ann, session))["places"]
    assert place["state"] == "opening"
    (first,) = room.got(ANN)
    script(room, "Here I am.")
    if to_bot and not renamed:  # a mail program that does not know Reply-To
        room.gmail.send_as(
            ANN,
            to=BOT,
            subject=f"Re: {first.subject}",
            text="quick as I am",
            headers={"In-Reply-To": first.header("Message-ID")},
        )
    else:
        room.gmail.reply_as(ANN, first, "quick as I am")
    await room.settle()
    (only,) = await room.sessions()
    assert only.id == session
    assert len([m for m in room.got(ANN) if "goes on here too" in m.text]) == 1
    assert (await said(room, session, Role.USER))[-1] == "quick as I am"
    assert (await places(ann, session))["places"][0]["state"] == "open"


async def test_a_failure_is_told_and_can_be_tried_again(room: MailRoom) -> None:
    ann = await sign_up(room, "ann", ANN)
    session = await begun(room, ann)
    room.gmail.fail("messages.send", "not_found")
    await go_on(ann, session)
    await room.work()
    (place,) = (await places(ann, session))["places"]
    assert (place["state"], place["address"]) == ("failed", ANN)
    assert place["error"]
    assert (await go_on(ann, session, address=place["address"]))[0] == 202
    await room.work()
    (place,) = (await places(ann, session))["places"]
    assert place["state"] == "open"
    assert len(room.got(ANN)) == 1


async def test_no_mail_goes_to_an_address_that_is_not_proven(room: MailRoom) -> None:
    ann = await sign_up(room, "ann", ANN)
    session = await begun(room, ann)
    status, body = await go_on(ann, session, address=BEN)
    assert (status, body["error"]["code"]) == (403, "not_confirmed")
    ben = await sign_up(room, "ben", BEN, verify=False)
    status, _ = await go_on(ben, session)
    assert status in (403, 404)
    await room.work()
    assert room.got(BEN) == []


async def test_a_first_mail_that_comes_back_takes_its_place_with_it(room: MailRoom) -> None:
    gone = "ann@nowhere.example"
    ann = await sign_up(room, "ann", gone)
    session = await begun(room, ann)
    await go_on(ann, session)
    await room.settle()
    found = await places(ann, session)
    assert found["places"] == []
    assert [way["address"] for way in found["ways"]] == [gone]
    assert "came back" in (await said(room, session, Role.SYSTEM))[-1]
    await go_on(ann, session)
    await room.work()
    (place,) = (await places(ann, session))["places"]
    assert place["state"] == "failed"
    assert "refuses mail" in place["error"]


async def test_one_place_by_mail_is_opened_at_one_address_at_a_time(room: MailRoom) -> None:
    ann = await sign_up(room, "ann", ANN)
    session = await begun(room, ann)
    await room.app[STORE].run(
        lambda tx: tx.people.add_identity(
            "email", BEN, tx.people.by_identity("email", ANN).id, room.clock.now()
        )
    )
    assert (await go_on(ann, session, address=ANN))[0] == 202
    status, body = await go_on(ann, session, address=BEN)
    assert (status, body["error"]["code"]) == (409, "opening_elsewhere")
    assert ANN in body["error"]["message"]
    await room.work()
    assert (len(room.got(ANN)), room.got(BEN)) == (1, [])


async def test_signs_in_a_name_are_no_markup_in_a_mail(room: MailRoom) -> None:
    ann = await sign_up(room, "ann", ANN)
    session = await begun(room, ann, "Pay *now* [here](http://evil.example) <b>x</b>")
    await go_on(ann, session)
    await room.work()
    (first,) = room.got(ANN)
    assert "*now* [here](http://evil.example) &lt;b&gt;x&lt;/b&gt;" in first.html
    assert "<a href=" not in first.html.replace(f'<a href="{room_url(first)}', "")


def room_url(mail: StoredMail) -> str:
    """Return the address of the page in a mail, which is the only link in it."""
    return next(word for word in mail.text.split() if "/#/s/" in word)


async def test_every_page_hears_that_a_place_is_not_there_yet_and_why(room: MailRoom) -> None:
    ann = await sign_up(room, "ann", ANN)
    session = await begun(room, ann)
    line = await Line.sign_in(ann)
    await line.watch(session)
    before = line.cursors.get(session, 0)
    room.gmail.fail("messages.send", "unavailable")
    await go_on(ann, session)
    await room.work()
    # Once that it is wanted, once that it did not go well.
    heard = [await line.until("event", lambda frame: frame["feed"] == session) for _ in range(2)]
    cursors = [each["event"]["session"]["cursor"] for each in heard]
    assert before < cursors[0] < cursors[1]
    (place,) = (await places(ann, session))["places"]
    assert (place["state"], bool(place["error"])) == ("opening", True)
    await line.close()


async def test_what_waits_for_a_place_that_is_gone_is_given_up(room: MailRoom) -> None:
    ann = await sign_up(room, "ann", ANN)
    session = await begun(room, ann)
    await go_on(ann, session)
    await room.work()
    (mail,) = room.got(ANN)
    script(room, "Too late.")
    room.gmail.fail("messages.send", "unavailable")
    room.gmail.reply_as(ANN, mail, "and cake")
    room.clock.advance(61)
    await room.agent.chores.tick()
    await room.work()
    bindings = await room.read(lambda tx: tx.bindings.of_session(session))
    await room.app[STORE].run(lambda tx: tx.bindings.remove(bindings[0].place))
    await room.settle()
    assert len(room.got(ANN)) == 1
    assert await room.read(lambda tx: tx.posts.next_due()) is None
    (dead,) = await room.read(lambda tx: tx.posts.given_up("", 10))
    assert (dead.kind, dead.last_error) == (PostKind.MESSAGE, "its place is gone")
