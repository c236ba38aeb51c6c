"""Whoever drops and returns with their cursors misses nothing and sees nothing twice."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import pytest
from aiohttp import web

from bot.domain.commands import CHAT, Actor, ReceiveMessage, StartSession
from bot.service.ports.store import Transaction
from bot.settings import Settings
from tests.flows.conftest import SignedIn, SignUp
from tests.flows.line import Line
from web.keys import HUB, INTAKE, STORE


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Speak faster than people may."""
    return settings.model_copy(
        update={
            "rate_limit_per_user": 100_000,
            "rate_limit_per_session": 100_000,
            "rate_limit_per_person_channel": 100_000,
        }
    )


async def start(person: SignedIn, app: web.Application) -> tuple[str, Actor]:
    _, me = await person.get("/api/auth/me")
    actor = Actor(person_id=me["person_id"], channel=CHAT)
    outcome = await app[INTAKE].submit(
        StartSession(external_key="start", actor=actor, text="status")
    )
    assert outcome.session_id
    return outcome.session_id, actor


async def speak(app: web.Application, actor: Actor, session_id: str, count: int) -> None:
    for number in range(count):
        command = ReceiveMessage(
            external_key=f"say-{number}", actor=actor, session_id=session_id, text=f"m{number}"
        )
        await app[INTAKE].submit(command)
        if number % 3 == 0:
            await asyncio.sleep(0.001)


def messages_of(line: Line, session_id: str) -> list[dict[str, Any]]:
    return [
        frame["event"]["message"]
        for frame in line.seen
        if frame["type"] == "event"
        and frame["feed"] == session_id
        and frame["event"]["kind"] == "message"
    ]


@pytest.mark.parametrize("seed", range(4))
async def test_random_disconnections_lose_and_repeat_nothing(
    sign_up: SignUp, app: web.Application, seed: int
) -> None:
    dice = random.Random(seed)
    ann = await sign_up("ann")
    session_id, actor = await start(ann, app)
    speaking = asyncio.create_task(speak(app, actor, session_id, 120))
    cursors = {session_id: 0, "me": 0}
    got: list[int] = []
    drops = 0
    async with asyncio.timeout(30):
        while True:
            line = await Line.sign_in(ann, cursors["me"])
            line.cursors = dict(cursors)
            await line.send(type="watch", session_id=session_id, cursor=cursors[session_id])
            # The last round stays until all is there; the others break off anywhere.
            frames_left = dice.randint(1, 40) if drops < 12 else 1_000_000
            while frames_left and not (speaking.done() and await is_done(app, session_id, got)):
                frames_left -= 1
                seen = len(messages_of(line, session_id))
                try:
                    async with asyncio.timeout(0.2):
                        await line.next()
                except TimeoutError:
                    continue
                got += [each["seq"] for each in messages_of(line, session_id)[seen:]]
            cursors |= line.cursors
            drops += 1
            if speaking.done() and await is_done(app, session_id, got):
                break
            if dice.random() < 0.5:
                await line.close()
            else:
                line.socket._response.close()  # as when a cable is pulled
    await speaking
    assert got == list(range(1, await last_seq(app, session_id) + 1))
    assert drops > 3


async def last_seq(app: web.Application, session_id: str) -> int:
    def read(tx: Transaction) -> int:
        session = tx.sessions.get(session_id)
        assert session is not None
        return -1 if session.has_input else session.message_seq

    found: int = await app[STORE].read(read)
    return found


async def is_done(app: web.Application, session_id: str, got: list[int]) -> bool:
    return bool(got) and got[-1] == await last_seq(app, session_id)


async def test_a_replay_and_live_news_interleave_in_order(
    sign_up: SignUp, app: web.Application
) -> None:
    ann = await sign_up("ann")
    session_id, actor = await start(ann, app)
    await speak(app, actor, session_id, 130)
    line = await Line.sign_in(ann)
    line.cursors[session_id] = 0
    await line.send(type="watch", session_id=session_id, cursor=0)
    more = ReceiveMessage(external_key="x", actor=actor, session_id=session_id, text="last")
    await app[INTAKE].submit(more)
    await line.until(
        "event",
        lambda f: f["event"]["kind"] == "message" and f["event"]["message"]["text"] == "last",
    )
    seqs = [each["seq"] for each in messages_of(line, session_id)]
    assert seqs == list(range(1, len(seqs) + 1))


