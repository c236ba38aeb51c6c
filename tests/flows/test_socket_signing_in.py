"""Who may speak over a socket, and until when: tokens, sign-outs, foreign pages."""

from __future__ import annotations

import jwt
import pytest
from aiohttp import WSServerHandshakeError, web

from bot.domain.instants import SECOND
from tests.clock import FakeClock
from tests.flows.conftest import Client, SignUp
from tests.flows.line import Line
from web.auth.tokens import AUDIENCE, ISSUER
from web.chat import socket
from web.keys import CLOCK, TOKENS


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ('{"type":"ping"}', 4400),
        ("nonsense", 4400),
        ('{"type":"auth"}', 4400),
        ('{"type":"auth","token":"not.a.token"}', 4401),
        ('{"type":"auth","token":"' + "x" * 4000 + '"}', 4401),
    ],
)
async def test_the_first_frame_must_be_auth(client: Client, first: str, code: int) -> None:
    line = await Line.open(client)
    await line.socket.send_str(first)
    assert await line.closed() == code


async def test_silence_is_not_waited_for(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "AUTH_SECONDS", 0.05)
    assert await (await Line.open(client)).closed() == 4408


async def test_forged_tokens_are_refused(sign_up: SignUp, app: web.Application) -> None:
    ann = await sign_up("ann")
    token = ann.tokens["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    key = app[TOKENS]._signing_key
    forged = [
        jwt.encode(claims, None, algorithm="none"),
        jwt.encode(claims, "k" * 64, algorithm="HS256"),
        jwt.encode(claims, key * 2, algorithm="HS512"),
        jwt.encode(claims | {"aud": "other"}, key, algorithm="HS256"),
        jwt.encode(claims | {"typ": "refresh"}, key, algorithm="HS256"),
        jwt.encode(claims | {"sub": "nobody"}, key, algorithm="HS256"),
        ann.tokens["refresh_token"],
    ]
    assert (claims["aud"], claims["iss"]) == (AUDIENCE, ISSUER)
    for wrong in forged:
        line = await Line.open(ann.client)
        await line.send(type="auth", token=wrong)
        assert await line.closed() == 4401


async def test_an_accident_while_signing_in_closes_the_socket_properly(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("an accident")

    monkeypatch.setattr(socket, "authenticate", broken)
    line = await Line.open(client)
    await line.send(type="auth", token="x")
    assert await line.closed() == 1011


async def test_a_socket_ends_with_its_token_unless_it_is_renewed(
    sign_up: SignUp, app: web.Application, clock: FakeClock
) -> None:
    ann, bob = await sign_up("ann"), await sign_up("bob")
    kept, left = await Line.sign_in(ann), await Line.sign_in(ann)
    clock.advance(minutes=20)
    async with ann.client.post(
        "/api/auth/refresh", json={"refresh_token": ann.tokens["refresh_token"]}
    ) as answer:
        newer = (await answer.json())["access_token"]
    await kept.send(type="renew", token=bob.tokens["access_token"])
    assert (await kept.until("error"))["error"]["code"] == "not_allowed"
    await kept.send(type="renew", token="forged")
    assert (await kept.until("error"))["error"]["code"] == "token_invalid"
    await kept.send(type="renew", token=newer)
    await kept.until("renewed")
    clock.advance(minutes=10)
    assert await left.closed() == 4401
    await kept.send(type="ping")
    await kept.until("pong")
    line = await Line.open(ann.client)
    await line.send(type="auth", token=ann.tokens["access_token"])
    assert await line.closed() == 4401
    assert app[CLOCK].now() % SECOND == 0


async def test_signing_out_closes_its_sockets_and_no_others(sign_up: SignUp) -> None:
    ann, bob = await sign_up("ann"), await sign_up("bob")
    first, second, other = (
        await Line.sign_in(ann), await Line.sign_in(ann), await Line.sign_in(bob),
    )  # fmt: skip
    body = {"refresh_token": ann.tokens["refresh_token"]}
    status, _ = await ann.post("/api/auth/logout", body)
    assert status == 204
    assert await first.closed() == 4409
    assert await second.closed() == 4409
    await other.send(type="ping")
    await other.until("pong")


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("{own}", True),
        ("http://127.0.0.1:8000", True),
        ("https://evil.example", False),
        ("null", False),
        ("http://127.0.0.1:1", False),
        ("file://", False),
        ("http://[", False),
    ],
)
async def test_foreign_pages_are_kept_out(
    client: Client, origin: str | None, allowed: bool
) -> None:
    own = str(client.make_url("")).rstrip("/")
    headers = {} if origin is None else {"Origin": origin.format(own=own)}
    line = await Line.open(client, headers=headers)
    if allowed:
        await line.socket.send_str("nonsense")
    assert await line.closed() == (4400 if allowed else 4403)


async def test_a_plain_request_is_told_what_this_is(client: Client) -> None:
    async with client.get("/ws") as answer:
        assert answer.status == 400
        assert set((await answer.json())["error"]) == {"code", "message", "details"}
    with pytest.raises(WSServerHandshakeError):
        await client.ws_connect("/no-socket-here")
