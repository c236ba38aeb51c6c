"""Consent, tokens and their end, through google-auth and google-auth-oauthlib."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import google.auth.transport.requests
import pytest
from google.auth.exceptions import RefreshError
from google.oauth2.credentials import Credentials
from google_auth_oauthlib.flow import Flow
from googleapiclient.errors import HttpError
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError

from tests.clock import FakeClock
from tests.gmail.client import MODIFY, Client
from tests.gmail.conftest import ALICE, BOT
from tests.gmail.discovery import METADATA_SCOPE
from tests.gmail.server import GmailServer

REDIRECT = "http://localhost:8765/callback"


@pytest.fixture(autouse=True)
def _plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


def flow_of(gmail: GmailServer) -> Flow:
    return Flow.from_client_config(gmail.client_config(), [MODIFY], redirect_uri=REDIRECT)


def asked(flow: Flow, **more: str) -> str:
    url, _ = flow.authorization_url(access_type="offline", **more)
    return str(url)


def code_in(redirect: str) -> str:
    assert redirect.startswith(REDIRECT)
    return parse_qs(urlsplit(redirect).query)["code"][0]


async def fetched(flow: Flow, code: str) -> dict[str, Any]:
    token: dict[str, Any] = await asyncio.to_thread(flow.fetch_token, code=code)
    return token


async def profile(client: Client) -> dict[str, Any]:
    return await client(lambda users: users.getProfile(userId="me"))


async def refresh(credentials: Credentials) -> None:
    await asyncio.to_thread(credentials.refresh, google.auth.transport.requests.Request())


async def test_consent_on_the_page_becomes_credentials(gmail: GmailServer) -> None:
    flow = flow_of(gmail)
    url = asked(flow, state="s-1")
    async with aiohttp.ClientSession() as browser:
        async with browser.get(url) as page:
            assert BOT in await page.text()
        async with browser.post(url, data={"account": BOT}, allow_redirects=False) as clicked:
            assert clicked.status == 302
            redirect = clicked.headers["Location"]
    assert parse_qs(urlsplit(redirect).query)["state"] == ["s-1"]
    await fetched(flow, code_in(redirect))
    assert flow.credentials.refresh_token
    await refresh(flow.credentials)
    client = Client(gmail, BOT)
    client.credentials = flow.credentials
    assert (await profile(client))["emailAddress"] == BOT


async def test_a_code_needs_its_verifier_and_works_once(gmail: GmailServer) -> None:
    flow = flow_of(gmail)
    code = code_in(gmail.consented(asked(flow), BOT))
    thief = flow_of(gmail)
    thief.code_verifier = "x" * 64
    with pytest.raises(InvalidGrantError, match="verifier"):
        await fetched(thief, code)
    fresh = code_in(gmail.consented(asked(flow), BOT))
    await fetched(flow, fresh)
    with pytest.raises(InvalidGrantError):
        await fetched(flow, fresh)


async def test_a_refresh_token_comes_the_first_time_or_when_asked(gmail: GmailServer) -> None:
    seen = []
    for more in ({}, {}, {"prompt": "consent"}):
        flow = flow_of(gmail)
        token = await fetched(flow, code_in(gmail.consented(asked(flow, **more), BOT)))
        seen.append("refresh_token" in token)
    assert seen == [True, False, True]


async def test_declining_and_strange_requests(gmail: GmailServer) -> None:
    url = asked(flow_of(gmail), state="s")
    assert gmail.consented(url, None) == f"{REDIRECT}?error=access_denied&state=s"
    async with aiohttp.ClientSession() as browser:
        for bad in (
            url.replace("localhost%3A8765", "evil.example"),
            url.replace(gmail.client.id, "somebody"),
        ):
            async with browser.get(bad) as page:
                assert page.status == 400
        gmail.consent_as(BOT)
        async with browser.get(url, allow_redirects=False) as settled:
            assert settled.status == 302


async def test_revoked_consent_is_an_invalid_grant(gmail: GmailServer, bot: Client) -> None:
    await profile(bot)
    gmail.revoke_consent(BOT)
    with pytest.raises(RefreshError, match="invalid_grant") as refused:
        await profile(bot)
    assert refused.value.args[1]["error"] == "invalid_grant"


async def test_revoking_by_the_endpoint(gmail: GmailServer, bot: Client) -> None:
    async with aiohttp.ClientSession() as session:
        form = {"token": bot.credentials.refresh_token}
        for status in (200, 400):
            async with session.post(gmail.urls.revoke, data=form) as answer:
                assert answer.status == status
    with pytest.raises(RefreshError):
        await profile(bot)


async def test_an_expired_token_is_refreshed(
    gmail: GmailServer, bot: Client, clock: FakeClock
) -> None:
    await profile(bot)
    clock.advance(hours=2)
    await profile(bot)
    assert [call.status for call in gmail.calls("getProfile")] == [200, 401, 200]
    gmail.expire_access(BOT)
    await profile(bot)
    assert len(gmail.calls("oauth.token")) == 3


async def test_scopes_are_checked(gmail: GmailServer) -> None:
    reader = Client(gmail, ALICE, "https://www.googleapis.com/auth/gmail.readonly")
    await profile(reader)
    with pytest.raises(HttpError) as refused:
        await reader.send(To=BOT, Subject="x")
    assert refused.value.status_code == 403
    assert b"insufficientPermissions" in refused.value.content
    mail_id = gmail.send_as(ALICE, to=BOT, text="x").copy.id
    headers_only = Client(gmail, BOT, METADATA_SCOPE)
    with pytest.raises(HttpError, match="Metadata scope"):
        await headers_only(lambda users: users.messages().get(userId="me", id=mail_id))
    with pytest.raises(HttpError, match="Delegation denied"):
        await headers_only(lambda users: users.getProfile(userId=ALICE))


async def test_userinfo_says_who_it_is(gmail: GmailServer) -> None:
    client = Client(gmail, ALICE, MODIFY, "openid", "email")
    await refresh(client.credentials)
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {client.credentials.token}"}
        async with session.get(gmail.urls.userinfo, headers=headers) as answer:
            assert (await answer.json())["email"] == ALICE
        async with session.get(gmail.urls.userinfo) as anonymous:
            assert anonymous.status == 401


async def test_a_wrong_secret_is_refused(gmail: GmailServer, bot: Client) -> None:
    bot.credentials._client_secret = "wrong"
    with pytest.raises(RefreshError, match="invalid_client"):
        await profile(bot)
