"""Notifications: pushed with tokens that Google's code verifies, late, doubled, lost, forged."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import google.auth.transport.requests
import pytest
from aiohttp import web
from google.auth.exceptions import GoogleAuthError
from google.oauth2 import id_token
from googleapiclient.errors import HttpError
from jwt.exceptions import PyJWTError

from bot.channel_settings import ChannelSettings
from tests.clock import FakeClock
from tests.gmail.client import Client
from tests.gmail.conftest import ALICE, BOT
from tests.gmail.server import GmailServer
from tests.gmail.signing import Forgery

TOPIC = "projects/acme/topics/mail"
AUDIENCE = "https://app.example/gmail/push"


@dataclass
class Receiver:
    """An app's push endpoint that writes down what comes."""

    url: str = ""
    status: int = 204
    tokens: list[str | None] = field(default_factory=list)
    envelopes: list[dict[str, Any]] = field(default_factory=list)

    async def receive(self, request: web.Request) -> web.Response:
        header = request.headers.get("Authorization")
        self.tokens.append(header.removeprefix("Bearer ") if header else None)
        self.envelopes.append(await request.json())
        return web.Response(status=self.status)

    def said(self) -> list[dict[str, Any]]:
        return [json.loads(base64.b64decode(e["message"]["data"])) for e in self.envelopes]


@pytest.fixture
async def app(gmail: GmailServer) -> AsyncIterator[Receiver]:
    receiver = Receiver()
    web_app = web.Application()
    web_app.add_routes([web.post("/gmail/push", receiver.receive)])
    runner = web.AppRunner(web_app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/gmail/push"
    gmail.subscribe(TOPIC, receiver.url, audience=AUDIENCE)
    yield receiver
    await runner.cleanup()


async def watch(bot: Client, topic: str = TOPIC, **more: Any) -> dict[str, Any]:
    body = {"topicName": topic, **more}
    return await bot(lambda users: users.watch(userId="me", body=body))


async def verify(token: Any, certs_url: str) -> dict[str, Any]:
    request = google.auth.transport.requests.Request()
    return dict(await asyncio.to_thread(id_token.verify_token, token, request, AUDIENCE, certs_url))


async def test_a_change_is_pushed_with_a_valid_token(
    gmail: GmailServer, bot: Client, app: Receiver, clock: FakeClock
) -> None:
    watched = await watch(bot, labelIds=["INBOX"], labelFilterBehavior="include")
    assert int(watched["expiration"]) == clock.now() // 1_000 + 7 * 24 * 3_600_000
    await gmail.settled()
    gmail.send_as(ALICE, to=BOT, text="hi")
    await bot.send(To=ALICE, Subject="not in the inbox")
    await gmail.settled()
    first, second = app.said()
    assert first == {"emailAddress": BOT, "historyId": int(watched["historyId"])}
    assert second["historyId"] > first["historyId"]
    assert app.envelopes[0]["message"]["messageId"] != app.envelopes[1]["message"]["messageId"]
    assert app.envelopes[0]["subscription"].startswith("projects/acme/subscriptions/")
    for certs in (gmail.urls.certs, gmail.urls.keys):
        claims = await verify(app.tokens[-1], certs)
        assert claims["iss"] == "https://accounts.google.com"
        assert claims["email"] == "pusher@acme.iam.gserviceaccount.com"
        assert claims["email_verified"] is True


async def test_a_watch_ends(
    gmail: GmailServer, bot: Client, app: Receiver, clock: FakeClock
) -> None:
    await watch(bot)
    with pytest.raises(HttpError, match="Only one user push"):
        await watch(bot, "projects/acme/topics/other")
    with pytest.raises(HttpError, match="topicName"):
        await watch(bot, "mail")
    clock.advance(hours=7 * 24)
    gmail.send_as(ALICE, to=BOT, text="too late")
    await gmail.settled()
    assert len(app.envelopes) == 1
    await watch(bot)
    await bot(lambda users: users.stop(userId="me"))
    gmail.send_as(ALICE, to=BOT, text="stopped")
    await gmail.settled()
    assert len(app.envelopes) == 2


async def test_notifications_may_be_doubled_late_lost_or_repeated(
    gmail: GmailServer, bot: Client, app: Receiver
) -> None:
    await watch(bot)
    await gmail.settled()
    app.envelopes.clear()
    gmail.notify("doubled")
    gmail.send_as(ALICE, to=BOT, text="1")
    await gmail.settled()
    assert len({e["message"]["messageId"] for e in app.envelopes}) == 1 < len(app.envelopes)
    gmail.notify("lost")
    gmail.send_as(ALICE, to=BOT, text="2")
    gmail.notify("held")
    gmail.send_as(ALICE, to=BOT, text="3")
    gmail.send_as(ALICE, to=BOT, text="4")
    await gmail.settled()
    assert len(app.envelopes) == 2
    await gmail.release()
    late, early = app.said()[2:]
    assert late["historyId"] > early["historyId"]
    gmail.notify("now")
    app.status = 503
    gmail.send_as(ALICE, to=BOT, text="5")
    await gmail.redeliver()
    app.status = 204
    await gmail.redeliver()
    await gmail.redeliver()
    assert gmail.notices()[-1].statuses == [503, 503, 204]


_SEEN_BY_GOOGLE = {
    Forgery.WRONG_AUDIENCE, Forgery.EXPIRED, Forgery.NOT_YET, Forgery.OTHER_KEY,
    Forgery.UNKNOWN_KEY_ID, Forgery.ALG_NONE, Forgery.HS256, Forgery.TAMPERED, Forgery.GARBAGE,
}  # fmt: skip


@pytest.mark.parametrize("forgery", list(Forgery))
async def test_forged_tokens(gmail: GmailServer, app: Receiver, forgery: Forgery) -> None:
    assert await gmail.push(BOT, forgery=forgery) == [204]
    (token,) = app.tokens
    if forgery in _SEEN_BY_GOOGLE:
        for certs in (gmail.urls.certs, gmail.urls.keys):
            with pytest.raises((GoogleAuthError, PyJWTError, ValueError)):
                await verify(token, certs)
    elif forgery is Forgery.MISSING:
        assert token is None
    else:
        # Google's library leaves these to its caller.
        claims = await verify(token, gmail.urls.certs)
        wrong = (
            claims["iss"] != "https://accounts.google.com"
            or claims.get("email") != "pusher@acme.iam.gserviceaccount.com"
            or claims.get("email_verified") is not True
        )
        assert wrong


async def test_the_apps_settings_lead_here(
    gmail: GmailServer, app: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = gmail.environment(BOT)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    read = ChannelSettings()
    assert read.has_gmail
    assert read.gmail_push_audience == AUDIENCE
    assert read.google_certs_url == gmail.urls.certs
    assert {name.lower() for name in settings} <= set(ChannelSettings.model_fields)


async def test_poison_can_be_pushed(gmail: GmailServer, app: Receiver) -> None:
    await gmail.push(BOT, data=b"\xff not json")
    await gmail.push(BOT, address="nobody@example.org", history_id=1)
    assert base64.b64decode(app.envelopes[0]["message"]["data"]) == b"\xff not json"
    said = json.loads(base64.b64decode(app.envelopes[1]["message"]["data"]))
    assert said == {"emailAddress": "nobody@example.org", "historyId": 1}
