"""Whom a question went to, by which way, and how far it has come on their channels."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.domain.instants import iso
from bot.domain.surface import Surface, SurfaceState
from bot.service.ports.tables import Recipient
from web.api import models
from web.views.people import People


def show_recipients(
    recipients: Sequence[Recipient],
    answered: Collection[str],
    surfaces: Sequence[Surface],
    people: People,
) -> list[models.Responder]:
    """Return who is asked and told; `surfaces` are given where the viewer may know of them."""
    by_person: dict[str, list[Surface]] = {}
    for surface in surfaces:
        by_person.setdefault(people.canonical(surface.person_id), []).append(surface)
    return [
        models.Responder(
            id=recipient.canonical_id,
            name=recipient.name,
            part=recipient.part.value,
            route=recipient.route.value,
            by=people.named(recipient.by_id) if recipient.by_id else None,
            answered=recipient.canonical_id in answered,
            seen=any(s.seen_version for s in by_person.get(recipient.canonical_id, ())),
            delivery=[_delivery(s) for s in by_person.get(recipient.canonical_id, ())],
        )
        for recipient in recipients
    ]


def _delivery(surface: Surface) -> models.Delivery:
    state: models.DeliveryState = "planned"
    if surface.seen_version:
        state = "seen"
    elif surface.state is SurfaceState.DEAD:
        state = "failed"
    elif surface.state is SurfaceState.SENT or surface.shown_version:
        state = "sent"
    sent = state in ("sent", "seen") and surface.sent_at is not None
    return models.Delivery(
        channel=surface.channel, state=state, at=iso(surface.sent_at or 0) if sent else None
    )
