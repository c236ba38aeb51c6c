"""An app made from a manifest can do no more than the manifest says."""

from __future__ import annotations

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.slack.failures import NotOnScreen
from tests.slack.manifest import app_of
from tests.slack.server import Slack

MANIFEST = {
    "display_information": {"name": "Handraise"},
    "features": {
        "bot_user": {"display_name": "Handraise"},
        "slash_commands": [{"command": "/handraise"}],
        "shortcuts": [{"type": "message", "callback_id": "ask", "name": "Ask"}],
    },
    "oauth_config": {
        "redirect_urls": ["https://app.example/slack/oauth_redirect"],
        "scopes": {"bot": ["chat:write", "commands", "im:history", "channels:history"]},
    },
    "settings": {
        "event_subscriptions": {"bot_events": ["message.im", "app_mention"]},
        "interactivity": {"is_enabled": False},
        "token_rotation_enabled": True,
    },
}


async def test_a_manifest_bounds_what_the_app_hears_and_does() -> None:
    async with Slack(app=app_of(MANIFEST)) as slack:
        team = slack.add_team("Acme", "ana")
        token = slack.install(team)
        bot = slack.workspace.bot_of(team.id)
        slack.add_channel("general", "ana", bot)
        assert token.expires_at is not None
        client = AsyncWebClient(token.value, base_url=slack.api_url)
        await client.chat_postMessage(channel=slack.user("ana").id, text="hello")
        with pytest.raises(SlackApiError, match="missing_scope"):
            await client.users_info(user=slack.user("ana").id)
        await slack.mention("ana", "general", "no scope for mentions, no subscription to channels")
        await slack.post.settled()
        assert [p.body["event"]["channel_type"] for p in slack.post.lost] == ["im"]
        message = await slack.post_as("ana", "general", "x")
        with pytest.raises(NotOnScreen, match="no shortcut"):
            await slack.shortcut("ana", "ask")
        with pytest.raises(NotOnScreen, match="interactivity"):
            await slack.message_shortcut("ana", "general", message.ts, "ask")
        with pytest.raises(NotOnScreen):
            await slack.slash("ana", "/other")


async def test_what_somebody_looks_at_is_told_to_agents() -> None:
    async with Slack() as slack:
        team = slack.add_team("Acme", "ana")
        slack.install(team)
        slack.add_channel("general", "ana")
        await slack.look_at("ana", "general")
        (parcel,) = slack.post.lost
        entity = parcel.body["event"]["context"]["entities"][0]
        assert entity["value"] == slack.channel("general").id
