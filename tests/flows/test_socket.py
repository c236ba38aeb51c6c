"""The socket over the real store and Intake: conversations, refusals, and closing."""

from __future__ import annotations

import asyncio
import gc
import json
from typing import Any
from unittest.mock import Mock

import pytest
from aiohttp import WSMsgType, web

from bot.domain.commands import SYSTEM_CHANNEL, Actor, MergePeople
from bot.domain.feedback import State
from bot.service.ports.channel import Fate
from tests.flows.conftest import SignUp
from tests.flows.line import Line, eventually
from web.chat import connection, outbox
from web.chat.channel import ChatChannel
from web.chat.feed import read_page
from web.keys import HUB, INTAKE, METRICS, STORE


async def test_a_conversation_from_start_to_answer(sign_up: SignUp) -> None:
    ann, bob = await sign_up("ann"), await sign_up("bob")
    anns, bobs = await Line.sign_in(ann), await Line.sign_in(bob)
    ack = await anns.act(type="start", client_id="1", text="ask bob: Ship it? options: yes, no")
    session_id = ack["outcome"]["session_id"]
    assert ack["outcome"] == {
        "status": "started",
        "session_id": session_id,
        "request_id": None,
        "seq": 1,
        "text": None,
        "replayed": False,
        "offer": None,
    }
    await anns.watch(session_id, 0)
    asked = await bobs.until("event", lambda f: f["event"]["kind"] == "question")
    question = asked["event"]["question"]
    assert question["for_me"]
    assert not question["mine"]
    assert question["session_id"] is None
    await bobs.send(type="seen", request_id=question["id"], version=question["version"])
    ack = await bobs.act(
        type="answer",
        client_id="1",
        request_id=question["id"],
        digest=question["digest"],
        choices=["yes"],
    )
    assert ack["outcome"]["status"] == "decided"
    settled = await anns.until(
        "event",
        lambda f: f["event"]["kind"] == "question" and f["event"]["question"]["outcome"],
    )
    outcome = settled["event"]["question"]["outcome"]
    assert (outcome["words"], outcome["by"]["name"]) == ("yes", "bob")
    await anns.until("status", lambda f: f["status"] == "idle")
    texts = [
        frame["event"]["message"]["text"]
        for frame in anns.seen
        if frame["type"] == "event" and frame["event"]["kind"] == "message"
    ]
    assert len(texts) == 4
    _, read = await ann.get(f"/api/questions/{question['id']}")
    assert read["question"]["recipients"][0]["seen"]


async def test_a_status_says_what_it_is_newer_than_to_who_does_not_watch(sign_up: SignUp) -> None:
    """It may overtake a session that was read before it."""
    ann = await sign_up("ann")
    line = await Line.sign_in(ann)
    ack = await line.act(type="start", client_id="1", text="status")
    idle = await line.until("status", lambda f: f["status"] == "idle")
    _, read = await ann.get(f"/api/sessions/{ack['outcome']['session_id']}")
    assert idle["cursor"] == read["session"]["cursor"]


async def test_an_act_sent_twice_counts_once_and_is_acknowledged_alike(sign_up: SignUp) -> None:
    ann = await sign_up("ann")
    line = await Line.sign_in(ann)
    first = await line.act(type="start", client_id="same", text="status")
    await line.close()
    line = await Line.sign_in(ann)
    second = await line.act(type="start", client_id="same", text="status")
    assert first["outcome"]["replayed"] is False
    assert second["outcome"] == first["outcome"] | {"replayed": True}
    _, listed = await ann.get("/api/sessions")
    assert len(listed["sessions"]) == 1
    # The header of REST names acts in the same way.
    status, body = await ann.post("/api/sessions", {"text": "status"}, Idempotency_Key="same")
    assert (status, body["outcome"]["replayed"]) == (201, True)


BAD_FRAMES: list[tuple[Any, str]] = [
    ("{", "malformed"),
    (b"\xff\xff".decode("latin-1"), "malformed"),
    ("[" * 50_000, "malformed"),
    ('"text"', "invalid_frame"),
    ('{"type":"nonsense"}', "unknown_type"),
    ('{"type":"message","client_id":"c","session_id":"s","text":7}', "invalid_frame"),
    ('{"type":"message","client_id":"c","session_id":"s","text":"hi"}', "not_found"),
    ('{"type":"message","client_id":"c","session_id":"s","text":"a\\u0007b"}', "control_character"),
    ('{"type":"start","client_id":"c","text":"a\\u0000b"}', "invalid_frame"),
    ('{"type":"start","client_id":"c","text":"  "}', "empty"),
    ('{"type":"watch","session_id":"nobody"}', "not_found"),
    ('{"type":"cancel","client_id":"c","request_id":"r"}', "not_found"),
    ('{"type":"seen","request_id":"r","version":1}', "not_found"),
    ('{"type":"auth","token":"t"}', "signed_in"),
    (json.dumps({"type": "start", "client_id": "c", "text": "🙂" * 25_000}), "too_large"),
]


