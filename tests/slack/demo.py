"""A small workspace to try the product in: three colleagues, a guest, and two channels."""

from __future__ import annotations

from tests.slack.records import Token
from tests.slack.server import Slack

ZONES = {"ana": ("Europe/Berlin", 3_600), "bob": ("America/New_York", -18_000)}


def people(slack: Slack) -> Token:
    """Fill an empty Slack; return the app's bot token."""
    team = slack.add_team("Acme", "ana", "bob", "carol")
    for name, (zone, offset) in ZONES.items():
        user = slack.user(name)
        user.tz, user.tz_label, user.tz_offset = zone, zone, offset
    slack.add_user("gus", team, is_restricted=True, real_name="Gus the Guest")
    token = slack.install(team, "ana")
    bot = slack.workspace.bot_of(team.id)
    slack.add_channel("general", "ana", "bob", "carol", bot)
    slack.add_channel("finance", "ana", "bob", bot, kind="group")
    slack.add_channel("random", "ana", "bob", "carol", "gus")
    return token
