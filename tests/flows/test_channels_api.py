"""Channels and failed deliveries over REST, as the asker and as others see them."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.domain.surface import SurfaceState
from bot.service.identifiers import new_id
from bot.service.ports.store import Transaction
from tests.contract.records import a_surface
from tests.flows.conftest import SignedIn, SignUp
from tests.flows.test_sessions_api import UNKNOWN, asked
from web.keys import STORE


async def given_up(app: web.Application, question: dict[str, Any], bob: SignedIn) -> str:
    """Keep a mail that could not be sent; there is no channel for mail yet."""
    surface_id = new_id()

    def write(tx: Transaction) -> None:
        request = tx.requests.get(question["id"])
        person = tx.people.find(bob.username)
        assert request is not None
        assert person is not None
        tx.surfaces.add(
            a_surface(
                request,
                person,
                id=surface_id,
                channel="email",
                address=bob.email,
                lane="email",
                position=1,
                state=SurfaceState.DEAD,
                due_at=None,
                attempts=10,
                failures=10,
                last_error="no such address",
            )
        )

    await app[STORE].run(write)
    return surface_id


async def test_channels_say_how_they_do(app: web.Application, sign_up: SignUp) -> None:
    ann, bob = await sign_up("ann"), await sign_up("bob")
    await given_up(app, await asked(ann), bob)
    status, body = await ann.get("/api/channels")
    assert status == 200, body
    found = {channel["name"]: channel for channel in body["channels"]}
    assert list(found) == ["chat", "slack", "email"]
    assert found["chat"] == {
        "name": "chat",
        "state": "ready",
        "reason": "",
        "lanes": [],
        "waiting": found["chat"]["waiting"],
        "failed": 0,
    }
    assert (found["email"]["state"], found["email"]["failed"]) == ("closed", 1)
    assert found["email"]["reason"] == "It is not configured."
    assert found["email"]["reason"] == "It is not configured."
    async with ann.client.get("/api/channels") as answer:
        assert answer.status == 401


async def test_the_asker_alone_sees_and_redrives_what_was_given_up(
    app: web.Application, sign_up: SignUp
) -> None:
    ann, bob = await sign_up("ann"), await sign_up("bob")
    question = await asked(ann)
    surface_id = await given_up(app, question, bob)
    status, body = await ann.get("/api/surfaces?state=failed")
    assert status == 200, body
    [failed] = body["surfaces"]
    assert (failed["id"], failed["question_id"]) == (surface_id, question["id"])
    assert (failed["channel"], failed["error"], failed["attempts"]) == (
        "email",
        "no such address",
        10,
    )
    assert (failed["question"], failed["person"]["name"]) == ("Ship it?", "bob")
    assert bob.email not in str(body)
    _, body = await bob.get("/api/surfaces?state=failed")
    assert body == {"surfaces": []}
    assert (await ann.get("/api/surfaces?state=sent"))[0] == 422
    path = f"/api/surfaces/{surface_id}/redrive"
    assert (await bob.post(path))[0] == 404
    assert (await ann.post(f"/api/surfaces/{UNKNOWN}/redrive"))[0] == 404
    status, body = await ann.post(path, Idempotency_Key="once")
    assert (status, body["outcome"]["status"]) == (200, "redriven")
    status, body = await ann.post(path, Idempotency_Key="once")
    assert (status, body["outcome"]["replayed"]) == (200, True)
    status, body = await ann.post(path)
    assert (status, body["error"]["code"]) == (409, "not_given_up")
    _, body = await ann.get("/api/surfaces")
    assert body == {"surfaces": []}
