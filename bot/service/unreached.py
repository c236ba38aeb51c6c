"""A question that reaches its person no more: it came back, or they have left where it was sent.

It is tried on their other channels, and its asker is told at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.commands import SYSTEM_CHANNEL
from bot.domain.feedback import FeedbackRequest, Part
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.domain.planning import Role
from bot.domain.surface import SETTLING_PRIORITY, Surface, SurfaceState
from bot.service.conversation import Conversation
from bot.service.ports.store import Topic, Transaction
from bot.service.rooms import is_in_room

RETURNED = "surface.returned"
PAGE = 100


def came_back(
    tx: Transaction,
    *,
    surface_id: str,
    request_id: str,
    reason: str,
    now: Micros,
    timeout: Micros,
) -> bool:
    """Have a question's surfaces looked at again, since its channel refuses what came back.

    The asker is told. False when the question is settled, so that nobody need be reached any more.
    """
    request = tx.requests.lock(request_id)
    surface = tx.surfaces.get(surface_id)
    if request is None or surface is None or not request.is_open:
        return False
    name = _name_of(tx, surface)
    told = f"What I sent {name} by {surface.channel} about “{request.question}” came back: {reason}"
    _try_elsewhere(tx, request, surface, reason, told, now, timeout)
    return True


def cards_at(tx: Transaction, channel: str, address: str) -> Sequence[Surface]:
    """Return the cards at an address by which somebody is asked what they have not answered."""
    person = tx.people.by_identity(channel, address)
    if person is None:
        return []
    found: list[Surface] = []
    before = None
    while page := tx.requests.of_recipient(person.canonical_id, True, before, PAGE):
        for request in page:
            found += [s for s in _unanswered(tx, request) if s.address == address]
        before = page[-1].id
    return [surface for surface in found if surface.channel == channel]


def has_left(
    tx: Transaction, *, surface_id: str, request_id: str, where: str, now: Micros, timeout: Micros
) -> bool:
    """Have a question tried elsewhere, since its person has left `where` its card stands.

    The asker is told, once. False where nobody need be.
    """
    request = tx.requests.lock(request_id)
    surface = tx.surfaces.get(surface_id)
    if request is None or surface is None or surface not in _unanswered(tx, request):
        return False
    if any(
        entry.kind == RETURNED and entry.data.get("surface") == surface.id
        for entry in tx.journal.of_request(request.id)
    ):
        return False
    reason = f"they have left {where}"
    told = f"{_name_of(tx, surface)} has left {where}, where I had asked them “{request.question}”"
    _try_elsewhere(tx, request, surface, reason, told, now, timeout)
    return True


def _unanswered(tx: Transaction, request: FeedbackRequest) -> Sequence[Surface]:
    """Return the cards of an open question that are there, of deciders who have not answered."""
    if not request.is_open:
        return []
    answered = {r.person_id for r in tx.requests.responses(request.id) if r.answer is not None}
    waiting = {
        id_
        for each in tx.requests.recipients(request.id)
        if each.part is Part.DECIDER and not answered & {each.person_id, each.canonical_id}
        for id_ in (each.person_id, each.canonical_id)
    }
    return [
        surface
        for surface in tx.surfaces.of_request(request.id)
        if surface.person_id in waiting
        and surface.state is SurfaceState.SENT
        and not is_in_room(surface)
    ]


def _name_of(tx: Transaction, surface: Surface) -> str:
    person = tx.people.get(surface.person_id)
    return person.name if person else "somebody"


def _try_elsewhere(
    tx: Transaction,
    request: FeedbackRequest,
    surface: Surface,
    reason: str,
    told: str,
    now: Micros,
    timeout: Micros,
) -> None:
    """Have the channel of a question's card refuse it, and tell the asker."""
    newer = replace(request, version=request.version + 1)
    tx.requests.save(newer)
    tx.surfaces.want(request.id, newer.version, SETTLING_PRIORITY, now)
    tx.announce(Topic.SURFACE, request.id)
    tx.journal.add(
        Entry(
            kind=RETURNED,
            at=now,
            session_id=request.session_id,
            request_id=request.id,
            person_id=surface.person_id,
            channel=surface.channel,
            data={"surface": surface.id, "detail": reason},
        )
    )
    session = tx.sessions.lock(request.session_id)
    if session is not None:
        conversation = Conversation(tx, session, now, timeout)
        conversation.place = request.place
        conversation.say(
            Role.SYSTEM,
            f"{told}. I try their other channels; you can also ask somebody else.",
            channel=SYSTEM_CHANNEL,
            request_id=request.id,
            stirs=False,
        )
        conversation.save()
