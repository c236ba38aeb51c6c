"""Putting a new question: its row, its people, its first cards, and a word in the session."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.commands import CHAT
from bot.domain.feedback import FeedbackRequest, Part, Route
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.domain.planning import Role
from bot.domain.routing import Routing
from bot.domain.text import listed
from bot.service.conversation import Conversation
from bot.service.ports.store import Topic, Transaction
from bot.service.reaching import reach
from bot.service.recipients import Addressee
from bot.service.rooms import put_into_room
from bot.service.settling import tell_everybody


def put(
    tx: Transaction,
    conversation: Conversation,
    request: FeedbackRequest,
    addressees: Sequence[Addressee],
    turn_id: str | None,
    now: Micros,
    routing: Routing,
    *,
    said: str = "",
    room: str | None = None,
) -> None:
    """Store a new request, its recipients and their cards, and say so in the session."""
    tx.requests.add(request)
    for position, a in enumerate(addressees):
        tx.requests.add_recipient(request.id, a.person.id, position, a.part, a.route, a.by_id)
        in_room = room is not None and a.part is Part.DECIDER
        reach(tx, request, a.person, now, routing, in_room=in_room)
    if room is not None:
        put_into_room(tx, request, addressees[0].person, room, now)
    tx.announce(Topic.SURFACE, request.id)
    conversation.say(
        Role.AGENT,
        said or _asked(request, addressees),
        channel=CHAT,
        request_id=request.id,
        turn_id=turn_id,
    )
    conversation.count_question(1)
    tell_everybody(conversation, request, [a.person.id for a in addressees])
    tx.journal.add(
        Entry(
            kind="request.asked",
            at=now,
            session_id=request.session_id,
            request_id=request.id,
            person_id=request.asker_id,
            data={
                "digest": request.digest,
                "people": [a.person.id for a in addressees if a.part is Part.DECIDER],
                "told": [a.person.id for a in addressees if a.part is Part.NOTIFIED],
            },
        )
    )


def _asked(request: FeedbackRequest, addressees: Sequence[Addressee]) -> str:
    names = {a.person.id: a.person.name for a in addressees}
    people = [a.person.name for a in addressees if a.part is Part.DECIDER]
    text = f"I asked {listed(people)}: {request.question}"
    for a in addressees:
        if a.route is Route.AWAY and a.by_id is not None:
            text += f"\n\n{names[a.by_id]} is away, so {a.person.name} is asked instead."
    return text
