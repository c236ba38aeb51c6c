"""Where a session lives besides the page, in words, with a way there where there is one."""

from __future__ import annotations

from urllib.parse import urlencode

from bot.channels.gmail.threads import read_head
from bot.channels.slack.addresses import NoAddress, place_room
from bot.domain.instants import iso
from bot.domain.place import Binding, channel_of
from web.api import models

_DIRECT = "D"
"""What the id of a direct message begins with in Slack."""


def show_place(binding: Binding) -> models.Place:
    """Return a place for whoever takes part in its session."""
    channel = channel_of(binding.place)
    name, url = "", None
    if channel == "slack":
        name, url = _slack(binding.place)
    elif channel == "email":
        name = read_head(binding.head).thread.subject
    return models.Place(
        channel=channel,
        name=name,
        people=_people(binding) if channel == "email" else [],
        url=url,
        since=iso(binding.created_at),
    )


def _people(binding: Binding) -> list[str]:
    """Return who takes part in a mail thread: by name, where they have one."""
    return [name or email for email, name in read_head(binding.head).people]


def _slack(place: str) -> tuple[str, str | None]:
    try:
        room = place_room(place)
    except NoAddress:
        return "", None
    name = "direct message" if room.channel.startswith(_DIRECT) else "thread"
    asked = urlencode({"team": room.team, "channel": room.channel})
    return name, f"https://slack.com/app_redirect?{asked}"
