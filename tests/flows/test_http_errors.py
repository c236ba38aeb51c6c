"""Bad input over HTTP: each a clear refusal of the one shape, never a 500."""

from __future__ import annotations

import asyncio
import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, web

import web as package
from bot.domain import errors
from bot.domain.errors import HandraiseError, Unavailable
from bot.settings import Settings
from tests.clock import FakeClock
from tests.flows.conftest import PASSWORD, Client, SignUp
from web.api.endpoint import Call, endpoint, mount
from web.api.faults import STATUSES
from web.app import build_app
from web.keys import STORE

REGISTER = "/api/auth/register"
JSON = {"Content-Type": "application/json"}


async def error_of(answer: ClientResponse) -> dict[str, Any]:
    """Return the error of a refusal, having checked its shape."""
    body = await answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "details"}
    assert body["error"]["message"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    return body["error"]


@pytest.mark.parametrize(
    ("data", "headers", "status", "code"),
    [
        (b"{", JSON, 400, "malformed"),
        (b"\xff\xfe", JSON, 400, "malformed"),
        (b'{"email": "\xff"}', JSON, 400, "malformed"),
        (b'{"email": "\\ud800"}', JSON, 400, "malformed"),
        (b"[" * 100_000, JSON, 400, "malformed"),
        (b'{"a":' * 20_000, JSON, 400, "malformed"),
        (b"NaN", JSON, 422, "invalid"),
        (b"[]", JSON, 422, "invalid"),
        (b'"text"', JSON, 422, "invalid"),
        (b"null", JSON, 422, "invalid"),
        (b"{}", JSON, 422, "invalid"),
        (b"", {}, 422, "invalid"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "wrong_content_type"),
        (b"{}", {"Content-Type": "application/json; charset=utf-16"}, 415, "wrong_content_type"),
        (gzip.compress(b"{}"), JSON | {"Content-Encoding": "gzip"}, 415, "wrong_content_type"),
        (b'"' + b"x" * 131_072 + b'"', JSON, 413, "too_large"),
    ],
    ids=range(16),
)
async def test_bad_bodies(
    client: Client, data: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    async with client.post(REGISTER, data=data, headers=headers) as answer:
        error = await error_of(answer)
        assert (answer.status, error["code"]) == (status, code)


async def test_a_chunked_body_is_cut_off_at_the_limit(client: Client) -> None:
    async def endless() -> Any:
        for _ in range(1_000):
            yield b"x" * 1_024

    async with client.post(REGISTER, data=endless(), headers=JSON) as answer:
        assert answer.status == 413
        await error_of(answer)


async def test_emoji_by_the_hundred_kilobytes(client: Client) -> None:
    body = {"email": "a@example.org", "username": "😀" * 25_000, "password": PASSWORD}
    data = '{"email":"a@b.org","username":"' + "😀" * 25_000 + '","password":"password123"}'
    async with client.post(REGISTER, data=data.encode(), headers=JSON) as answer:
        assert answer.status == 422
        assert list((await error_of(answer))["details"]["fields"]) == ["username"]
        assert len(await answer.text()) < 1_000, "it is not sent back"
    async with client.post(REGISTER, json=body) as answer:  # the same, escaped: 300 KB
        assert answer.status == 413


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"username=%FF&password=x", 400),
        (b"username=\xff&password=x", 400),
        (b"username=a&username=b&password=x", 422),
        (b"username=a%00b&password=x", 422),
        (b"username=ana", 422),
        (b"a=1&" * 100, 400),
        (b"username=" + b"x" * 300 + b"&password=x", 422),
        ("username=änn&password=x".encode(), 401),
    ],
    ids=range(8),
)
async def test_bad_forms(client: Client, data: bytes, status: int) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    async with client.post("/api/auth/login", data=data, headers=headers) as answer:
        assert answer.status == status
        await error_of(answer)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer x", "Bearer a.b.c", "Bearer \xff", "bearer é"],
)
async def test_bad_authorization(client: Client, header: str) -> None:
    async with client.get("/api/auth/me", headers={"Authorization": header}) as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        await error_of(answer)