async def test_an_unknown_cursor_is_told_and_another_start_is_possible(
    sign_up: SignUp, app: web.Application
) -> None:
    ann = await sign_up("ann")
    session_id, _ = await start(ann, app)
    line = await Line.sign_in(ann, 999)
    error = await line.until("error")
    assert (error["error"]["code"], error["error"]["details"]) == ("cursor_unknown", {"feed": "me"})
    await line.send(type="watch", session_id=session_id, cursor=999)
    error = await line.until("error")
    assert error["error"]["details"] == {"feed": session_id}
    assert (await line.watch(session_id))["session"]["id"] == session_id


async def test_a_lost_announcement_is_made_up_for(
    sign_up: SignUp, app: web.Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.chat.hub._CHECKS", 1)
    monkeypatch.setattr("web.chat.hub._TICK", 0.05)
    ann = await sign_up("ann")
    session_id, actor = await start(ann, app)
    line = await Line.sign_in(ann)
    await line.watch(session_id)
    monkeypatch.setattr(app[HUB]._wakes, "mark", lambda _: None)
    await speak(app, actor, session_id, 1)
    monkeypatch.undo()
    await line.until("event", lambda f: f["event"].get("message", {}).get("text") == "m0")


async def test_a_question_that_moved_on_is_sent_once_as_it_stands(sign_up: SignUp) -> None:
    ann, bob = await sign_up("ann"), await sign_up("bob")
    line = await Line.sign_in(ann)
    await line.act(type="start", client_id="1", text="ask bob: Ship it?")
    event = await line.until("event", lambda f: f["event"]["kind"] == "question")
    asked = event["event"]["question"]
    answer = {"digest": asked["digest"], "text": "yes"}
    status, done = await bob.post(f"/api/questions/{asked['id']}/answer", answer)
    assert (status, done["outcome"]["status"]) == (200, "decided")
    late = await Line.sign_in(bob, 0)
    event = await late.until("event")
    assert event["event"]["question"]["outcome"]["words"] == done["question"]["outcome"]["words"]
    assert event["cursor"] >= 2
    await late.send(type="ping")
    rest = []
    while (frame := await late.next())["type"] != "pong":
        rest.append(frame)
    assert rest == []


async def test_a_preview_reaches_watchers_and_never_follows_its_message(
    sign_up: SignUp, app: web.Application
) -> None:
    ann, bob = await sign_up("ann"), await sign_up("bob")
    session_id, actor = await start(ann, app)
    watching, other = await Line.sign_in(ann), await Line.sign_in(bob)
    await watching.watch(session_id, 0)
    said = messages_of(watching, session_id)
    while not said or said[-1]["role"] != "agent":  # the turn may not have ended yet
        await watching.until("event")
        said = messages_of(watching, session_id)
    reply = said[-1]

    def preview(turn_id: str, text: str) -> None:
        told = {"session_id": session_id, "turn_id": turn_id, "offset": 0, "text": text}
        app[STORE].broadcast(json.dumps({"type": "preview"} | told))

    preview("t1", "Hel")
    assert (await watching.until("preview"))["text"] == "Hel"
    preview("t1", "Hello")
    frame = await watching.until("preview")
    assert (frame["offset"], frame["text"]) == (3, "lo")
    # The next message of the agent ends its turn's preview, and nothing comes of it any more.
    await speak(app, actor, session_id, 1)
    event = await watching.until(
        "event", lambda f: f["event"].get("message", {}).get("role") == "agent"
    )
    turn_id = event["event"]["message"]["turn_id"]
    assert turn_id != reply["turn_id"]
    preview(turn_id, "late")
    app[STORE].broadcast("not JSON")
    app[STORE].broadcast('{"type":"preview"}')
    preview("t3", "next")
    assert (await watching.until("preview"))["text"] == "next"
    await other.send(type="ping")
    assert (await other.next())["type"] == "pong"
