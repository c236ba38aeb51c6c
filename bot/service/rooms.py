"""Rooms: a channel or a thread where several people see one card of a question."""

from __future__ import annotations

import re

from bot.domain.commands import SYSTEM_CHANNEL
from bot.domain.errors import Invalid
from bot.domain.feedback import FeedbackRequest
from bot.domain.instants import Micros
from bot.domain.person import Person
from bot.domain.place import channel_of, key_of
from bot.domain.planning import Role
from bot.domain.routing import Routing, lane_of
from bot.domain.surface import ASKING_PRIORITY, Surface
from bot.service.conversation import Conversation
from bot.service.identifiers import new_id
from bot.service.ports.store import Transaction

ROOM = "slack.room"
"""The kind under which the directory lists the channels that were mentioned."""
SLACK = "slack"
HERE = "here"
_DIRECT = re.compile(r"[^/]*/D")
"""Of the keys of places: what two people write to each other."""
_ID = re.compile(r"[cg][a-z0-9]{6,20}")


def address_of_room(tx: Transaction, room: str, place: str | None, routing: Routing) -> str:
    """Return the address of `#ops` or `here`; `Invalid` with a sentence where there is none.

    A name is known once somebody has mentioned that channel in Slack, which names it for certain.
    """
    if SLACK not in routing.order:
        raise Invalid("Slack is not connected here, so I cannot ask in a channel.", code="room")
    if room == HERE:
        if place is None or channel_of(place) != SLACK:
            raise Invalid("This session lives in no Slack thread, so I cannot ask “here”.")
        if is_direct(place):
            raise Invalid(
                "These are your direct messages, which nobody else reads. Leave out “here”, or "
                "name a channel.",
                code="room",
            )
        return f"#{key_of(place)}"
    name = room.removeprefix("#")
    team = team_of(place) if place and channel_of(place) == SLACK else ""
    found = [
        listed.key
        for listed in tx.directory.named(ROOM, name, 5)
        if not team or listed.key.startswith(f"{team}/")
    ]
    if not found and team and _ID.fullmatch(name):
        found = [f"{team}/{name.upper()}"]
    if len(found) != 1:
        raise Invalid(
            f"I do not know for certain which channel “#{name}” is. Mention it in Slack (with its "
            "own link, as Slack offers it), and invite me there.",
            code="room",
        )
    return f"#{found[0]}"


def is_direct(place: str) -> bool:
    """Tell whether a place in Slack is among somebody's direct messages."""
    return _DIRECT.match(key_of(place)) is not None


def team_of(place: str) -> str:
    """Return the workspace of a place in Slack."""
    return key_of(place).partition("/")[0]


def put_into_room(
    tx: Transaction, request: FeedbackRequest, person: Person, address: str, now: Micros
) -> None:
    """Give a request its one card in a room; `person` is whom its failures are told for."""
    tx.surfaces.add(
        Surface(
            id=new_id(),
            request_id=request.id,
            person_id=person.id,
            channel=SLACK,
            address=address,
            lane=lane_of(SLACK, "/".join(address.split("/")[:2])),
            position=0,
            priority=ASKING_PRIORITY,
            wanted_version=request.version,
            shown_version=0,
            seen_version=0,
            due_at=now,
            claim_owner=None,
            claim_number=0,
            claim_until=None,
            attempts=0,
        )
    )


def is_in_room(surface: Surface) -> bool:
    """Tell whether a card is the one that several people read in a room."""
    return surface.address.startswith("#")


def tell_room_is_lost(
    tx: Transaction, request: FeedbackRequest, surface: Surface, now: Micros, timeout: Micros
) -> None:
    """Tell the asker that a card could not be put into its room, and what is done instead."""
    locked = tx.requests.lock(request.id)
    session = tx.sessions.lock(request.session_id)
    kept = tx.surfaces.get(surface.id)
    if locked is None or not locked.is_open or session is None or kept is None:
        return
    why = kept.last_error or "no reason given"
    conversation = Conversation(tx, session, now, timeout)
    conversation.place = request.place
    conversation.say(
        Role.SYSTEM,
        f"I could not put “{request.question}” into the channel ({why}). I ask everybody alone "
        "instead. To have it asked there next time, invite me.",
        channel=SYSTEM_CHANNEL,
        request_id=request.id,
        stirs=False,
    )
    conversation.save()


def room_of(tx: Transaction, request: FeedbackRequest) -> str | None:
    """Return the address of the room that a request's card went into; None for none."""
    surfaces = tx.surfaces.of_request(request.id)
    return next((s.address for s in surfaces if is_in_room(s)), None)
