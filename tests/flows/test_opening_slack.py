"""The owner of a session lets it go on in Slack: from the page's API to the thread, and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.domain.instants import MINUTE
from bot.domain.planning import Plan, Reply, Role
from bot.service.redriving import redrive_post
from bot.service.talking import bind_place
from bot.settings import Settings
from tests.flows.conftest import PASSWORD, Outbox, SignedIn
from tests.flows.slack_office import Office, office, team_of
from tests.flows.slack_scene import buttons_of, text_of
from tests.slack.records import Message


class Desk:
    """An office with people who have accounts, and what they do on the page."""

    def __init__(self, office: Office, http: Any, outbox: Outbox) -> None:
        self.office = office
        self.http = http
        self.outbox = outbox

    async def sign_up(self, name: str, email: str = "") -> SignedIn:
        body = {"email": email or f"{name}@example.org", "username": name, "password": PASSWORD}
        async with self.http.post("/api/auth/register", json=body) as answer:
            assert answer.status == 201, await answer.text()
            who = SignedIn(self.http, name, body["email"], await answer.json())
        status, _ = await who.post("/api/auth/verify", {"code": self.outbox.codes[name]})
        assert status == 200
        await self.office.settle()
        return who

    async def sign_in(self, who: SignedIn) -> None:
        """Sign in anew: an access token does not last long."""
        form = {"username": who.username, "password": PASSWORD}
        async with self.http.post("/api/auth/login", data=form) as answer:
            assert answer.status == 200, await answer.text()
            who.tokens = await answer.json()

    async def session(self, who: SignedIn, text: str = "Plan the party") -> str:
        self.script("Gladly.")
        status, body = await who.post("/api/sessions", {"text": text})
        assert status == 201, body
        await self.office.settle()
        return str(body["session"]["id"])

    def script(self, *texts: str) -> None:
        self.office.planner.script += [Plan(steps=(Reply(text=text),)) for text in texts]

    def threads(self, who: str = "ana") -> list[Message]:
        """Return what begins a thread in somebody's direct messages."""
        slack = self.office.slack
        return [m for m in slack.messages(slack.dm(who)) if m.thread_ts in (None, m.ts)]


async def open_in_slack(
    who: SignedIn, session_id: str, key: str | None = None, **more: str
) -> tuple[int, Any]:
    headers = {"Idempotency_Key": key} if key else {}
    return await who.post(
        f"/api/sessions/{session_id}/places", {"channel": "slack"} | more, **headers
    )


async def places(who: SignedIn, session_id: str) -> Any:
    status, body = await who.get(f"/api/sessions/{session_id}/places")
    assert status == 200, body
    return body


@asynccontextmanager
async def desk_at(path: Path, **more: Any) -> AsyncIterator[Desk]:
    outbox = Outbox()
    async with (
        office(path, send_code=outbox, **more) as served,
        aiohttp.ClientSession(served.url) as http,
    ):
        yield Desk(served, http, outbox)


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    async with desk_at(tmp_path) as desk:
        yield desk


async def test_a_session_of_the_page_goes_on_in_slack(desk: Desk) -> None:
    ana = await desk.sign_up("ana")
    session = await desk.session(ana, "Plan the party\nNobody may know the budget: 500.")
    before = await places(ana, session)
    assert before["places"] == []
    way = next(way for way in before["ways"] if way["channel"] == "slack")
    assert way["refusal"] is None
    status, body = await open_in_slack(ana, session, address=way["address"])
    assert (status, body["outcome"]["status"]) == (202, "opening")
    await desk.office.settle()
    (first,) = desk.threads()
    assert "Plan the party" in text_of(first)
    assert "budget" not in str(first.blocks) + first.text, "nothing earlier is shown there"
    assert "Gladly" not in str(first.blocks) + first.text
    assert buttons_of(first) == ["Open its page"]
    assert desk.office.slack.workspace.titles[first.channel_id, first.ts] == "Plan the party"
    after = await places(ana, session)
    (place,) = after["places"]
    assert (place["channel"], place["name"], place["state"]) == ("slack", "direct message", "open")
    assert place["url"].endswith(f"/archives/{first.channel_id}/p{first.ts.replace('.', '')}")
    assert all(way["channel"] != "slack" for way in after["ways"])
    desk.script("In Slack, too.", "On the page.")
    await desk.office.slack.post_as("ana", "dm", "and cake", thread_ts=first.ts)
    await desk.office.settle()
    assert desk.office.texts(first.channel_id, first.ts)[1:] == ["In Slack, too."]
    assert (await desk.office.said(session))[-1] == "and cake"
    await ana.post(f"/api/sessions/{session}/messages", {"text": "now on the page"})
    await desk.office.settle()
    assert desk.office.texts(first.channel_id, first.ts)[1:] == ["In Slack, too."]
    assert (await desk.office.said(session, Role.AGENT))[-1] == "On the page."


