"""Whether a click belongs to the card it was made on, and that card to whoever clicked."""

from __future__ import annotations

from bot.channels.slack.addresses import SLACK, NoAddress, Room, address, spot
from bot.channels.slack.clicks import Act, Click
from bot.channels.slack.facts import Clicked
from bot.domain.feedback import FeedbackRequest
from bot.domain.instants import Micros
from bot.domain.person import Person
from bot.domain.surface import SurfaceState
from bot.service.ports.store import Topic, Transaction

_ELSEWHERE = {Act.CONFIRM, Act.DENY, Act.END, Act.SETTINGS, Act.OPEN}
"""Acts that no card of a question has; they are checked by what they name."""


def belongs(tx: Transaction, clicked: Clicked, click: Click, person: Person) -> bool:
    """Tell whether a question's button was where we put it, for this person or for a channel.

    A value that was copied from another card, or to somebody else's, does not belong. Home and
    what only one person sees are their own.
    """
    if click.act in _ELSEWHERE or clicked.view_id is not None or clicked.ephemeral:
        return True
    if clicked.channel is None or clicked.message_ts is None:
        return False
    landing = tx.landings.find(SLACK, spot(clicked.team, clicked.channel, clicked.message_ts))
    if landing is None:
        return _is_just_landing(tx, clicked, click)
    if landing.request_id != click.subject:
        return False
    if not clicked.channel.startswith("D"):
        return True
    owner = tx.people.get(landing.person_id or "")
    return owner is not None and owner.canonical_id == person.canonical_id


def _is_just_landing(tx: Transaction, clicked: Clicked, click: Click) -> bool:
    """Tell whether its card may stand there although that is not noted yet: people are quick."""
    for surface in tx.surfaces.of_request(click.subject):
        if surface.channel != SLACK or surface.shown_version >= surface.wanted_version:
            continue
        try:
            to = address(surface.address)
        except NoAddress:
            continue
        if isinstance(to, Room):
            if to.channel == clicked.channel:
                return True
        elif to.user == clicked.user and to.team == clicked.team:
            return True
    return False


def repaint(tx: Transaction, request: FeedbackRequest, now: Micros) -> None:
    """Have a question's cards shown as it is now, also where that was given up before.

    Somebody has just clicked on one that is old, so it is there.
    """
    for surface in tx.surfaces.of_request(request.id):
        if surface.channel == SLACK and surface.state is SurfaceState.DEAD:
            tx.surfaces.redrive(surface.id, now)
    tx.announce(Topic.SURFACE, request.id)
