"""An app as its manifest describes it, so that a missing scope or subscription shows in a test."""

from __future__ import annotations

from typing import Any

from tests.slack.records import Json, SlackApp


def app_of(manifest: Json, **secrets: Any) -> SlackApp:
    """Return the app of a manifest: what it may do and what it is told, and nothing else.

    `secrets` are fields of `SlackApp` that no manifest has.
    """
    features, oauth = manifest.get("features", {}), manifest.get("oauth_config", {})
    settings = manifest.get("settings", {})
    shortcuts = {
        (str(shortcut["type"]), str(shortcut["callback_id"]))
        for shortcut in features.get("shortcuts", [])
    }
    commands = (str(command["command"]) for command in features.get("slash_commands", []))
    name = features.get("bot_user", {}).get("display_name")
    return SlackApp(
        name=str(name or manifest["display_information"]["name"]).lower(),
        bot_scopes=frozenset(oauth.get("scopes", {}).get("bot", [])),
        redirect_urls=tuple(oauth.get("redirect_urls", [])),
        events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", [])),
        commands=frozenset(commands),
        shortcuts=frozenset(shortcuts),
        interactive=bool(settings.get("interactivity", {}).get("is_enabled")),
        token_rotation=bool(settings.get("token_rotation_enabled")),
        **secrets,
    )
