"""A question that came back after it was sent: it is tried on its person's other channels."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.commands import SYSTEM_CHANNEL
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.domain.planning import Role
from bot.domain.surface import SETTLING_PRIORITY
from bot.service.conversation import Conversation
from bot.service.ports.store import Topic, Transaction


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
    newer = replace(request, version=request.version + 1)
    tx.requests.save(newer)
    tx.surfaces.want(request.id, newer.version, SETTLING_PRIORITY, now)
    tx.announce(Topic.SURFACE, request.id)
    tx.journal.add(
        Entry(
            kind="surface.returned",
            at=now,
            session_id=request.session_id,
            request_id=request.id,
            person_id=surface.person_id,
            channel=surface.channel,
            data={"surface": surface.id, "detail": reason},
        )
    )
    session = tx.sessions.lock(request.session_id)
    person = tx.people.get(surface.person_id)
    if session is not None:
        conversation = Conversation(tx, session, now, timeout)
        conversation.place = request.place
        conversation.say(
            Role.SYSTEM,
            f"What I sent {person.name if person else 'somebody'} by {surface.channel} about "
            f"“{request.question}” came back: {reason}. I try their other channels; you can also "
            "ask somebody else.",
            channel=SYSTEM_CHANNEL,
            request_id=request.id,
            stirs=False,
        )
        conversation.save()
    return True
