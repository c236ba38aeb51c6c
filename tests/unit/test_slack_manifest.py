"""The app's manifest has what the code needs: scopes of every call, events, commands, shortcuts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from bot.channels.slack.cards import EVENT_TYPE as SURFACE
from bot.channels.slack.commanding import COMMAND
from bot.channels.slack.entrance import PATH
from bot.channels.slack.greeting import PROMPTS
from bot.channels.slack.listeners import EVENTS
from bot.channels.slack.oauth import REDIRECT
from bot.channels.slack.pointing import SHORTCUT
from bot.channels.slack.scopes import BOT_SCOPES
from bot.channels.slack.speaking import EVENT_TYPE as POST
from tests.slack.scopes import EVENT_SCOPES, RULES
from web.auth.slack_routes import PATH as SIGN_IN

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "bot" / "channels" / "slack"
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "app_manifest.yml").read_text(encoding="utf-8"))
SETTINGS = MANIFEST["settings"]
FEATURES = MANIFEST["features"]
SCOPES = MANIFEST["oauth_config"]["scopes"]["bot"]
NOT_METHODS = {"close", "connect_to_new_endpoint", "is_connected", "send_socket_mode_response"}
"""Of Socket Mode's client."""


def called() -> set[str]:
    """Return the Web API methods that the code calls, as Slack names them."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.glob("*.py"))
    found = set(re.findall(r"\bclient\.([a-zA-Z0-9_]+)\(", text)) - NOT_METHODS
    return {name.replace("_", ".") for name in found}


def test_the_code_calls_methods_that_are_known_here() -> None:
    assert {"chat.postMessage", "chat.update", "users.info", "views.open"} <= called()
    assert called() <= set(RULES)


def test_every_call_has_a_scope() -> None:
    lacking = {
        method: RULES[method].any_of
        for method in called()
        if RULES[method].any_of
        and "bot" in RULES[method].tokens
        and not set(RULES[method].any_of) & set(SCOPES)
    }
    assert lacking == {}


def test_histories_of_every_kind_of_channel_can_be_read() -> None:
    for method in ("conversations.history", "conversations.replies"):
        assert set(RULES[method].any_of) <= set(SCOPES)


def test_an_installation_asks_for_what_the_manifest_has() -> None:
    assert tuple(SCOPES) == BOT_SCOPES
    assert sorted(SCOPES) == SCOPES


def test_the_events_are_those_that_are_heard_and_each_has_its_scope() -> None:
    assert tuple(SETTINGS["event_subscriptions"]["bot_events"]) == EVENTS
    for event in EVENTS:
        needed = EVENT_SCOPES.get(event)
        assert needed is None or set(needed) & set(SCOPES), event


def test_metadata_is_subscribed_to_by_the_names_that_are_written() -> None:
    named = {one["event_type"] for one in SETTINGS["event_subscriptions"]["metadata_subscriptions"]}
    assert named == {SURFACE, POST}
    assert "metadata.message:read" in SCOPES


def test_the_command_the_shortcut_and_the_addresses_are_those_of_the_code() -> None:
    (command,) = FEATURES["slash_commands"]
    assert command["command"] == COMMAND
    assert command["should_escape"] is True
    (shortcut,) = FEATURES["shortcuts"]
    assert (shortcut["callback_id"], shortcut["type"]) == (SHORTCUT, "message")
    urls = {
        command["url"],
        SETTINGS["event_subscriptions"]["request_url"],
        SETTINGS["interactivity"]["request_url"],
        SETTINGS["interactivity"]["message_menu_options_url"],
    }
    (url,) = urls
    assert url.endswith(PATH)
    install, sign_in = MANIFEST["oauth_config"]["redirect_urls"]
    assert install.endswith(REDIRECT)
    assert sign_in.endswith(f"{SIGN_IN}/callback")


def test_the_agent_home_and_interactivity_are_on() -> None:
    assert FEATURES["app_home"]["home_tab_enabled"] is True
    assert FEATURES["app_home"]["messages_tab_read_only_enabled"] is False
    assert SETTINGS["interactivity"]["is_enabled"] is True
    assert SETTINGS["token_rotation_enabled"] is True
    prompts = [
        (one["title"], one["message"]) for one in FEATURES["agent_view"]["suggested_prompts"]
    ]
    assert prompts == list(PROMPTS)


def test_texts_are_as_long_as_slack_wants_them() -> None:
    shown = MANIFEST["display_information"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 174 <= len(shown["long_description"]) <= 4_000
    assert len(FEATURES["shortcuts"][0]["name"]) <= 24
    assert len(FEATURES["shortcuts"][0]["description"]) <= 150
