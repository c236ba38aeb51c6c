"""The one door from Slack's payloads to facts: events, interactions and slash commands."""

from __future__ import annotations

from bot.channels.slack.events import event_team, read_event
from bot.channels.slack.facts import Fact, Ignored
from bot.channels.slack.interactions import interaction_team, read_command, read_interaction
from bot.channels.slack.shape import Shape

__all__ = ["team_of", "translate"]


def translate(payload: object, *, bot: str | None = None) -> Fact | Ignored:
    """Return what a payload of any kind says; `Malformed` for what Slack does not send.

    `bot` is the bot's own user id in that team, where it is known.
    """
    body = Shape(payload)
    if body.has("command") and not body.has("type"):
        return read_command(payload)
    if body.text("type") == "event_callback":
        return read_event(payload, bot=bot)
    return read_interaction(payload)


def team_of(payload: object) -> str:
    """Return the team in whose installation a payload is for; `Malformed` when it names none."""
    body = Shape(payload)
    if body.has("command") and not body.has("type"):
        return body.id("team_id")
    if body.text("type") == "event_callback":
        return event_team(payload)
    return interaction_team(payload)