async def test_bad_frames_are_refused_and_the_socket_stays(sign_up: SignUp) -> None:
    ann = await sign_up("ann")
    line = await Line.sign_in(ann)
    for data, code in BAD_FRAMES:
        # 100 KB of emoji as JSON escapes would be over the frame's limit.
        text = json.dumps(json.loads(data), ensure_ascii=False) if code == "too_large" else data
        await line.socket.send_str(text)
        frame = await line.until("error")
        assert frame["error"]["code"] == code, data[:60]
        assert set(frame["error"]) == {"code", "message", "details"}
    await line.socket.send_bytes(b"binary")
    assert (await line.until("error"))["error"]["code"] == "invalid_frame"
    await line.send(type="ping")
    await line.until("pong")
    _, listed = await ann.get("/api/sessions")
    assert listed["sessions"] == []


async def test_a_frame_of_the_greatest_length_is_read_and_a_longer_one_closes(
    sign_up: SignUp,
) -> None:
    line = await Line.sign_in(await sign_up("ann"))
    await line.socket.send_str(" " * (128 * 1024 - 15) + '{"type":"ping"}')
    await line.until("pong")
    await line.socket.send_str(" " * (128 * 1024 - 14) + '{"type":"ping"}')
    assert await line.closed() == 1009


async def test_other_peoples_things_do_not_exist(sign_up: SignUp) -> None:
    ann, eve = await sign_up("ann"), await sign_up("eve")
    await sign_up("bob")
    anns, eves = await Line.sign_in(ann), await Line.sign_in(eve)
    ack = await anns.act(type="start", client_id="1", text="ask bob: Ship it?")
    session_id = ack["outcome"]["session_id"]
    event = await anns.until("event", lambda f: f["event"]["kind"] == "question")
    request_id = event["event"]["question"]["id"]
    await eves.send(type="watch", session_id=session_id)
    assert (await eves.until("error"))["error"]["code"] == "not_found"
    acts: list[dict[str, Any]] = [
        {"type": "message", "session_id": session_id, "text": "hi"},
        {"type": "end", "session_id": session_id},
        {"type": "stop", "session_id": session_id},
        {"type": "cancel", "request_id": request_id},
        {"type": "answer", "request_id": request_id, "digest": "d", "text": "yes"},
    ]
    for number, act in enumerate(acts):
        answer = await eves.act(client_id=f"e{number}", **act)
        assert (act["type"], answer["error"]["code"]) == (act["type"], "not_found")


async def test_the_rate_limit_is_told_with_when_to_come_back(sign_up: SignUp) -> None:
    ann = await sign_up("ann")
    line = await Line.sign_in(ann)
    ack = await line.act(type="start", client_id="0", text="status")
    answers = [
        await line.act(
            type="message", client_id=f"m{n}", session_id=ack["outcome"]["session_id"], text="help"
        )
        for n in range(15)
    ]
    refused = [answer for answer in answers if answer["type"] == "error"]
    assert refused
    assert {answer["error"]["code"] for answer in refused} == {"rate_limited"}
    assert all(answer["retry_after"] >= 1 for answer in refused)
    await line.send(type="ping")
    await line.until("pong")


async def test_a_restart_sends_everybody_away_to_come_back(
    sign_up: SignUp, app: web.Application
) -> None:
    ann, bob = await sign_up("ann"), await sign_up("bob")
    lines = [await Line.sign_in(ann), await Line.sign_in(bob)]
    closing = asyncio.create_task(app[HUB].close())
    assert [await line.closed() for line in lines] == [1001, 1001]
    await closing
    late = await Line.open(ann.client)
    await late.send(type="auth", token=ann.tokens["access_token"])
    assert await late.closed() == 1001


