"""Connecting the mailbox: from the command line, from the web, and what is kept of it."""

from __future__ import annotations

import asyncio
import threading
import urllib.request
import webbrowser
from pathlib import Path

import pytest

from bot.settings import Settings
from tests.clock import FakeClock
from tests.flows.conftest import PASSWORD
from tests.flows.mailing import ANN, BOT, MailRoom, gmail, mail_room, no_environment
from tests.gmail.server import GmailServer
from web.cli.main import main
from web.keys import SEALER, STORE

__all__ = ["gmail", "no_environment"]


@pytest.fixture(autouse=True)
def plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


async def administrator(room: MailRoom) -> dict[str, str]:
    """Register the first account, which is the administrator's; return what signs its requests."""
    body = {"email": "root@example.org", "username": "root", "password": PASSWORD}
    async with room.client.post("/api/auth/register", json=body) as answer:
        assert answer.status == 201, await answer.text()
        return {"Authorization": f"Bearer {(await answer.json())['access_token']}"}


def state(room: MailRoom) -> str:
    return room.agent.outlets["email"].health().state


async def test_consent_is_not_asked_for_over_a_line_that_others_can_read(
    tmp_path: Path,
    clock: FakeClock,
    gmail: GmailServer,
    no_environment: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("OAUTHLIB_INSECURE_TRANSPORT")
    async with mail_room(tmp_path, clock, gmail, gmail_refresh_token="") as room:
        headers = await administrator(room)
        async with room.client.get("/api/channels/gmail/auth", headers=headers) as answer:
            assert answer.status == 422, await answer.text()
            error = (await answer.json())["error"]
        assert error["code"] == "insecure_sign_in"
        assert "GOOGLE_AUTH_URL" in error["message"]
        for name, value in gmail.environment(BOT).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        code = await asyncio.to_thread(main, ["gmail", "connect", "--no-browser"])
        assert code != 0
        assert "GOOGLE_AUTH_URL" in "".join(capsys.readouterr())


async def test_an_administrator_connects_the_mailbox_from_the_web(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> None:
    async with mail_room(tmp_path, clock, gmail, gmail_refresh_token="") as room:
        assert state(room) == "closed"
        headers = await administrator(room)
        async with room.client.get("/api/channels/gmail/auth") as answer:
            assert answer.status == 401
        async with room.client.get("/api/channels/gmail/auth", headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            url = (await answer.json())["authorization_url"]
        assert "code_challenge_method=S256" in url
        assert "access_type=offline" in url
        back = gmail.consented(url, BOT)
        path = "/api/channels/gmail/callback?" + back.partition("?")[2]
        # Another browser than the one that began gets nowhere, and uses nothing up.
        async with room.client.session.get(
            room.client.make_url(path), cookies={"handraise_gmail_consent": "x"}
        ) as answer:
            assert answer.status == 400
        async with room.client.get("/api/channels/gmail/auth", headers=headers) as answer:
            url = (await answer.json())["authorization_url"]
        path = "/api/channels/gmail/callback?" + gmail.consented(url, BOT).partition("?")[2]
        cookie = answer.cookies["handraise_gmail_consent"].value
        sent = {"Cookie": f"handraise_gmail_consent={cookie}"}
        async with room.client.get(path, headers=sent) as answer:
            assert answer.status == 200, await answer.text()
        assert state(room) == "ready"
        async with room.client.get(path, headers=sent) as answer:
            assert answer.status == 400
        await room.settle(1)
        gmail.send_as(ANN, to=BOT, subject="one", text="help")
        await room.settle()
        assert [mail.subject for mail in room.got(ANN)] == ["Re: one"]


async def test_who_is_no_administrator_connects_nothing(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> None:
    async with mail_room(tmp_path, clock, gmail, gmail_refresh_token="") as room:
        await administrator(room)
        body = {"email": "eve@example.org", "username": "eve", "password": PASSWORD}
        async with room.client.post("/api/auth/register", json=body) as answer:
            assert answer.status == 201
            headers = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
        async with room.client.get("/api/channels/gmail/auth", headers=headers) as answer:
            assert answer.status == 403


async def test_the_command_line_connects_a_running_server(
    tmp_path: Path,
    clock: FakeClock,
    gmail: GmailServer,
    no_environment: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with mail_room(tmp_path, clock, gmail, gmail_refresh_token="") as room:
        gmail.consent_as(BOT)
        monkeypatch.setattr(webbrowser, "get", lambda _: Browser())
        for name, value in gmail.environment(BOT).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("GMAIL_REFRESH_TOKEN", "")
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        monkeypatch.setenv("SECRET_KEY", "s" * 8 + "ecret-of-the-tests" * 2)
        monkeypatch.chdir(tmp_path)
        assert await asyncio.to_thread(main, ["gmail", "connect"]) == 0
        assert "The mailbox is connected" in capsys.readouterr().out
        await room.settle(1)
        assert state(room) == "ready"
        [kept] = await room.read(lambda tx: tx.vault.all("gmail.credentials"))
        grant = gmail.consent.grants[-1].refresh_token.encode()
        assert grant not in kept.sealed
        assert grant in room.app[SEALER].unseal(kept.kind, kept.key, kept.sealed)


async def test_a_revoked_mailbox_stays_shut_over_a_restart_until_it_is_connected_again(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> None:
    async with mail_room(tmp_path, clock, gmail) as room:
        gmail.revoke_consent(BOT)
        gmail.expire_access()
        await room.settle(1)
        assert state(room) == "closed"
        refresh_token = gmail.consent.grants[0].refresh_token
    async with mail_room(tmp_path, clock, gmail, gmail_refresh_token=refresh_token) as room:
        assert state(room) == "closed"
    async with mail_room(tmp_path, clock, gmail) as room:  # with another token in the settings
        assert state(room) == "ready"
        assert await room.app[STORE].read(lambda tx: tx.marks.get("gmail.address")) == BOT


def test_without_a_client_the_command_says_what_to_set(
    tmp_path: Path,
    no_environment: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    assert main(["gmail", "connect"]) == 2
    assert "GMAIL_CLIENT_ID" in capsys.readouterr().err


class Browser:
    """Opens an address and follows it to its end, as a browser would."""

    def open(self, url: str, **_: object) -> None:
        threading.Thread(target=self._follow, args=(url,), daemon=True).start()

    def _follow(self, url: str) -> None:
        with urllib.request.urlopen(url, timeout=10) as answer:
            answer.read()
