"""Where a session lives outside the web: one Slack thread, one mail thread."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.instants import Micros


def place_of(channel: str, key: str) -> str:
    """Return a place: the channel's name and the channel's own key of a thread there."""
    return f"{channel}:{key}"


def channel_of(place: str) -> str:
    """Return the channel that a place is on."""
    return place.partition(":")[0]


def key_of(place: str) -> str:
    """Return the channel's own key of a place."""
    return place.partition(":")[2]


def new_place(channel: str, session_id: str) -> str:
    """Return what stands for a session's next place on a channel, until it has landed there."""
    return place_of(channel, f"new/{session_id}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Binding:
    """A place that belongs to a session; one place belongs to one session."""

    place: str
    session_id: str
    lane: str
    """What is sent in order and fails together."""
    head: str = "{}"
    """What the channel must know to write there, as JSON in its own words: a mail thread's subject,
    its references, who takes part."""
    created_at: Micros
