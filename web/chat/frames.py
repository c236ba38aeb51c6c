"""What the server sends over a socket, as `docs/websocket.md` says: encoders to bytes; pure.

Frames that every turn sends and whose parts are checked already are plain objects, which take a
third of the time of a model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel
from pydantic_core import to_json

from bot.domain import commands
from bot.domain.errors import HandraiseError, RateLimited
from bot.domain.instants import Micros, iso
from web.api import models
from web.api.faults import Fault, fault_of

ME = "me"
"""The name of the personal feed."""

PONG = b'{"type":"pong"}'


class _Me(BaseModel):
    id: str
    username: str


class _Ready(BaseModel):
    type: str = "ready"
    person: _Me
    cursor: int
    expires_at: models.Instant


class _Renewed(BaseModel):
    type: str = "renewed"
    expires_at: models.Instant


class _Watching(BaseModel):
    type: str = "watching"
    session: models.Session
    cursor: int


class _MessageEvent(BaseModel):
    kind: str = "message"
    message: models.Message


class _QuestionEvent(BaseModel):
    kind: str = "question"
    question: models.Question


class _SessionEvent(BaseModel):
    kind: str = "session"
    session: models.Session


class _Event(BaseModel):
    type: str = "event"
    feed: str
    cursor: int
    event: _MessageEvent | _QuestionEvent | _SessionEvent


class _Error(BaseModel):
    type: str = "error"
    client_id: str | None
    error: Fault
    retry_after: int | None


def ready(person_id: str, username: str, cursor: int, expires_at: Micros) -> bytes:
    """Return `ready`: signed in, and following the personal feed after `cursor`."""
    return to_json(
        _Ready(
            person=_Me(id=person_id, username=username), cursor=cursor, expires_at=iso(expires_at)
        )
    )


def renewed(expires_at: Micros) -> bytes:
    """Return `renewed`: the socket may now stay until `expires_at`."""
    return to_json(_Renewed(expires_at=iso(expires_at)))


def watching(session: models.Session, cursor: int) -> bytes:
    """Return `watching`: everything up to `cursor` was sent or was not asked for."""
    return to_json(_Watching(session=session, cursor=cursor))


def event(
    feed: str, cursor: int, shown: models.Message | models.Question | models.Session
) -> bytes:
    """Return `event`: one entry of a feed, as its viewer may see it now."""
    body: _MessageEvent | _QuestionEvent | _SessionEvent
    if isinstance(shown, models.Message):
        body = _MessageEvent(message=shown)
    elif isinstance(shown, models.Question):
        body = _QuestionEvent(question=shown)
    else:
        body = _SessionEvent(session=shown)
    return to_json(_Event(feed=feed, cursor=cursor, event=body))


def preview(session_id: str, turn_id: str, offset: int, text: str) -> bytes:
    """Return `preview`; `offset` counts UTF-16 code units, as JavaScript's strings do."""
    return to_json(
        {
            "type": "preview",
            "session_id": session_id,
            "turn_id": turn_id,
            "offset": offset,
            "text": text,
        }
    )


def status(
    session_id: str,
    status: str,
    awaiting: Sequence[Mapping[str, object]],
    cursor: int | None = None,
) -> bytes:
    """Return `status`: what a session is doing; with `cursor`, where its feed stood then."""
    frame = {"type": "status", "session_id": session_id, "status": status, "awaiting": awaiting}
    return to_json(frame if cursor is None else {**frame, "cursor": cursor})


def ack(client_id: str, outcome: commands.Outcome) -> bytes:
    """Return `ack`: the act is stored, and this became of it."""
    return to_json({"type": "ack", "client_id": client_id, "outcome": models.outcome_of(outcome)})


def error(refused: HandraiseError, client_id: str | None = None) -> bytes:
    """Return `error`: why a frame had no effect."""
    retry_after = refused.retry_after if isinstance(refused, RateLimited) else None
    return _error(fault_of(refused), client_id, retry_after)


def broken(client_id: str | None = None) -> bytes:
    """Return the `error` that tells nothing: what happened stands in the log."""
    message = "Something went wrong on our side. Send it again; nothing is done twice."
    return _error(Fault(code="internal", message=message, details={}), client_id, None)


def _error(fault: Fault, client_id: str | None, retry_after: int | None) -> bytes:
    frame = _Error(client_id=client_id, error=fault, retry_after=retry_after)
    return to_json(frame, exclude_none=True)
