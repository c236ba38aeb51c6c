"""A change of SECRET_KEY: what the former one sealed and signed, read and done anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.adapters.sealing import SecretSealer
from bot.domain.journal import Entry
from bot.service.ports.store import Transaction
from bot.service.ports.vault import Secret
from bot.settings import Settings
from tests.clock import FakeClock
from tests.contract.records import NOW, a_person, add_request
from tests.flows.conftest import PASSWORD, Client, Outbox
from web.app import build_app
from web.cli.main import main
from web.keys import SEALER, STORE

FORMER, NEW = "former-" + "0123456789abcdef" * 2, "newest-" + "fedcba9876543210" * 2
TOKEN = b"xoxb-what-nobody-may-read"

Handraise = Callable[..., "asyncio.Future[tuple[int, str]]"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@asynccontextmanager
async def serving(clock: FakeClock, outbox: Outbox, **settings: object) -> AsyncIterator[Client]:
    loaded = Settings.load(env_file=None, **{"secret_key_previous": ()} | settings)
    app = build_app(loaded, clock=clock, send_code=outbox, password_cost=4)
    async with TestClient(TestServer(app)) as client:
        yield client


def story(tx: Transaction) -> str:
    request = add_request(tx, a_person(), a_person("Bob"))
    tx.journal.add(Entry(kind="request.asked", at=NOW, request_id=request.id, data={"a": "b"}))
    return request.id


async def run(monkeypatch: pytest.MonkeyPatch, *words: str, **environment: str) -> int:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return await asyncio.to_thread(main, list(words))


async def test_everything_is_done_anew_while_the_server_runs(
    folder: Path,
    clock: FakeClock,
    outbox: Outbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with serving(clock, outbox, secret_key=FORMER) as client:
        account = {"email": "a@example.org", "username": "ann", "password": PASSWORD}
        async with client.post("/api/auth/register", json=account) as answer:
            tokens = await answer.json()
        store, sealer = client.app[STORE], client.app[SEALER]
        sealed = sealer.seal("slack.installation", "T1", TOKEN)
        secret = Secret(kind="slack.installation", key="T1", sealed=sealed, updated_at=NOW)
        await store.run(lambda tx: tx.vault.put(secret))
        request_id = await store.run(story)
        # Signing under a key that the running server does not know would break its chains.
        before = {"SECRET_KEY": NEW, "SECRET_KEY_PREVIOUS": FORMER}
        assert await run(monkeypatch, "secrets", "rotate", **before) == 2
        assert "Restart every server" in capsys.readouterr().err

    signed_in = {"Authorization": f"Bearer {tokens['access_token']}"}
    previous = {"secret_key": NEW, "secret_key_previous": FORMER}
    async with serving(clock, outbox, **previous) as client:
        async with client.get("/api/auth/me", headers=signed_in) as answer:
            assert answer.status == 200
        store = client.app[STORE]
        assert (await store.read(lambda tx: tx.journal.verify(request_id))).fault is None
        assert await run(monkeypatch, "secrets", "list") == 0
        listed = capsys.readouterr().out
        assert "slack.installation: 1, 1 under a former key" in listed
        assert "signed by another key: 1" in listed
        assert "T1" not in listed
        assert "xoxb" not in listed
        assert await run(monkeypatch, "secrets", "rotate") == 0
        done = capsys.readouterr().out
        assert done == "1 value sealed and 1 chain of the journal signed under the new key.\n"
        assert await run(monkeypatch, "secrets", "rotate") == 0
        assert capsys.readouterr().out.startswith("0 values sealed and 0 chains")
        kept = await store.read(lambda tx: tx.vault.get("slack.installation", "T1"))
        assert kept is not None
        assert client.app[SEALER].unseal(kept.kind, kept.key, kept.sealed) == TOKEN
        # What the server remembers of the chain's end is from before; it goes on all the same.
        more = Entry(kind="request.reminded", at=NOW, request_id=request_id)
        await store.run(lambda tx: tx.journal.add(more))

    async with serving(clock, outbox, secret_key=NEW) as client:  # the former one is gone
        store = client.app[STORE]
        assert (await store.read(lambda tx: tx.journal.verify(request_id))).fault is None
        kept = await store.read(lambda tx: tx.vault.get("slack.installation", "T1"))
        assert kept is not None
        assert SecretSealer(NEW).unseal(kept.kind, kept.key, kept.sealed) == TOKEN
        async with client.get("/api/auth/me", headers=signed_in) as answer:
            assert answer.status == 401


async def test_what_no_key_opens_is_told_and_left(
    folder: Path,
    clock: FakeClock,
    outbox: Outbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with serving(clock, outbox, secret_key=FORMER) as client:
        store = client.app[STORE]
        request_id = await store.run(story)
        sealed = client.app[SEALER].seal("gmail.credentials", "", TOKEN)
        secret = Secret(kind="gmail.credentials", key="", sealed=sealed, updated_at=NOW)
        await store.run(lambda tx: tx.vault.put(secret))
    async with serving(clock, outbox, secret_key=NEW) as client:
        store = client.app[STORE]
        assert await run(monkeypatch, "secrets", "rotate", SECRET_KEY=NEW) == 1
        told = capsys.readouterr().out
        assert "1 value could not be opened" in told
        assert "1 chain of the journal" in told
        assert await store.read(lambda tx: tx.vault.get("gmail.credentials", "")) == secret
        fault = (await store.read(lambda tx: tx.journal.verify(request_id))).fault
        assert fault is not None
        assert "another key" in fault
