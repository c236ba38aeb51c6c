"""Socket Mode, OAuth and the control API of the simulated Slack, with the real SDK's clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import jwt
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from tests.slack.demo import people
from tests.slack.server import Slack


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack() as slack:
        people(slack)
        yield slack


@pytest.fixture
async def web_client(slack: Slack) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(base_url=slack.api_url, session=session, retry_handlers=[])


class Listener:
    """A Socket Mode client that keeps what it hears, and acknowledges it or not."""

    def __init__(self, slack: Slack, client: AsyncWebClient, *, acks: bool = True) -> None:
        self.acks = acks
        self.heard: list[SocketModeRequest] = []
        self.client = SocketModeClient(
            app_token=slack.app.app_token, web_client=client, ping_interval=0.5
        )
        self.client.socket_mode_request_listeners.append(self._hear)  # type: ignore[arg-type]

    async def _hear(self, client: SocketModeClient, request: SocketModeRequest) -> None:
        self.heard.append(request)
        if self.acks:
            await client.send_socket_mode_response(
                SocketModeResponse(envelope_id=request.envelope_id)
            )

    async def __aenter__(self) -> Listener:
        await self.client.connect()  # type: ignore[no-untyped-call]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()  # type: ignore[no-untyped-call]


async def test_bolt_hears_and_answers_over_socket_mode(
    slack: Slack, web_client: AsyncWebClient
) -> None:
    web_client.token = slack.tokens.issue_bot(slack.installed()).value
    bolt = AsyncApp(client=web_client, signing_secret="unused")
    heard: list[dict[str, Any]] = []

    @bolt.event("app_mention")
    async def mention(event: dict[str, Any]) -> None:
        heard.append(event)

    @bolt.event("message")
    async def message(event: dict[str, Any]) -> None:
        heard.append(event)

    @bolt.command("/handraise")
    async def command(ack: Any) -> None:
        await ack("here I am")

    handler = AsyncSocketModeHandler(bolt, slack.app.app_token, ping_interval=0.5)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        await slack.sockets.wait_for(1)
        await slack.mention("ana", "general", "hello")
        assert sorted(event["type"] for event in heard) == ["app_mention", "message"]
        await slack.slash("ana", "/handraise")
        assert slack.ephemerals("ana")[0].text == "here I am"
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


async def test_envelopes_go_to_one_client_and_unacknowledged_ones_to_the_other(
    slack: Slack, web_client: AsyncWebClient
) -> None:
    slack.post.ack_timeout = 0.05
    async with (
        Listener(slack, web_client) as good,
        Listener(slack, web_client, acks=False) as silent,
    ):
        await slack.sockets.wait_for(2)
        for number in range(4):
            await slack.post_as("ana", "dm", str(number))
        texts = [r.payload["event"]["text"] for r in good.heard]
        assert sorted(texts) == ["0", "1", "2", "3"]
        assert silent.heard
        again = [r for r in good.heard if r.retry_attempt]
        assert len(again) == len(silent.heard)
        assert {r.retry_reason for r in again} == {"timeout"}
        assert all(delivery.ok for delivery in slack.post.deliveries)


async def test_a_client_that_is_told_to_leave_comes_back(
    slack: Slack, web_client: AsyncWebClient
) -> None:
    async with Listener(slack, web_client) as listener:
        await slack.sockets.wait_for(1)
        first = slack.sockets.connections[0]
        await slack.sockets.disconnect()
        async with asyncio.timeout(3), slack.sockets.changed:
            await slack.sockets.changed.wait_for(
                lambda: any(c is not first for c in slack.sockets.connections)
            )
        await slack.post_as("ana", "dm", "still there?")
        assert listener.heard


async def test_app_tokens_alone_open_connections(slack: Slack, web_client: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError, match="invalid_auth"):
        await web_client.apps_connections_open(app_token="xapp-wrong")
    bot = slack.tokens.issue_bot(slack.installed()).value
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        await web_client.apps_connections_open(app_token=bot)


def authorize_url(slack: Slack, path: str, **query: str) -> str:
    return f"{slack.url}{path}?{urlencode({'client_id': slack.app.client_id, **query})}"


async def test_a_team_is_installed_by_oauth_and_its_tokens_rotate(
    slack: Slack, web_client: AsyncWebClient
) -> None:
    slack.app.token_rotation = True
    slack.app.redirect_urls = ("http://app.example/slack/oauth_redirect",)
    slack.add_team("Second", "dora")
    asked = authorize_url(slack, "/oauth/v2/authorize", scope="chat:write,users:read", state="s1")
    async with (
        aiohttp.ClientSession() as browser,
        browser.get(
            f"{asked}&simulated_user={slack.user('dora').id}", allow_redirects=False
        ) as response,
    ):
        sent_to = urlsplit(response.headers["Location"])
    query = parse_qs(sent_to.query)
    assert query["state"] == ["s1"]
    secrets = {"client_id": slack.app.client_id, "client_secret": slack.app.client_secret}
    with pytest.raises(SlackApiError, match="bad_client_secret"):
        await web_client.oauth_v2_access(**secrets | {"client_secret": "x"}, code=query["code"][0])
    granted = await web_client.oauth_v2_access(
        client_id=secrets["client_id"],
        client_secret=secrets["client_secret"],
        code=query["code"][0],
    )
    assert granted["team"]["name"] == "Second"
    assert granted["authed_user"]["id"] == slack.user("dora").id
    assert granted["expires_in"] == 43_200
    with pytest.raises(SlackApiError, match="code_already_used"):
        await web_client.oauth_v2_access(**secrets, code=query["code"][0])
    refresh = {"grant_type": "refresh_token", "refresh_token": granted["refresh_token"]}
    rotated = await web_client.oauth_v2_access(**secrets, **refresh)
    assert rotated["access_token"] != granted["access_token"]
    with pytest.raises(SlackApiError, match="invalid_refresh_token"):
        await web_client.oauth_v2_access(**secrets, **refresh)
    assert (await web_client.auth_test(token=rotated["access_token"]))["team"] == "Second"
    old = slack.tokens.issue_bot(slack.workspace.installs[granted["team"]["id"]], rotating=False)
    await web_client.oauth_v2_exchange(token=old.value, **secrets)
    with pytest.raises(SlackApiError, match="token_already_exchanged"):
        await web_client.oauth_v2_exchange(token=old.value, **secrets)


async def test_signing_in_with_slack_says_who_somebody_is(
    slack: Slack, web_client: AsyncWebClient
) -> None:
    back = "http://app.example/back"
    asked = authorize_url(
        slack,
        "/openid/connect/authorize",
        scope="openid email profile",
        redirect_uri=back,
        nonce="n1",
        state="s",
        response_type="code",
    )
    code = parse_qs(urlsplit(slack.approve("ana", asked)).query)["code"][0]
    granted = await web_client.openid_connect_token(
        client_id=slack.app.client_id,
        client_secret=slack.app.client_secret,
        code=code,
        redirect_uri=back,
    )
    async with aiohttp.ClientSession() as session:
        keys = await (await session.get(f"{slack.url}/openid/connect/keys")).json()
    claims = jwt.decode(
        granted["id_token"],
        jwt.PyJWK(keys["keys"][0]).key,
        algorithms=["RS256"],
        audience=slack.app.client_id,
        issuer=slack.url,
    )
    assert (claims["nonce"], claims["email"]) == ("n1", "ana@example.org")
    told = await web_client.openid_connect_userInfo(token=granted["access_token"])
    assert told["https://slack.com/user_id"] == slack.user("ana").id


async def test_people_act_over_http_as_well(slack: Slack, web_client: AsyncWebClient) -> None:
    token = slack.tokens.issue_bot(slack.installed()).value
    async with aiohttp.ClientSession(base_url=slack.url) as face:

        async def act(act_name: str, /, **args: Any) -> tuple[int, Any]:
            async with face.post(f"/control/act/{act_name}", json=args) as response:
                return response.status, await response.json()

        status, said = await act(
            "post_as", who="ana", where="general", text="@handraise a < b", by_hand=True
        )
        assert status == 200
        assert said["result"]["text"] == f"<@{slack.installed().bot_user_id}> a &lt; b"
        button = {
            "type": "button",
            "action_id": "yes",
            "text": {"type": "plain_text", "text": "Yes"},
        }
        posted = await web_client.chat_postMessage(
            channel=said["result"]["channel"],
            text="?",
            blocks=[{"type": "actions", "elements": [button]}],
            token=token,
        )
        where = {"who": "ana", "where": "general", "ts": posted["ts"]}
        assert (await act("click", **where, action_id="no"))[0] == 409
        assert (await act("click", **where))[0] == 400
        async with Listener(slack, web_client) as listener:
            status, clicked = await act("click", **where, action_id="yes")
            assert clicked["result"]["ok"]
            assert listener.heard[-1].type == "interactive"
        status, _ = await act("add_channel", name="plans", people=["ana", "bob"], kind="group")
        assert status == 200
        await act("fail", method="chat.postMessage", kind="ratelimited", retry_after=3)
        with pytest.raises(SlackApiError):
            await web_client.chat_postMessage(channel="C1", text="x", token=token)
        async with face.get("/control/state") as response:
            state = await response.json()
        assert {channel["name"] for channel in state["channels"]} >= {"general", "plans"}
        async with face.get("/control/calls", params={"method": "chat.postMessage"}) as response:
            calls = (await response.json())["calls"]
        assert [call["status"] for call in calls] == [200, 429]
        assert "token" not in calls[0]
        async with face.post("/control/clock", json={"seconds": 60}) as response:
            assert (await response.json())["retried"] >= 0
