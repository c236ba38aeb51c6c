"""A question that came back after it was sent: it is tried on its person's other channels."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.domain.surface import SETTLING_PRIORITY
from bot.service.ports.store import Topic, Transaction


def came_back(
    tx: Transaction, *, surface_id: str, request_id: str, reason: str, now: Micros
) -> bool:
    """Have a question's surfaces looked at again: its channel now refuses what came back.

    False when the question is settled, so that nobody need be reached any more.
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
    return True
