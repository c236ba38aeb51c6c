"""What goes wrong on order, as Google's client sees it; and the control API over HTTP."""

from __future__ import annotations

import base64
import http.client
from typing import Any

import aiohttp
import pytest
from google.auth.exceptions import RefreshError
from googleapiclient.errors import HttpError

from tests.gmail.client import Client
from tests.gmail.conftest import ALICE, BOT
from tests.gmail.server import GmailServer


async def profile(client: Client) -> dict[str, Any]:
    return await client(lambda users: users.getProfile(userId="me"))


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        ("not_found", 404, "notFound"),
        ("rate_limit", 429, "rateLimitExceeded"),
        ("user_rate_limit", 429, "userRateLimitExceeded"),
        ("rate_limit_403", 403, "rateLimitExceeded"),
        ("daily_limit", 403, "dailyLimitExceeded"),
        ("quota", 403, "quotaExceeded"),
        ("internal", 500, "backendError"),
        ("unavailable", 503, "backendError"),
        ("gateway_timeout", 504, "backendError"),
    ],
)
async def test_errors_have_googles_shape(
    gmail: GmailServer, bot: Client, fault: str, status: int, reason: str
) -> None:
    gmail.fail("getProfile", fault, after=1, times=2, retry_after=7)
    await profile(bot)
    for _ in range(2):
        with pytest.raises(HttpError) as failed:
            await profile(bot)
        assert failed.value.status_code == status
        assert failed.value.error_details[0]["reason"] == reason
        assert (failed.value.resp.get("retry-after") == "7") == (
            status in {403, 429} and fault != "daily_limit"
        )
    await profile(bot)
    assert [call.fault for call in gmail.calls("getProfile")] == [None, fault, fault, None]


async def test_an_error_need_not_be_json(gmail: GmailServer, bot: Client) -> None:
    gmail.fail("getProfile", "bad_gateway")
    with pytest.raises(HttpError) as failed:
        await profile(bot)
    assert failed.value.status_code == 502


@pytest.mark.parametrize(
    ("fault", "happened", "error"),
    [
        ("reset", 0, ConnectionResetError),
        ("reset_after", 1, ConnectionResetError),
        ("hang", 0, TimeoutError),
        ("hang_after", 1, TimeoutError),
        ("garbled", 1, http.client.IncompleteRead),
    ],
)
async def test_the_connection_may_be_lost_before_or_after_the_effect(
    gmail: GmailServer, fault: str, happened: int, error: type[Exception]
) -> None:
    bot = Client(gmail, BOT, timeout=0.3)
    gmail.fail("messages.send", fault, mailbox=BOT)
    with pytest.raises(error):
        await bot.send(To=ALICE, Subject="Hi")
    assert len(gmail.inbox(ALICE)) == happened
    assert len(gmail.calls("messages.send")) == 1
    await bot.send(To=ALICE, Subject="Hi")


async def test_a_close_in_order_makes_httplib2_send_twice(gmail: GmailServer, bot: Client) -> None:
    """Nobody asked for the second one: an app has to guard against it by itself."""
    gmail.fail("messages.send", "close_after")
    await bot.send(To=ALICE, Subject="Hi", Message_ID="<once@example.org>")
    assert len(gmail.inbox(ALICE)) == 2


async def test_tokens_and_certificates_can_fail_too(gmail: GmailServer, bot: Client) -> None:
    gmail.fail("oauth.token", "quota")
    with pytest.raises(RefreshError):
        await profile(bot)
    await profile(bot)
    gmail.fail("getProfile", "internal", times=100)
    gmail.stop_failing()
    await profile(bot)
    gmail.fail("oauth.certs", "internal")
    async with aiohttp.ClientSession() as session:
        for status in (500, 200):
            async with session.get(gmail.urls.certs) as answer:
                assert answer.status == status


async def test_a_scanner_opens_every_link(gmail: GmailServer) -> None:
    links = [gmail.urls.certs, f"{gmail.url}/nothing/here"]
    html = "".join(f'<a href="{link}">x</a>' for link in links)
    mail = gmail.send_as(BOT, to=ALICE, html=html).copy
    assert await gmail.scan_links(mail) == dict(zip(links, (200, 404), strict=True))
    assert len(gmail.calls("oauth.certs")) == 2


class Control:
    """The control API as somebody without Python would use it."""

    def __init__(self, gmail: GmailServer, session: aiohttp.ClientSession) -> None:
        self._url, self._session = gmail.url, session

    async def __call__(self, act: str, **arguments: Any) -> Any:
        url = f"{self._url}/control/{act}"
        async with self._session.post(url, json=arguments) as answer:
            return await answer.json() if answer.status == 200 else answer.status


async def test_everything_can_be_done_over_http(gmail: GmailServer) -> None:
    async with aiohttp.ClientSession() as session:
        control = Control(gmail, session)
        async with session.get(f"{gmail.url}/control/") as answer:
            listing = await answer.json()
        assert {"send_as", "reply_as", "push"} <= set(listing["acts"])
        await control("add_mailbox", address="carol@example.org", name="Carol")
        posted = await control(
            "send_as", mailbox=ALICE, to=["carol@example.org"], subject="Hi",
            html='<a href="https://a.example/f/1">go</a>',
            attachments=[["a.txt", "text/plain", base64.b64encode(b"abc").decode()]],
        )  # fmt: skip
        (mail,) = await control("inbox", mailbox="carol@example.org")
        assert mail["messageId"] == posted["messageId"]
        assert mail["links"] == ["https://a.example/f/1"]
        replied = await control(
            "reply_as", mailbox="carol@example.org", message=mail["id"], text="ok", style="phone"
        )
        assert replied["copies"][ALICE]["text"].startswith("ok\n\nSent from my iPhone")
        raw = base64.b64encode(f"From: x@y.example\r\nTo: {BOT}\r\n\r\nraw".encode()).decode()
        await control("send_as", mailbox="x@y.example", raw=raw, auth="none")
        assert gmail.inbox(BOT)[0].text == "raw"
        before = await control("now")
        assert await control("advance", hours=1) == before + 3_600_000_000
        await control("fail", method="getProfile", fault="internal")
        assert len(await control("notices")) == 0
        assert await control("nonsense") == 400
        assert await control("inbox", mailbox="nobody@example.org") == 400
        assert await control("fail", method="getProfile", fault="nonsense") == 400


async def test_a_clock_of_its_own_can_be_set(gmail: GmailServer) -> None:
    moment = 1_900_000_000_000_000
    async with GmailServer(BOT) as alone, aiohttp.ClientSession() as session:
        set_to = await Control(alone, session)("set_time", moment=moment)
        assert 0 <= set_to - moment < 60_000_000
        mail = alone.send_as(ALICE, to=BOT, text="x").copy
        assert mail.received_at >= moment
        assert await Control(gmail, session)("set_time", moment=moment) == 400
