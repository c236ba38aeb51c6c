"""Sessions over REST: list, open, read, resume, stop, end."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from bot.domain.commands import (
    CHAT,
    Actor,
    CloseSession,
    Command,
    OpenPlace,
    ResumeSession,
    StartSession,
    StopTurn,
)
from bot.domain.errors import Conflict, NotAllowed, NotFound, RateLimited
from bot.domain.instants import Micros
from bot.domain.session import ParticipantRole
from bot.service.ports.store import Transaction
from web.api import models
from web.api.endpoint import Call, endpoint
from web.api.payload import Input
from web.keys import CLOCK, INTAKE, STORE
from web.views.people import People
from web.views.places import show_openings, show_place, show_ways
from web.views.questions import show_question
from web.views.sessions import session_of, show_session

TAG = "sessions"
SHOWN_QUESTIONS = 200
"""Questions shown with a session, the newest ones; each has its own address too."""

Limit = Annotated[int, Field(ge=1, le=200)]
Id = Annotated[str, Field(max_length=64)]


class SessionsQuery(Input):
    """Which of one's own sessions; `before` is the `next` of an earlier page."""

    state: Literal["active", "held", "ended"] | None = None
    before: Id | None = None
    limit: Limit = 50


class Sessions(BaseModel):
    """A page of sessions, newest first; `next` is null on the last page."""

    sessions: list[models.Session]
    next: str | None


class NewSession(Input):
    """A session to open, with a first message or without; `end` names one to end for it."""

    text: str | None = None
    end: Id | None = None


class Opened(BaseModel):
    """The session that was opened, or held back where there are too many at once."""

    session: models.Session
    outcome: models.Outcome


class SessionRead(BaseModel):
    """A session with its questions, oldest first."""

    session: models.Session
    questions: list[models.Question]


class Places(BaseModel):
    """Where a session lives besides the page, oldest first; `ways` are for its owner alone."""

    places: list[models.Place]
    ways: list[models.Way]


class NewPlace(Input):
    """Where the session should go on besides; without `address` where the owner was proven first.

    An address is one of the owner's identities there, as the profile names it by `key`.
    """

    channel: Literal["slack", "email"]
    address: Annotated[str, Field(min_length=1, max_length=254)] | None = None


class Resumption(Input):
    """How to make room for a session that was held back."""

    end: Id | None = None


class Done(BaseModel):
    """What became of it."""

    outcome: models.Outcome


@endpoint(
    "GET",
    "/api/sessions",
    summary="List my sessions",
    tag=TAG,
    query=SessionsQuery,
    answer=Sessions,
)
async def list_sessions(call: Call) -> Sessions:
    """Return a page of the caller's own sessions."""
    page: Sessions = await call.app[STORE].read(
        _listed, call.principal.person_id, call.query, call.app[CLOCK].now()
    )
    return page


@endpoint(
    "POST",
    "/api/sessions",
    summary="Open a session",
    tag=TAG,
    body=NewSession,
    answer=Opened,
    status=201,
    idempotent=True,
    errors=(Conflict, NotAllowed, NotFound, RateLimited),
)
async def open_session(call: Call) -> Opened:
    """Open a session; at the limit its text is kept, and what could be ended is offered."""
    outcome = await submit(
        call,
        StartSession(
            external_key=call.external_key,
            actor=actor_of(call),
            text=call.body.text,
            end=call.body.end,
        ),
    )
    session: models.Session = await call.app[STORE].read(
        _one, outcome.session_id or "", call.principal.person_id, call.app[CLOCK].now()
    )
    return Opened(session=session, outcome=outcome)


@endpoint(
    "GET",
    "/api/sessions/{id}",
    summary="Read a session",
    tag=TAG,
    answer=SessionRead,
    errors=(NotFound,),
)
async def read_session(call: Call) -> SessionRead:
    """Return a session that the caller takes part in, and what it asked."""
    read: SessionRead = await call.app[STORE].read(
        _read, call.path["id"], call.principal.person_id, call.app[CLOCK].now()
    )
    return read


@endpoint(
    "GET",
    "/api/sessions/{id}/places",
    summary="Where a session lives",
    tag=TAG,
    answer=Places,
    errors=(NotFound,),
)
async def read_places(call: Call) -> Places:
    """Return the threads in Slack and by mail that a session of the caller's goes on in too."""
    channels = call.app[INTAKE].channels
    places: Places = await call.app[STORE].read(
        _places, call.path["id"], call.principal.person_id, channels
    )
    return places