async def test_a_doubled_wish_opens_one_thread(desk: Desk) -> None:
    ana = await desk.sign_up("ana")
    session = await desk.session(ana)
    assert (await open_in_slack(ana, session, "once"))[0] == 202
    status, body = await open_in_slack(ana, session, "once")
    assert (status, body["outcome"]["replayed"]) == (202, True)
    assert (await open_in_slack(ana, session, "twice"))[0] in (202, 409)
    await desk.office.settle()
    status, body = await open_in_slack(ana, session, "later")
    assert (status, body["error"]["code"]) == (409, "already_there")
    assert body["error"]["details"]["place"]["url"].startswith("http")
    assert len(desk.threads()) == 1


async def test_only_the_owner_opens_places(desk: Desk) -> None:
    ana, ben = await desk.sign_up("ana"), await desk.sign_up("ben")
    session = await desk.session(ana)
    assert (await open_in_slack(ben, session))[0] == 404
    assert (await ben.get(f"/api/sessions/{session}/places"))[0] == 404
    key = f"{team_of(desk.office.slack).id}/{desk.office.slack.user('ben').id}"
    status, body = await open_in_slack(ana, session, address=key)
    assert (status, body["error"]["code"]) == (403, "not_confirmed")
    await desk.office.settle()
    assert desk.threads() == []
    assert desk.threads("ben") == []


async def test_who_is_not_known_in_slack_is_told_what_to_do(desk: Desk) -> None:
    eve = await desk.sign_up("eve", "eve@elsewhere.example")
    session = await desk.session(eve)
    (way,) = [w for w in (await places(eve, session))["ways"] if w["channel"] == "slack"]
    assert (way["address"], "Sign in with Slack" in way["refusal"]) == (None, True)
    status, body = await open_in_slack(eve, session)
    assert (status, body["error"]["code"]) == (409, "not_linked")
    assert body["error"]["message"] == way["refusal"]


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_crash_after_sending_opens_no_second_thread(desk: Desk, arrived: bool) -> None:
    ana = await desk.sign_up("ana")
    session = await desk.session(ana)
    slack = desk.office.slack
    slack.fail("chat.postMessage", kind="drop", after_effect=arrived)
    await open_in_slack(ana, session)
    await desk.office.settle()
    (place,) = (await places(ana, session))["places"]
    assert place["state"] == "opening"
    desk.office.outlet.speaker._said.clear()  # as if another server went on
    if arrived:
        (first,) = desk.threads()
        desk.script("Here I am.")
        await slack.post_as("ana", "dm", "quick as I am", thread_ts=first.ts)
        await desk.office.hear()
        assert await desk.office.session_at(first) is None, "no other session begins there"
    for _ in range(4):
        desk.office.clock.advance(61)
        await desk.office.settle()
    (first,) = desk.threads()
    assert await desk.office.session_at(first) == session
    if arrived:
        assert (await desk.office.said(session))[-1] == "quick as I am"
        assert desk.office.texts(first.channel_id, first.ts)[-1] == "Here I am."


async def test_a_failure_is_told_and_can_be_tried_again(desk: Desk) -> None:
    ana = await desk.sign_up("ana")
    session = await desk.session(ana)
    slack = desk.office.slack
    slack.fail("chat.postMessage", kind="error", error="restricted_action", times=1)
    await open_in_slack(ana, session)
    await desk.office.settle()
    (place,) = (await places(ana, session))["places"]
    assert place["state"] == "failed"
    assert place["error"]
    assert desk.threads() == []
    assert (await open_in_slack(ana, session))[0] == 202
    await desk.office.settle()
    (place,) = (await places(ana, session))["places"]
    assert place["state"] == "open"
    (first,) = desk.threads()
    assert await desk.office.session_at(first) == session
    kinds = await desk.office.store.read(
        lambda tx: [
            r.entry.kind for r in tx.journal.records(0, 0, 2**62, 1000) if r.entry.session_id
        ]
    )
    assert [k for k in kinds if k.startswith(("place.", "post."))] == [
        "place.wanted",
        "post.dead",
        "place.wanted",
        "place.opened",
    ]


