"""Trying again where delivery was given up, for its asker or for the operator."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.commands import Outcome, RedriveSurface
from bot.domain.errors import Conflict, NotFound
from bot.domain.feedback import FeedbackRequest
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.domain.post import Post
from bot.domain.surface import Surface, SurfaceState
from bot.service.ports.store import Topic, Transaction


def redrive_for_asker(tx: Transaction, command: RedriveSurface, now: Micros) -> Outcome:
    """Handle the asker's command; others do not learn that there is such a surface."""
    person = tx.people.get(command.actor.person_id)
    actor_id = person.canonical_id if person else command.actor.person_id
    surface = tx.surfaces.get(command.surface_id)
    request = None if surface is None else tx.requests.get(surface.request_id)
    asker = None if request is None else tx.people.get(request.asker_id)
    if request is None or asker is None or asker.canonical_id != actor_id:
        raise NotFound("There is no such delivery.")
    redrive(tx, command.surface_id, now, by=actor_id, via=command.actor.channel)
    return Outcome(
        status="redriven",
        request_id=request.id,
        session_id=request.session_id,
        text="It is tried again now.",
    )


def redrive(
    tx: Transaction, surface_id: str, now: Micros, *, by: str | None, via: str
) -> FeedbackRequest:
    """Have a surface that was given up tried again, and return its request.

    Raises `NotFound`, or `Conflict` where there is nothing to try.
    """
    surface = tx.surfaces.get(surface_id)
    request = None if surface is None else tx.requests.lock(surface.request_id)
    if surface is None or request is None:
        raise NotFound("There is no such delivery.")
    if surface.state is not SurfaceState.DEAD:
        raise Conflict("This delivery was not given up.", code="not_given_up")
    if not request.is_open and not surface.may_have_arrived:
        raise Conflict(
            f"The question is already {request.state.value}, and it was never shown there.",
            code="already_settled",
        )
    if not tx.surfaces.redrive(surface.id, now):
        raise Conflict("This delivery was not given up.", code="not_given_up")
    tx.journal.add(
        Entry(
            kind="surface.redriven",
            at=now,
            session_id=request.session_id,
            request_id=request.id,
            person_id=by,
            channel=via,
            data={"surface": surface.id, "person": surface.person_id, "channel": surface.channel},
        )
    )
    tx.announce(Topic.SURFACE, request.id)
    return request


def redrive_post(tx: Transaction, post_id: str, now: Micros, *, by: str | None, via: str) -> Post:
    """Have a post that was given up tried again, and return it.

    Raises `NotFound`, or `Conflict` where it was not given up.
    """
    post = tx.posts.get(post_id)
    if post is None:
        raise NotFound("There is no such delivery.")
    if not tx.posts.redrive(post.id, now):
        raise Conflict("This delivery was not given up.", code="not_given_up")
    tx.journal.add(
        Entry(
            kind="post.redriven",
            at=now,
            session_id=post.session_id,
            person_id=by,
            channel=via,
            data={"post": post.id, "channel": post.channel},
        )
    )
    tx.announce(Topic.POST, post.place)
    return post


def given_up(
    tx: Transaction, asker_id: str, limit: int
) -> Sequence[tuple[Surface, FeedbackRequest]]:
    """Return what was given up of an asker's questions, newest first."""
    found = []
    for surface in tx.surfaces.given_up(asker_id, limit):
        request = tx.requests.get(surface.request_id)
        if request is not None:
            found.append((surface, request))
    return found
