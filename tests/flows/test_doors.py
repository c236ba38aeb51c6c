"""The doors that stay shut: raw bytes, slow clients, other sites, proxies that are none of ours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.settings import Settings, SettingsError
from tests.clock import FakeClock
from tests.flows.conftest import PASSWORD, Client, Outbox, SignUp
from tests.flows.doors import Door, opened
from web import reception
from web.api.endpoint import ENDPOINTS
from web.app import build_app
from web.auth import attempts

SECRET = "s" * 8 + "ecret-of-the-tests" * 2


@pytest.fixture
async def door(app: web.Application) -> AsyncIterator[Door]:
    async with opened(app) as door:
        yield door


def parsed(answer: bytes) -> tuple[int, dict[str, str], Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, json.loads(body)


HOST = b"Host: handraise.example.org\r\n"


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GET /health HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431, "headers_too_large"),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 431, "headers_too_large"),
        (b"GET /health HTTP/1.1\r\n" + b"X: x\r\n" * 500 + b"\r\n", 400, "malformed"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "malformed"),
        (b"G\x00T / HTTP/1.1\r\n" + HOST + b"\r\n", 400, "malformed"),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400, "malformed"),
        (b"GET / HTTP/1.1\r\nA\x00B: x\r\n\r\n", 400, "malformed"),
        (b"GET / HTTP/9.9\r\n\r\n", 400, "malformed"),
        (b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "malformed"),
        (
            b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
            400,
            "malformed",
        ),
        (b"GET /health HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n", 400, "malformed"),
        (b"GET /health HTTP/1.1\r\nHost: a@b/c\r\nConnection: close\r\n\r\n", 400, "malformed"),
        (
            b"POST /api/auth/login HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            "malformed",
        ),
        (
            b"POST /api/auth/login HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
            400,
            "malformed",
        ),
        (
            b"POST /api/auth/login HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\n"
            b"Content-Length: 2\r\n\r\nxx",
            400,
            "malformed",
        ),
        (
            b"TRACE /health HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
            405,
            "method_not_allowed",
        ),
    ],
    ids=range(16),
)
async def test_what_is_no_request_is_refused_in_our_shape(
    door: Door, sent: bytes, status: int, code: str
) -> None:
    answered, headers, body = parsed(await door.says(sent))
    assert (answered, body["error"]["code"]) == (status, code)
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "aiohttp" not in headers.get("server", "")
    assert set(body["error"]) == {"code", "message", "details"}


@pytest.mark.parametrize("path", ["/api/auth/register", "/f/token"])
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
async def test_a_packed_body_is_refused_and_never_unpacked(
    door: Door, caplog: pytest.LogCaptureFixture, path: str, encoding: str
) -> None:
    head = f"POST {path} HTTP/1.1\r\nContent-Encoding: {encoding}\r\nConnection: close\r\n"
    kind = b"Content-Type: application/json\r\n" if "api" in path else b""
    sent = head.encode() + HOST + kind + b"Accept: application/json\r\nContent-Length: 2\r\n\r\n{}"
    answer = await door.says(sent)
    assert answer.split()[1] in (b"400", b"404", b"415", b"422")
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("head", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX: "])
async def test_a_head_that_does_not_come_is_not_waited_for(
    door: Door, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    monkeypatch.setattr(reception, "HEAD_SECONDS", 0.3)
    began = asyncio.get_running_loop().time()
    assert await door.says(head) == b""
    assert asyncio.get_running_loop().time() - began < 5


async def test_a_byte_now_and_then_keeps_no_connection(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slowloris: the head's time runs from its first byte, not from its last."""
    monkeypatch.setattr(reception, "HEAD_SECONDS", 0.3)
    began = asyncio.get_running_loop().time()
    assert (
        await door.says(b"GET / HTTP/1.1\r\n", *[b"X-%d: y\r\n" % n for n in range(40)], pause=0.05)
        == b""
    )
    assert asyncio.get_running_loop().time() - began < 5


async def test_nor_does_one_behind_a_whole_request(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception, "HEAD_SECONDS", 0.5)
    whole = b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n"
    answer = await door.says(whole, b"GET /health HTTP/1.1\r\nX: ", pause=0.1)
    assert answer.count(b"HTTP/1.1 200") == 1


async def test_a_body_that_does_not_come_is_not_waited_for(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception, "BODY_SECONDS", 0.3)
    head = b"POST /api/auth/login HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
    began = asyncio.get_running_loop().time()
    sent = head + b"Content-Length: 90\r\n\r\n{"
    assert await door.says(sent, *[b" "] * 30, pause=0.05) == b""
    assert asyncio.get_running_loop().time() - began < 5


async def test_two_requests_of_one_connection_are_answered(door: Door) -> None:
    whole = b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n"
    last = b"GET /health HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    assert (await door.says(whole, last)).count(b"HTTP/1.1 200") == 2


# Headers and proxies


async def served(tmp_path: Path, **settings: Any) -> TestClient[web.Request, web.Application]:
    made = Settings.load(env_file=None, data_dir=tmp_path, secret_key=SECRET, **settings)
    app = build_app(made, clock=FakeClock(), send_code=Outbox(), password_cost=4)

    async def told(request: web.Request) -> web.Response:
        return web.json_response([request.remote, request.scheme, request.host])

    app.router.add_get("/told", told)
    client = TestClient(TestServer(app))
    await client.start_server()
    return client


FORWARDED = {
    "X-Forwarded-For": "198.51.100.1, 203.0.113.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "handraise.example.org",
}