async def test_a_thread_that_another_session_took_is_not_this_one_s(desk: Desk) -> None:
    ana = await desk.sign_up("ana")
    session = await desk.session(ana)
    slack = desk.office.slack
    slack.fail("chat.postMessage", kind="drop", after_effect=True)
    await open_in_slack(ana, session)
    await desk.office.settle()
    # Slack's history cannot be read for so long that it is given up.
    slack.fail("conversations.history", error="internal_error", times=1_000)
    await desk.office.pass_time(24 * MINUTE, step=2 * MINUTE)
    (place,) = (await places(ana, session))["places"]
    assert place["state"] == "failed"
    (first,) = desk.threads()
    desk.script("Who are you?")
    await slack.post_as("ana", "dm", "hello there", thread_ts=first.ts)
    await desk.office.settle()
    assert await desk.office.session_at(first) not in (None, session)
    slack.faults.clear()
    assert (await open_in_slack(ana, session))[0] == 202
    await desk.office.pass_time(20 * MINUTE)
    await desk.sign_in(ana)
    found = await places(ana, session)
    assert found["places"] == []
    assert [way["channel"] for way in found["ways"]] == ["slack"]
    assert (await open_in_slack(ana, session))[0] == 202
    await desk.office.settle()
    _, second = desk.threads()
    assert await desk.office.session_at(second) == session


async def test_what_an_operator_tries_again_doubles_nothing(desk: Desk) -> None:
    ana = await desk.sign_up("ana")
    session = await desk.session(ana)
    slack = desk.office.slack
    slack.fail("chat.postMessage", kind="error", error="restricted_action")
    await open_in_slack(ana, session)
    await desk.office.settle()
    (post,) = await desk.office.store.read(lambda tx: tx.posts.openings(session))
    there = f"slack:{team_of(slack).id}/{slack.dm('ana').id}/1700000000.000100"
    await desk.office.store.run(bind_place, there, session, "{}", desk.office.clock.now())
    again = partial(redrive_post, now=desk.office.clock.now(), by=None, via="cli")
    await desk.office.store.run(again, post.id)
    await desk.office.settle()
    assert desk.threads() == []
    assert [one["state"] for one in (await places(ana, session))["places"]] == ["open"]


async def test_nobody_is_flooded_by_places(desk: Desk) -> None:
    ana = await desk.sign_up("ana")
    statuses = []
    for number in range(7):
        session = await desk.session(ana, f"Session {number}")
        statuses.append((await open_in_slack(ana, session))[0])
        await ana.post(f"/api/sessions/{session}/end")
        desk.office.clock.advance(1)
    assert statuses.count(202) == 5
    assert statuses[-1] == 429


async def test_a_session_that_began_in_direct_messages_is_there_already(desk: Desk) -> None:
    ana = await desk.sign_up("ana")
    desk.script("Hi.")
    first = await desk.office.slack.post_as("ana", "dm", "hello")
    await desk.office.settle()
    session = await desk.office.session_at(first)
    assert session is not None
    status, body = await open_in_slack(ana, session)
    assert (status, body["error"]["code"]) == (409, "already_there")


async def test_without_slack_it_is_said_that_it_is_not_connected(desk: Desk) -> None:
    ana = await desk.sign_up("ana")
    session = await desk.session(ana)
    status, body = await ana.post(f"/api/sessions/{session}/places", {"channel": "email"})
    assert (status, body["error"]["code"]) == (409, "channel_closed")
    status, body = await ana.post(f"/api/sessions/{session}/places", {"channel": "chat"})
    assert status == 422


async def test_signs_in_a_name_are_no_markup_in_slack(desk: Desk) -> None:
    ana = await desk.sign_up("ana")
    name = "Pay *now* [here](http://evil.example) `x` <!channel> & \u202ego"
    session = await desk.session(ana, name)
    await open_in_slack(ana, session)
    await desk.office.settle()
    (first,) = desk.threads()
    words = first.blocks[0]["text"]
    assert words["type"] == "plain_text"
    assert "*now* [here](http://evil.example) `x` <!channel> & go" in words["text"]
    assert "<" not in first.text
    assert desk.office.slack.workspace.mass_mentions == []


async def test_who_is_not_heard_in_slack_is_sent_nothing_there(desk: Desk) -> None:
    ana = await desk.sign_up("ana")
    first = await desk.session(ana, "One")
    await open_in_slack(ana, first)
    await desk.office.settle()
    second = await desk.session(ana, "Two")
    await desk.office.slack.change_user("ana", deleted=True)
    await desk.office.settle()
    (way,) = [w for w in (await places(ana, second))["ways"] if w["channel"] == "slack"]
    assert (way["address"], "deactivated" in way["refusal"]) == (None, True)
    status, body = await open_in_slack(ana, second)
    assert (status, body["error"]["code"]) == (409, "not_linked")
    await desk.office.settle()
    assert len(desk.threads()) == 1
