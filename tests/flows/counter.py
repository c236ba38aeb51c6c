"""Accounts through HTTP, under settings of a test's own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.settings import Settings
from tests.clock import FakeClock
from tests.flows.conftest import PASSWORD, Client, Outbox, SignedIn
from web.app import build_app

Serve = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture
def serve(
    tmp_path: Path, clock: FakeClock, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> Serve:
    """Return what runs a server under settings of the test's own, on one database."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    @asynccontextmanager
    async def serve(**values: Any) -> AsyncIterator[Client]:
        settings = Settings.load(
            env_file=None,
            data_dir=tmp_path,
            secret_key="s" * 8 + "ecret-of-the-tests" * 2,
            public_url="https://handraise.example.org",
            **values,
        )
        app = build_app(settings, clock=clock, send_code=outbox, password_cost=4)
        async with TestClient(TestServer(app)) as client:
            yield client

    return serve


async def register(client: Client, name: str, **more: Any) -> tuple[int, Any]:
    body = {"email": f"{name}@example.org", "username": name, "password": PASSWORD} | more
    async with client.post("/api/auth/register", json=body) as answer:
        return answer.status, await answer.json()


async def login(client: Client, name: str, password: str = PASSWORD) -> tuple[int, Any]:
    async with client.post(
        "/api/auth/login", data={"username": name, "password": password}
    ) as answer:
        return answer.status, await answer.json()


async def registered(client: Client, name: str, **more: Any) -> SignedIn:
    status, tokens = await register(client, name, **more)
    assert status == 201, tokens
    return SignedIn(client, name, f"{name}@example.org", tokens)


async def call(who: SignedIn, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with who.client.request(method, path, json=body, headers=who.headers) as answer:
        text = await answer.text()
        return answer.status, (json.loads(text) if text else None)


def code_of(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["code"]