async def test_who_does_not_read_is_dropped(
    sign_up: SignUp, app: web.Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MAX_BYTES", 64 * 1024)
    monkeypatch.setattr(connection, "_CLOSE_SECONDS", 0.2)
    ann = await sign_up("ann")
    slow, quick = await Line.sign_in(ann), await Line.sign_in(ann)
    hub = app[HUB]
    ack = await quick.act(type="start", client_id="1", text="status")
    session_id = ack["outcome"]["session_id"]
    await slow.watch(session_id, 0)
    transport = slow.socket._response.connection.transport  # type: ignore[union-attr]
    transport.pause_reading()
    status = {"type": "status", "session_id": session_id, "awaiting": [{"x": "y" * 60_000}]}
    for number in range(400):
        hub._on_ephemeral(json.dumps(status | {"status": ("thinking", "asking")[number % 2]}))
        await asyncio.sleep(0)
    await eventually(lambda: len(hub._subscribers()) == 1)
    await quick.send(type="ping")
    await quick.until("pong")
    assert app[METRICS].registry.get_sample_value("ws_sockets") == 1
    transport.abort()  # it would wait ten seconds for a goodbye


async def test_one_who_verifies_meanwhile_may_answer(
    sign_up: SignUp, outbox: Any, app: web.Application
) -> None:
    ann = await sign_up("ann", verify=False)
    line = await Line.sign_in(ann)
    taken = []
    submit = app[INTAKE].submit

    async def note(command: Any) -> Any:
        taken.append(command.actor.verified)
        return await submit(command)

    app[INTAKE].submit = note  # type: ignore[method-assign]
    await line.act(type="start", client_id="1", text="status")
    await ann.post("/api/auth/verify", {"code": outbox.codes["ann"]})
    await line.act(type="start", client_id="2", text="status")
    assert taken == [False, True]


async def test_presence_is_a_page_that_can_be_seen(sign_up: SignUp, app: web.Application) -> None:
    ann = await sign_up("ann")
    hub = app[HUB]
    line = await Line.sign_in(ann)
    _, me = await ann.get("/api/auth/me")
    assert hub.is_present(me["person_id"])
    await line.send(type="visible", visible=False)
    await line.send(type="ping")
    await line.until("pong")
    assert not hub.is_present(me["person_id"])
    assert await fate_of(app, me["person_id"]) is Fate.PARKED
    await line.send(type="visible", visible=True)
    await line.send(type="ping")
    await line.until("pong")
    assert hub.is_present(me["person_id"])
    assert await fate_of(app, me["person_id"]) is Fate.SHOWN
    await line.close()
    await eventually(lambda: not hub.is_present(me["person_id"]))


async def fate_of(app: web.Application, person_id: str) -> Fate:
    """Deliver a card for this person and say what became of it."""
    surface, request = Mock(person_id=person_id), Mock(state=State.PENDING)
    return (await ChatChannel(app[HUB]).deliver(surface, request, None)).fate


async def test_who_gives_no_sign_of_life_is_hung_up_on(
    sign_up: SignUp, app: web.Application
) -> None:
    ann = await sign_up("ann")
    alive = await Line.sign_in(ann)
    [answering] = app[HUB]._subscribers()
    dead = await Line.sign_in(ann, autoping=False)
    [mute] = {*app[HUB]._subscribers()} - {answering}
    # Nobody's silence is counted while they are greeted.
    await eventually(lambda: answering._silent == mute._silent == 0)  # type: ignore[attr-defined]
    for _ in range(connection.SILENT_TICKS):
        answering.tick()
        mute.tick()
    assert (await dead.socket.receive(timeout=10)).type is WSMsgType.PING
    reading = asyncio.create_task(alive.socket.receive())  # which answers the ping
    await eventually(lambda: answering._silent == 0)  # type: ignore[attr-defined]
    for _ in range(connection.ANSWER_TICKS):
        answering.tick()
        mute.tick()
    assert await dead.closed() == 1006
    await eventually(lambda: app[HUB]._subscribers() == [answering])
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await alive.send(type="ping")
    await alive.until("pong")


async def test_a_ping_is_answered_before_and_after_signing_in(sign_up: SignUp) -> None:
    ann = await sign_up("ann")
    line = await Line.open(ann.client, autoping=False)
    await line.socket.ping(b"early")
    assert (await line.socket.receive(timeout=10)).data == b"early"
    await line.send(type="auth", token=ann.tokens["access_token"])
    await line.until("ready")
    await line.socket.ping(b"late")
    assert (await line.socket.receive(timeout=10)).data == b"late"


async def test_who_is_merged_while_greeted_comes_back_under_the_new_name(
    sign_up: SignUp, app: web.Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    rob, bob = await sign_up("rob"), await sign_up("bob")
    ids = [(await each.get("/api/auth/me"))[1]["person_id"] for each in (rob, bob)]
    merge = MergePeople(
        external_key="merge",
        actor=Actor(person_id="", channel=SYSTEM_CHANNEL),
        person_id=ids[0],
        into=ids[1],
        proof="same address",
    )
    store, read = app[STORE], app[STORE].read

    async def read_late(function: Any, *args: Any) -> Any:
        if function is read_page and args[0].id == ids[0]:
            await app[INTAKE].submit(merge)  # after `ready`, and before its feed is followed
        return await read(function, *args)

    monkeypatch.setattr(store, "read", read_late)
    line = await Line.sign_in(rob)
    assert await line.closed() == 1001
    monkeypatch.setattr(store, "read", read)
    again = await Line.open(rob.client)
    await again.send(type="auth", token=rob.tokens["access_token"])
    assert (await again.until("ready"))["person"]["id"] == ids[1]


async def test_a_closed_socket_leaves_nothing_that_a_collection_would_have_to_find(
    sign_up: SignUp, app: web.Application
) -> None:
    ann = await sign_up("ann")
    gc.collect()
    gc.disable()
    try:
        lines = [await Line.sign_in(ann) for _ in range(3)]
        await lines[0].act(type="start", client_id="1", text="status")
        for line in lines:
            await line.close()
        await eventually(lambda: not app[HUB]._subscribers())
        await eventually(lambda: not connections())
    finally:
        gc.enable()


def connections() -> list[object]:
    return [each for each in gc.get_objects() if type(each) is connection.Connection]
