"""What the doctor finds: on a fresh install, when all is well, and when each part is ill."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.adapters.store.opening import make_store
from bot.channels.slack.scopes import BOT_SCOPES
from bot.service.ports.store import Transaction
from bot.settings import Settings
from tests.contract.records import NOW, a_person, a_request, a_session, an_account
from web.cli.main import main

Doctor = Callable[..., "tuple[int, str]"]
PRODUCTION = {
    "DEBUG": "false",
    "SECRET_KEY": "0123456789abcdef" * 4,
    "PUBLIC_URL": "https://handraise.example.org",
}


class Outside:
    """Slack, Google and a model as the doctor asks them; what they say can be changed."""

    def __init__(self) -> None:
        self.scopes = ",".join(BOT_SCOPES)
        self.slack: dict[str, Any] = {"ok": True, "team": "Acme"}
        self.socket: dict[str, Any] = {"ok": True}
        self.google: tuple[int, dict[str, Any]] = (200, {"access_token": "ya29.access"})
        self.model = 200
        self.skew = 0.0
        self.heard: list[tuple[str, str]] = []
        self.url = ""

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/slack/auth.test", self._auth)
        app.router.add_post("/slack/apps.connections.open", self._open)
        app.router.add_post("/token", self._token)
        app.router.add_get("/gmail/v1/users/me/profile", self._profile)
        app.router.add_get("/v1/models", self._models)
        app.on_response_prepare.append(self._date)
        return app

    async def _date(self, _: web.Request, response: web.StreamResponse) -> None:
        moment = time.gmtime(time.time() - self.skew)
        response.headers["Date"] = time.strftime("%a, %d %b %Y %H:%M:%S GMT", moment)

    async def _auth(self, request: web.Request) -> web.Response:
        self.heard.append(("slack", request.headers["Authorization"]))
        return web.json_response(self.slack, headers={"X-OAuth-Scopes": self.scopes})

    async def _open(self, request: web.Request) -> web.Response:
        self.heard.append(("socket", request.headers["Authorization"]))
        return web.json_response(self.socket)

    async def _token(self, request: web.Request) -> web.Response:
        self.heard.append(("google", str((await request.post())["refresh_token"])))
        status, body = self.google
        return web.json_response(body, status=status)

    async def _profile(self, request: web.Request) -> web.Response:
        return web.json_response({"emailAddress": "bot@example.org"})

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"data": []}, status=self.model)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    outside = Outside()
    async with TestServer(outside.app()) as server:
        outside.url = str(server.make_url("")).rstrip("/")
        yield outside


@pytest.fixture
def doctor(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Doctor:
    def doctor(*words: str, **environment: str) -> tuple[int, str]:
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            code = main(["doctor", *words])
        said = capsys.readouterr()
        assert said.err == ""
        return code, said.out

    return doctor


def of_slack(outside: Outside) -> dict[str, str]:
    return {
        "SLACK_API_URL": f"{outside.url}/slack/",
        "SLACK_BOT_TOKEN": "xoxb-token-of-the-bot",
        "SLACK_SIGNING_SECRET": "signing",
    }


def of_gmail(outside: Outside) -> dict[str, str]:
    return {
        "GMAIL_CLIENT_ID": "client",
        "GMAIL_CLIENT_SECRET": "secret",
        "GMAIL_REFRESH_TOKEN": "1//refresh",
        "GMAIL_API_URL": outside.url,
        "GOOGLE_TOKEN_URL": f"{outside.url}/token",
    }


async def made(folder: Path) -> None:
    """Make the database, with an administrator in it."""
    (folder / "data").mkdir()
    store = make_store(f"sqlite:///{folder / 'data' / 'handraise.db'}")
    await store.open()
    ann = a_person()
    await store.run(lambda tx: tx.people.add(ann))
    await store.run(lambda tx: tx.accounts.add(an_account(ann, "ann", is_admin=True)))
    await store.close()


def test_a_fresh_install_in_production_is_told_what_is_missing_and_nothing_else(
    doctor: Doctor,
) -> None:
    code, said = doctor(DEBUG="false")
    assert code == 1
    told = [line for line in said.splitlines() if line.startswith("TODO")]
    assert [line.split(": ")[0].removeprefix("TODO  ") for line in told] == [
        "settings",
        "settings",
        "database",
        "codes",
    ]
    assert "SECRET_KEY must be set" in said
    assert "PUBLIC_URL must be set" in said
    assert "no administrator" in said
    assert "verification code" in said
    assert said.splitlines()[-1] == "4 things to do."
    assert len(said.splitlines()) == 9  # each with what to do, and the count
    # Each that is done is not told again.
    code, said = doctor(**PRODUCTION)
    assert (code, said.splitlines()[-1]) == (1, "2 things to do.")


def test_development_needs_nothing(doctor: Doctor) -> None:
    code, said = doctor()
    assert (code, said.count("\n")) == (0, 1)
    assert said.startswith("All is well")
    code, said = doctor("--all")
    assert code == 0
    assert "note  mode: This is development" in said


async def test_all_is_well(folder: Path, outside: Outside, doctor: Doctor) -> None:
    await made(folder)
    everything = {
        **PRODUCTION,
        **of_slack(outside),
        **of_gmail(outside),
        "SLACK_APP_TOKEN": "xapp-token-of-the-app",
        "MODEL_PROVIDER": "openai-compatible",
        "MODEL_NAME": "small",
        "MODEL_BASE_URL": f"{outside.url}/v1",
    }
    code, said = await asyncio.to_thread(doctor, "--json", **everything)
    found = json.loads(said)
    assert (code, found["ok"]) == (0, True)
    states = {each["check"]: each["state"] for each in found["findings"]}
    for check in ("settings", "public_url", "disk", "database", "administrators"):
        assert states[check] == "ok"
    for check in ("slack", "slack events", "gmail", "model", "clock"):
        assert states[check] == "ok"
    assert set(outside.heard) == {
        ("slack", "Bearer xoxb-token-of-the-bot"),
        ("socket", "Bearer xapp-token-of-the-app"),
        ("google", "1//refresh"),
    }
    for secret in ("xoxb", "xapp", "1//", "ya29", PRODUCTION["SECRET_KEY"]):
        assert secret not in said


async def test_each_illness_is_told_with_its_remedy(
    folder: Path, outside: Outside, doctor: Doctor
) -> None:
    await made(folder)

    async def told(**environment: str) -> str:
        code, said = await asyncio.to_thread(doctor, **{**PRODUCTION, **environment})
        assert code == 1, said
        assert said.splitlines()[-1] == "1 thing to do.", said
        return said

    slack, gmail = of_slack(outside), of_gmail(outside)
    outside.scopes = ",".join(BOT_SCOPES[2:])
    said = await told(**slack)
    assert all(scope in said for scope in BOT_SCOPES[:2])
    assert "app_manifest.yml" in said
    outside.scopes = ",".join(BOT_SCOPES)
    _, said = await asyncio.to_thread(doctor, "--all", **{**PRODUCTION, **slack})
    assert "also beside SLACK_BOT_TOKEN" in said
    client = {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "secret"}
    _, said = await asyncio.to_thread(doctor, "--all", **{**PRODUCTION, **slack, **client})
    assert "https://handraise.example.org/api/auth/slack/callback" in said
    outside.slack = {"ok": False, "error": "account_inactive"}
    assert "does not take the bot's token (account_inactive)" in await told(**slack)
    outside.slack = {"ok": True, "team": "Acme"}
    outside.socket = {"ok": False, "error": "invalid_auth"}
    assert "Socket Mode does not connect (invalid_auth)" in await told(
        **slack, SLACK_APP_TOKEN="xapp-1"
    )
    assert "No workspace has installed the app" in await told(
        SLACK_CLIENT_ID="1", SLACK_CLIENT_SECRET="2", SLACK_SIGNING_SECRET="3"
    )

    outside.google = (400, {"error": "invalid_grant"})
    assert "handraise gmail connect" in await told(**gmail)
    unconnected = {name: gmail[name] for name in ("GMAIL_CLIENT_ID", "GMAIL_CLIENT_SECRET")}
    assert "No mailbox is connected" in await told(**unconnected)
    assert "GOOGLE_AUTH_URL begins with http://" in await told(
        **unconnected, GOOGLE_AUTH_URL="http://sign-in.example.org"
    )
    outside.google = (200, {"access_token": "ya29.access"})
    assert "GMAIL_ADDRESS says other@example.org" in await told(
        **gmail, GMAIL_ADDRESS="other@example.org"
    )
    assert "could not be asked" in await told(
        **gmail | {"GOOGLE_TOKEN_URL": "http://127.0.0.1:9/token"}
    )

    model = {
        "MODEL_PROVIDER": "openai-compatible",
        "MODEL_NAME": "small",
        "MODEL_BASE_URL": f"{outside.url}/v1",
    }
    outside.model = 401
    assert "MODEL_API_KEY" in await told(**slack, **model)
    outside.model = 503
    assert "has trouble" in await told(**slack, **model)
    outside.model, outside.skew = 200, 3_600
    said = await told(**slack, **model)
    assert re.search(r"clock is 3,(599|60\d) s ahead", said)
    outside.skew = 0
    outside.socket = {"ok": True}
    assert "not https" in await told(
        **slack, PUBLIC_URL="http://handraise.example.org", SLACK_APP_TOKEN="xapp-1"
    )


async def test_what_is_kept_is_looked_at(folder: Path, outside: Outside, doctor: Doctor) -> None:
    environment = {**PRODUCTION, **of_slack(outside)}
    (folder / "data").mkdir()
    store = make_store(f"sqlite:///{folder / 'data' / 'handraise.db'}")
    await store.open()
    await store.close()
    code, said = await asyncio.to_thread(doctor, **environment)
    assert code == 1
    assert "no administrator" in said
    assert "handraise user create NAME ADDRESS --admin" in said
    (folder / "data" / "handraise.db").write_bytes(b"not a database at all" * 100)
    code, said = await asyncio.to_thread(doctor, **environment)
    assert code == 1
    assert "cannot be used" in said
    code, said = await asyncio.to_thread(
        doctor, **environment, DATABASE_URL="postgresql://user:hunter2@127.0.0.1:9/none"
    )
    assert code == 1
    assert "PostgreSQL cannot be reached" in said
    assert "hunter2" not in said


async def test_what_time_cannot_move_is_told(
    folder: Path, outside: Outside, doctor: Doctor
) -> None:
    await made(folder)
    store = make_store(f"sqlite:///{folder / 'data' / 'handraise.db'}")
    await store.open()
    ann = a_person()
    session = a_session(ann)
    request = a_request(session, next_at=NOW)

    def keep(tx: Transaction) -> None:
        tx.people.add(ann)
        tx.sessions.add(session)
        tx.requests.add(request)
        tx.moments.enter(NOW, 1)

    await store.run(keep)
    said = await asyncio.to_thread(doctor, **PRODUCTION, **of_slack(outside))
    assert "keep breaking" not in said[1]
    for _ in range(3):
        await store.run(lambda tx: tx.moments.postpone(request.id, NOW))
    code, text = await asyncio.to_thread(doctor, **PRODUCTION, **of_slack(outside))
    await store.close()
    assert code == 1
    assert "1 questions or sessions keep breaking when their time comes." in text
    assert "what was due broke" in text
