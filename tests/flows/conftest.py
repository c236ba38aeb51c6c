"""The real application on the real store, on a port of its own, with a clock moved by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.service.ports.accounts import Account
from bot.settings import Settings
from tests.clock import FakeClock
from web.app import build_app

Client = TestClient[web.Request, web.Application]
PASSWORD = "password123"


class Outbox:
    """Verification codes that were sent, by user name; the newest one counts."""

    def __init__(self) -> None:
        self.codes: dict[str, str] = {}

    def __call__(self, account: Account, code: str) -> None:
        self.codes[account.username] = code


@dataclass
class SignedIn:
    """An account as its owner's client knows it."""

    client: Client
    username: str
    email: str
    tokens: dict[str, Any]

    @property
    def headers(self) -> dict[str, str]:
        """Return what signs a request."""
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}

    async def get(self, path: str, **more: Any) -> tuple[int, Any]:
        """Return status and body of a GET."""
        async with self.client.get(path, headers=self.headers, **more) as answer:
            return answer.status, await answer.json()

    async def post(self, path: str, json: Any = None, **headers: str) -> tuple[int, Any]:
        """Return status and body of a POST; underscores in header names become dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.post(path, json=json, headers=self.headers | named) as answer:
            text = await answer.text()
            return answer.status, (await answer.json() if text else None)


SignUp = Callable[..., Awaitable[SignedIn]]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in Settings.model_fields:  # this machine's environment is not the test's
        monkeypatch.delenv(name.upper(), raising=False)
    return Settings.load(
        env_file=None, data_dir=tmp_path, secret_key="s" * 8 + "ecret-of-the-tests" * 2
    )


@pytest.fixture
def app(settings: Settings, clock: FakeClock, outbox: Outbox) -> web.Application:
    return build_app(settings, clock=clock, send_code=outbox, password_cost=4)


@pytest.fixture
async def client(app: web.Application) -> AsyncIterator[Client]:
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.fixture
def sign_up(client: Client, outbox: Outbox) -> SignUp:
    """Register an account through HTTP, and verify its address unless told not to."""

    async def sign_up(username: str, *, email: str | None = None, verify: bool = True) -> SignedIn:
        email = email or f"{username}@example.org"
        body = {"email": email, "username": username, "password": PASSWORD}
        async with client.post("/api/auth/register", json=body) as answer:
            assert answer.status == 201, await answer.text()
            person = SignedIn(client, username, email, await answer.json())
        if verify:
            status, me = await person.post("/api/auth/verify", {"code": outbox.codes[username]})
            assert (status, me["verified"]) == (200, True)
        return person

    return sign_up