async def test_unknown_paths_and_methods(client: Client) -> None:
    for path in ("/api/none", "/static/", "/static/none.js", "/docs/assets/none", "/api/auth/"):
        async with client.get(path) as answer:
            assert answer.status == 404
            assert (await error_of(answer))["code"] == "not_found"
    async with client.put(REGISTER) as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == "POST"
        assert (await error_of(answer))["code"] == "method_not_allowed"


async def raw(client: Client, request: bytes) -> bytes:
    """Return what the server answers to these very bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(65_536), 5)
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/scripts/..%2f..%2fapp.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/a%00b",
        "/static/scripts",
        "/static/" + "a" * 300,
        "/static/%ff%fe",
    ],
)
async def test_nothing_outside_the_pages_is_served(client: Client, path: str) -> None:
    answer = await raw(client, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404 ")


async def test_a_broken_chunk_and_a_vanished_client_are_no_accidents(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    head = f"POST {REGISTER} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    answer = await raw(
        client, f"{head}Transfer-Encoding: chunked\r\n\r\n5\r\nab".encode() + b"\r\n\r\nzz"
    )
    assert answer.split(b" ")[1] == b"400"
    _, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(f"{head}Content-Length: 100\r\n\r\nabc".encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    await asyncio.sleep(0.1)
    assert "request_failed" not in capsys.readouterr().out


async def test_accidents_tell_nothing_but_their_id(settings: Settings, clock: FakeClock) -> None:
    from aiohttp.test_utils import TestClient, TestServer

    @endpoint("GET", "/break", summary="Break", tag="test", signed_in=False)
    async def broken(call: Call) -> None:
        raise RuntimeError("a secret detail")

    @endpoint("GET", "/down", summary="Be down", tag="test", signed_in=False)
    async def down(call: Call) -> None:
        raise Unavailable("Not now.")

    app = build_app(settings, clock=clock, password_cost=4)
    mount(app, (broken, down))
    async with TestClient(TestServer(app)) as client:
        async with client.get("/break") as answer:
            assert answer.status == 500
            error = await error_of(answer)
            assert error["code"] == "internal"
            assert error["details"] == {"request_id": answer.headers["X-Request-Id"]}
            assert "secret" not in await answer.text()
        async with client.get("/down") as answer:
            assert answer.status == 503
            assert answer.headers["Retry-After"] == "2"


async def test_request_ids_are_ours(client: Client) -> None:
    async with client.get("/health", headers={"X-Request-Id": "mine\tforged"}) as answer:
        assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["X-Request-Id"])


async def test_not_ready_without_its_database(
    client: Client, app: web.Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> None:
        raise Unavailable("The database does not answer.")

    async with client.get("/ready") as answer:
        assert (await answer.json())["status"] == "ready"
    monkeypatch.setattr(app[STORE], "check", check)
    async with client.get("/ready") as answer:
        assert answer.status == 503
        await error_of(answer)
    async with client.get("/health") as answer:
        assert answer.status == 200, "restarting this process would not help"


async def test_bad_idempotency_keys(client: Client, sign_up: SignUp) -> None:
    call = Call(request=_Asked("a b"), caller=None, path={})  # type: ignore[arg-type]
    with pytest.raises(errors.Invalid):
        _ = call.idempotency_key
    assert Call(request=_Asked("a.B-9_"), caller=None, path={}).idempotency_key == "a.B-9_"  # type: ignore[arg-type]


class _Asked:
    def __init__(self, key: str) -> None:
        self.headers = {"Idempotency-Key": key}


def test_every_error_has_a_status() -> None:
    tree = {each for each in vars(errors).values() if isinstance(each, type)}
    for each in tree:
        if issubclass(each, HandraiseError):
            assert any(base in STATUSES for base in each.__mro__)
    assert STATUSES[HandraiseError] == 500


def test_the_version_is_the_package_s() -> None:
    project = Path(package.__file__).parent.parent / "pyproject.toml"
    assert f'\nversion = "{package.__version__}"\n' in project.read_text(encoding="utf-8")
