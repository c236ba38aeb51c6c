"""Reaching a person: where a question is shown to them, and from when on."""

from __future__ import annotations

import json

from bot.domain.commands import CHAT
from bot.domain.feedback import FeedbackRequest
from bot.domain.instants import Micros
from bot.domain.person import Person
from bot.domain.surface import ASKING_PRIORITY, Surface
from bot.domain.working_hours import Away, reachable_at, read_hours
from bot.service.identifiers import new_id
from bot.service.ports.store import Transaction


def reach(tx: Transaction, request: FeedbackRequest, person: Person, now: Micros) -> None:
    """Give a request its surfaces for one person; outside their hours it waits, unless urgent."""
    due_at = when(person, now, urgent=request.urgent)
    tx.surfaces.add(
        Surface(
            id=new_id(),
            request_id=request.id,
            person_id=person.id,
            channel=CHAT,
            address=person.id,
            lane=f"{CHAT}:{person.id}",
            priority=ASKING_PRIORITY,
            wanted_version=request.version,
            shown_version=0,
            seen_version=0,
            due_at=due_at,
            claim_owner=None,
            claim_number=0,
            claim_until=None,
            attempts=0,
        )
    )


def reach_again(tx: Transaction, request: FeedbackRequest, person: Person, now: Micros) -> None:
    """Show an unanswered question once more; outside their hours it waits, unless urgent."""
    due_at = when(person, now, urgent=request.urgent)
    if due_at > now:
        tx.surfaces.postpone(request.id, person.id, due_at)


def when(person: Person, now: Micros, *, urgent: bool) -> Micros:
    """Return from when on a person may be disturbed."""
    if person.working_hours is None and person.away_until is None:
        return now
    hours = read_hours(json.loads(person.working_hours)) if person.working_hours else None
    away = (
        None
        if person.away_until is None
        else Away(from_=person.away_from or 0, until=person.away_until)
    )
    return reachable_at(hours, away, zone=person.zone, at=now, urgent=urgent)