@pytest.mark.parametrize(
    ("trusted", "seen"),
    [
        ("", ["127.0.0.1", "http"]),
        ("10.0.0.0/8", ["127.0.0.1", "http"]),
        ("127.0.0.0/8", ["203.0.113.7", "https", "handraise.example.org"]),
    ],
)
async def test_forwarded_headers_count_from_our_proxies_only(
    tmp_path: Path, trusted: str, seen: list[str]
) -> None:
    client = await served(tmp_path, trusted_proxies=trusted)
    async with client.get("/told", headers=FORWARDED) as answer:
        assert (await answer.json())[: len(seen)] == seen
    await client.close()


async def test_limits_by_address_see_the_proxy_s_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await served(tmp_path, trusted_proxies="127.0.0.1")
    networks: list[str] = []
    seen = attempts.network
    monkeypatch.setattr(attempts, "network", lambda remote: networks.append(remote) or seen(remote))
    body = {"username": "nobody", "password": PASSWORD}
    async with client.post("/api/auth/login", data=body, headers=FORWARDED) as answer:
        assert answer.status == 401
    assert set(networks) == {"203.0.113.7"}
    await client.close()


def test_proxies_are_addresses(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="TRUSTED_PROXIES"):
        Settings.load(env_file=None, data_dir=tmp_path, trusted_proxies="proxy.example.org")


@pytest.mark.parametrize(
    "path", ["/", "/health", "/api/me", "/nowhere", "/static/nothing.js", "/docs", "/redoc"]
)
@pytest.mark.parametrize("public", ["https://handraise.example.org", "http://127.0.0.1:8000"])
async def test_every_answer_has_the_headers(tmp_path: Path, path: str, public: str) -> None:
    client = await served(tmp_path, public_url=public)
    for accept in ("text/html", "application/json"):
        async with client.get(path, headers={"Accept": accept}) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in policy
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert ("Strict-Transport-Security" in answer.headers) == public.startswith("https")
            assert "Server" not in answer.headers
    await client.close()


async def test_other_origins_read_nothing(tmp_path: Path) -> None:
    known = "https://app.example.org"
    client = await served(tmp_path, cors_origins=known)
    for origin, allowed in (
        (known, known),
        ("https://evil.example", None),
        ("null", None),
        ("https://app.example.org.evil.example", None),
        ("http://app.example.org", None),
        ("https://APP.example.org", None),
    ):
        async with client.get("/api/me", headers={"Origin": origin}) as answer:
            assert answer.headers.get("Access-Control-Allow-Origin") == allowed
            assert "Access-Control-Allow-Credentials" not in answer.headers
        asks = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        async with client.options("/api/sessions", headers=asks) as answer:
            assert answer.headers.get("Access-Control-Allow-Origin") == allowed
            methods = answer.headers.get("Access-Control-Allow-Methods", "").split(", ")
        if allowed:  # what the API takes, they may send
            assert {each.method for each in client.app[ENDPOINTS]} <= set(methods)  # type: ignore[union-attr]
    await client.close()


# The cookie, redirects, and what goes into headers


async def test_the_cookie_counts_from_our_page_only(client: Client, sign_up: SignUp) -> None:
    await sign_up("ann")
    page = {"X-Handraise-Client": "page"}
    body = {"username": "ann", "password": PASSWORD}
    async with client.post("/api/auth/login", data=body, headers=page) as answer:
        cookie = answer.cookies["handraise_refresh"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
        assert cookie["path"] == "/api/auth"
    sent = {"Cookie": f"handraise_refresh={cookie.value}"}
    for path in ("/api/auth/refresh", "/api/auth/logout"):
        for headers in (
            {},
            {"Origin": "https://evil.example"},
            {"Content-Type": "text/plain", "Origin": "null"},
            {"X-Handraise-Client": "other"},
        ):
            async with client.post(path, headers=sent | headers) as answer:
                assert answer.status == 403, (path, headers)
    # What would let another site send that header is never granted.
    asks = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-handraise-client",
    }
    async with client.options("/api/auth/refresh", headers=asks) as answer:
        assert "Access-Control-Allow-Headers" not in answer.headers
    async with client.post("/api/auth/refresh", headers=sent | page) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "//evil.example/%2e%2e",
        "/\\evil.example",
        "/%5cevil.example",
        "/https://evil.example",
        "/?next=https://evil.example",
        "/docs?url=https://evil.example",
        "/static/..//evil.example",
        "/%0d%0aLocation:%20https://evil.example",
        "/api/me?redirect=//evil.example",
    ],
)
async def test_nothing_sends_a_browser_elsewhere(door: Door, path: str) -> None:
    sent = f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
    head = (await door.says(sent.encode())).partition(b"\r\n\r\n")[0].lower()
    assert b"evil.example" not in head
    assert b"\r\nlocation:" not in head


@pytest.mark.parametrize(
    "value", ["a%0d%0aX-Evil: 1", "a\u010d\u010aX-Evil: 1", "%0aSet-Cookie:x=1"]
)
async def test_what_comes_in_makes_no_header(client: Client, sign_up: SignUp, value: str) -> None:
    ann = await sign_up("ann")
    for request in (
        client.get(f"/api/questions/{value}", headers=ann.headers),
        client.get(f"/api/sessions?state={value}", headers=ann.headers),
        client.post("/api/auth/login", data={"username": value, "password": value}),
        client.get("/", headers={"Origin": value.replace("\u010d", "").replace("\u010a", "")}),
    ):
        async with request as answer:
            assert answer.status < 500
            assert "X-Evil" not in answer.headers
            assert "Set-Cookie" not in answer.headers
