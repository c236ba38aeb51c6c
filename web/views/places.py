"""Where a session lives besides the page and could live, in words, with ways there."""

from __future__ import annotations

import json
from collections.abc import Collection
from urllib.parse import urlencode

from bot.channels.gmail.threads import read_head
from bot.channels.slack.addresses import NoAddress, place_room
from bot.domain.instants import iso
from bot.domain.place import Binding, channel_of
from bot.domain.post import Post, PostState
from bot.domain.session import Session
from bot.service.opening import CHANNELS, address_of, is_needless, newest_opening, ways
from bot.service.ports.store import Transaction
from web.api import models

_DIRECT = "D"
"""What the id of a direct message begins with in Slack."""


def show_place(binding: Binding) -> models.Place:
    """Return a place for whoever takes part in its session."""
    channel = channel_of(binding.place)
    name, url = "", None
    if channel == "slack":
        name, url = _slack(binding)
    elif channel == "email":
        name = read_head(binding.head).thread.subject
    return models.Place(
        channel=channel,
        name=name,
        people=_people(binding) if channel == "email" else [],
        url=url,
        since=iso(binding.created_at),
        state="open",
        address=None,
        error=None,
    )


def show_openings(tx: Transaction, session: Session) -> list[models.Place]:
    """Return the places of a session that are on their way, or could not be opened."""
    tries = [newest_opening(tx, session.id, channel) for channel in CHANNELS]
    return [_opening(post) for post in tries if post is not None and not _is_over(tx, post)]


def show_ways(tx: Transaction, session: Session, channels: Collection[str]) -> list[models.Way]:
    """Return which places a session's owner could open."""
    shown = []
    for way in ways(tx, session, channels):
        listed = tx.directory.get(way.channel, way.address) if way.address else None
        shown.append(
            models.Way(
                channel=way.channel,
                address=way.address or None,
                name="" if listed is None else listed.name or listed.handle,
                refusal=way.refusal or None,
            )
        )
    return shown


def _is_over(tx: Transaction, post: Post) -> bool:
    """Tell whether a try has landed, or the session goes on there otherwise since it failed."""
    if post.state is PostState.DEAD:
        return bool(is_needless(tx, post))
    return post.state is PostState.SENT


def _opening(post: Post) -> models.Place:
    failed = post.state is PostState.DEAD
    return models.Place(
        channel=post.channel,
        name="",
        people=[],
        url=None,
        since=iso(post.created_at),
        state="failed" if failed else "opening",
        address=address_of(post) or None,
        error=post.last_error,
    )


def _people(binding: Binding) -> list[str]:
    """Return who takes part in a mail thread: by name, where they have one."""
    return [name or email for email, name in read_head(binding.head).people]


def _slack(binding: Binding) -> tuple[str, str | None]:
    try:
        room = place_room(binding.place)
    except NoAddress:
        return "", None
    name = "direct message" if room.channel.startswith(_DIRECT) else "thread"
    asked = urlencode({"team": room.team, "channel": room.channel})
    kept = json.loads(binding.head).get("url")
    if isinstance(kept, str):
        return name, kept  # of a thread that we began
    return name, f"https://slack.com/app_redirect?{asked}"