@endpoint(
    "POST",
    "/api/sessions/{id}/places",
    summary="Go on in Slack or by mail",
    tag=TAG,
    body=NewPlace,
    answer=Done,
    status=202,
    idempotent=True,
    errors=(Conflict, NotAllowed, NotFound, RateLimited),
)
async def open_place(call: Call) -> Done:
    """Open a thread in the owner's direct messages, or by mail; a refusal names what is there."""
    command = OpenPlace(
        external_key=call.external_key,
        actor=actor_of(call),
        session_id=call.path["id"],
        channel=call.body.channel,
        address=call.body.address,
    )
    try:
        return Done(outcome=await submit(call, command))
    except Conflict as refusal:
        if "place" not in refusal.details:
            raise
        there = await call.app[STORE].read(_place, str(refusal.details["place"]))
        raise Conflict(
            refusal.message, code=refusal.code, details={"place": there} if there else {}
        ) from None


@endpoint(
    "POST",
    "/api/sessions/{id}/end",
    summary="End a session",
    tag=TAG,
    answer=Done,
    idempotent=True,
    errors=(NotAllowed, NotFound, RateLimited),
)
async def end(call: Call) -> Done:
    """End a session; its open questions are cancelled."""
    command = CloseSession(
        external_key=call.external_key, actor=actor_of(call), session_id=call.path["id"]
    )
    return Done(outcome=await submit(call, command))


@endpoint(
    "POST",
    "/api/sessions/{id}/stop",
    summary="Stop the running turn",
    tag=TAG,
    answer=Done,
    idempotent=True,
    errors=(NotAllowed, NotFound, RateLimited),
)
async def stop(call: Call) -> Done:
    """Stop what the agent is doing; what it was reacting to counts as dealt with."""
    command = StopTurn(
        external_key=call.external_key, actor=actor_of(call), session_id=call.path["id"]
    )
    return Done(outcome=await submit(call, command))


@endpoint(
    "POST",
    "/api/sessions/{id}/resume",
    summary="Start a session that was held back",
    tag=TAG,
    body=Resumption,
    answer=Done,
    idempotent=True,
    errors=(Conflict, NotAllowed, NotFound, RateLimited),
)
async def resume(call: Call) -> Done:
    """Start a held session, ending another one where that is what it takes."""
    command = ResumeSession(
        external_key=call.external_key,
        actor=actor_of(call),
        session_id=call.path["id"],
        end=call.body.end,
    )
    return Done(outcome=await submit(call, command))


def actor_of(call: Call) -> Actor:
    """Return the caller as Intake knows them."""
    principal = call.principal
    return Actor(person_id=principal.person_id, channel=CHAT, verified=principal.verified)


async def submit(call: Call, command: Command) -> models.Outcome:
    """Hand a command to Intake and return its outcome as it is shown."""
    return models.outcome_of(await call.app[INTAKE].submit(command))


def _listed(tx: Transaction, person_id: str, query: SessionsQuery, now: Micros) -> Sessions:
    # One more than asked for tells whether there is a next page.
    found = tx.sessions.of_owner(person_id, query.state, query.before, query.limit + 1)
    people = People(tx)
    shown = [show_session(tx, each, person_id, now, people) for each in found[: query.limit]]
    return Sessions(sessions=shown, next=shown[-1].id if len(found) > query.limit else None)


def _one(tx: Transaction, session_id: str, person_id: str, now: Micros) -> models.Session:
    session, _ = session_of(tx, session_id, person_id)
    return show_session(tx, session, person_id, now)


def _read(tx: Transaction, session_id: str, person_id: str, now: Micros) -> SessionRead:
    session, _ = session_of(tx, session_id, person_id)
    people = People(tx)
    requests = tx.requests.of_session(session_id)[-SHOWN_QUESTIONS:]
    return SessionRead(
        session=show_session(tx, session, person_id, now, people),
        questions=[show_question(tx, each, person_id, people) for each in requests],
    )


def _places(tx: Transaction, session_id: str, person_id: str, channels: tuple[str, ...]) -> Places:
    session, role = session_of(tx, session_id, person_id)
    mine = role is ParticipantRole.OWNER
    places = [show_place(each) for each in tx.bindings.of_session(session.id)]
    return Places(
        places=[*places, *(show_openings(tx, session) if mine else ())],
        ways=show_ways(tx, session, channels) if mine else [],
    )


def _place(tx: Transaction, place: str) -> dict[str, object] | None:
    binding = tx.bindings.find(place)
    return None if binding is None else show_place(binding).model_dump()


ENDPOINTS = (
    list_sessions,
    open_session,
    read_session,
    read_places,
    open_place,
    end,
    stop,
    resume,
)
