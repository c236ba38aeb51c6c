"""A Bolt app for the simulator's own tests, mounted as the product mounts it."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.slack.server import Slack

BUTTONS: dict[str, Any] = {
    "type": "actions",
    "block_id": "acts",
    "elements": [
        {
            "type": "button",
            "action_id": "approve",
            "text": {"type": "plain_text", "text": "Approve"},
            "value": "q1",
        },
        {
            "type": "static_select",
            "action_id": "pick",
            "options": [
                {"text": {"type": "plain_text", "text": name}, "value": name} for name in "abc"
            ],
        },
    ],
}


def modal(**more: Any) -> dict[str, Any]:
    view = {
        "type": "modal",
        "callback_id": "answer",
        "title": {"type": "plain_text", "text": "Answer"},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": [
            {
                "type": "input",
                "block_id": "why",
                "label": {"type": "plain_text", "text": "Why?"},
                "element": {"type": "plain_text_input", "action_id": "reason", "max_length": 20},
            },
            {
                "type": "input",
                "block_id": "who",
                "optional": True,
                "label": {"type": "plain_text", "text": "Who?"},
                "element": {
                    "type": "external_select",
                    "action_id": "person",
                    "min_query_length": 1,
                },
            },
        ],
    }
    return view | more


class App:
    """A Bolt app mounted on aiohttp as the product does it, that keeps what it hears."""

    def __init__(self, slack: Slack, token: str, session: aiohttp.ClientSession) -> None:
        client = AsyncWebClient(token, base_url=slack.api_url, session=session, retry_handlers=[])
        self.bolt = AsyncApp(
            client=client,
            signing_secret=slack.app.signing_secret,
            process_before_response=True,
        )
        self.heard: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.statuses: list[int] = []
        self.bolt.event({"type": "message"})(self._keep)
        for name in ("app_mention", "app_home_opened", "tokens_revoked", "app_uninstalled"):
            self.bolt.event(name)(self._keep)
        self.bolt.event("assistant_thread_started")(self._keep)
        self.bolt.event("member_joined_channel")(self._keep)
        self.bolt.event("user_change")(self._keep)
        self.bolt.event("reaction_added")(self._keep)

    async def _keep(self, body: dict[str, Any]) -> None:
        self.heard.append(body)

    async def handle(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        if self.statuses:
            return web.Response(status=self.statuses.pop(0))
        answered = await self.bolt.async_dispatch(await to_bolt_request(request))
        return await to_aiohttp_response(answered)

    def types(self) -> list[str]:
        events = (body["event"] for body in self.heard)
        return [e["type"] + (f".{e['subtype']}" if "subtype" in e else "") for e in events]


async def code_of(call: Any) -> str:
    """Wait for a call that must fail; return Slack's code."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])
