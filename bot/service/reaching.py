"""Reaching a person: where a question is shown to them, and from when on."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bot.domain.commands import CHAT
from bot.domain.feedback import FeedbackRequest
from bot.domain.instants import Micros
from bot.domain.person import Person
from bot.domain.routing import Routing, lane_of
from bot.domain.surface import ASKING_PRIORITY, Surface
from bot.domain.working_hours import Away, reachable_at, read_hours
from bot.service.identifiers import new_id
from bot.service.ports.store import Topic, Transaction

CHAT_ONLY = Routing()


def reach(
    tx: Transaction,
    request: FeedbackRequest,
    person: Person,
    now: Micros,
    routing: Routing = CHAT_ONLY,
    *,
    in_room: bool = False,
) -> None:
    """Give a request its surfaces for one person, one for each channel that reaches them.

    Outside their hours it waits, unless urgent. With `in_room` its card is in a room that they
    read: what is pushed to them alone follows as a next channel does.
    """
    addresses = _addresses(tx, person, routing)
    channels = routing.channels(
        preferred=person.preferred_channel, last=person.last_channel, usable=addresses
    )
    dues = routing.opening(
        channels, when(person, now, urgent=request.urgent), urgent=request.urgent
    )
    if in_room and not request.urgent:
        dues = tuple(
            due if channel == CHAT else max(due, now + routing.next_after)
            for channel, due in zip(channels, dues, strict=True)
        )
    for position, (channel, due_at) in enumerate(zip(channels, dues, strict=True)):
        address = addresses[channel]
        tx.surfaces.add(
            Surface(
                id=new_id(),
                request_id=request.id,
                person_id=person.id,
                channel=channel,
                address=address,
                lane=lane_of(channel, address),
                position=position,
                priority=ASKING_PRIORITY,
                wanted_version=request.version,
                shown_version=0,
                seen_version=0,
                due_at=when(person, due_at, urgent=request.urgent),
                claim_owner=None,
                claim_number=0,
                claim_until=None,
                attempts=0,
            )
        )


def reach_again(
    tx: Transaction,
    request: FeedbackRequest,
    person: Person,
    now: Micros,
    routing: Routing = CHAT_ONLY,
) -> None:
    """Remind somebody: where it is shown already and on their next channel.

    Outside their hours it waits, unless urgent.
    """
    due_at = when(person, now, urgent=request.urgent)
    if due_at > now:
        for id_ in _ids(tx, request, person):
            tx.surfaces.postpone(request.id, id_, due_at)
    if routing.order != (CHAT,):
        _hasten(tx, request, person, due_at, routing)


def give_time(
    tx: Transaction, request: FeedbackRequest, person_id: str, now: Micros, routing: Routing
) -> None:
    """Let the channels that were not tried wait, now that somebody has got the question."""
    if routing.order == (CHAT,) or request.urgent or not request.is_open:
        return
    person = tx.people.get(person_id)
    if person is None:
        return
    untried = _untried(tx, request, person)
    dues = routing.after_shown(tuple(s.due_at or 0 for s in untried), now)
    _plan(tx, request, person, untried, dues)


def try_next(
    tx: Transaction, request: FeedbackRequest, person_id: str, now: Micros, routing: Routing
) -> bool:
    """Have the next channel tried at once, since one has failed; tell whether there is one."""
    person = tx.people.get(person_id)
    return person is not None and _hasten(tx, request, person, now, routing)


def reorder(tx: Transaction, request: FeedbackRequest, person: Person, routing: Routing) -> None:
    """Give the channels that were not tried so far the order that a person wants now.

    When something is due stays; what is on its way ends where it is.
    """
    untried = _untried(tx, request, person)
    channels = routing.channels(
        preferred=person.preferred_channel,
        last=person.last_channel,
        usable={surface.channel for surface in untried},
    )
    wanted = sorted(
        (surface for surface in untried if surface.channel in channels),
        key=lambda surface: channels.index(surface.channel),
    )
    dues = sorted(surface.due_at or 0 for surface in wanted)
    positions = sorted(surface.position for surface in wanted)
    for surface, due_at, position in zip(wanted, dues, positions, strict=True):
        tx.surfaces.plan(surface.id, due_at, position)
    if wanted:
        tx.announce(Topic.SURFACE, request.id)


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


def _hasten(
    tx: Transaction, request: FeedbackRequest, person: Person, now: Micros, routing: Routing
) -> bool:
    untried = _untried(tx, request, person)
    channels = tuple(surface.channel for surface in untried)
    dues = tuple(surface.due_at or 0 for surface in untried)
    _plan(tx, request, person, untried, routing.after_failure(channels, dues, now))
    if untried:
        tx.announce(Topic.SURFACE, request.id)
    return bool(untried)


def _untried(tx: Transaction, request: FeedbackRequest, person: Person) -> Sequence[Surface]:
    """Return what is still to come for a person, in order."""
    ids = _ids(tx, request, person)
    mine = [
        surface
        for surface in tx.surfaces.of_request(request.id)
        if surface.person_id in ids and surface.is_untried and surface.due_at is not None
    ]
    return sorted(mine, key=lambda surface: surface.position)


def _ids(tx: Transaction, request: FeedbackRequest, person: Person) -> set[str]:
    """Return the ids under which a human was asked: two people may be found to be one later."""
    return {person.id} | {
        recipient.person_id
        for recipient in tx.requests.recipients(request.id)
        if recipient.canonical_id == person.canonical_id
    }


def _plan(
    tx: Transaction,
    request: FeedbackRequest,
    person: Person,
    surfaces: Sequence[Surface],
    dues: Sequence[Micros],
) -> None:
    for surface, due_at in zip(surfaces, dues, strict=True):
        tx.surfaces.plan(surface.id, when(person, due_at, urgent=request.urgent))


def _addresses(tx: Transaction, person: Person, routing: Routing) -> dict[str, str]:
    """Return a person's address on each channel, the one that was proven first."""
    addresses = {CHAT: person.id}
    if routing.order != (CHAT,):
        for identity in tx.people.identities(person.id):
            addresses.setdefault(identity.kind, identity.key)
    return addresses
