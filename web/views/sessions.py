"""Sessions and their messages, for those who take part in them."""

from __future__ import annotations

from bot.domain.errors import NotFound
from bot.domain.feedback import Part
from bot.domain.instants import Micros, iso
from bot.domain.planning import Role
from bot.domain.session import Message, ParticipantRole, Session
from bot.service.ports.store import Transaction
from web.api import models
from web.markdown import render
from web.views.people import People

NO_SESSION = "There is no such session, or it is not yours to see."


def session_of(tx: Transaction, session_id: str, viewer_id: str) -> tuple[Session, ParticipantRole]:
    """Return a session and the viewer's part in it; `NotFound` for everybody else."""
    session = tx.sessions.get(session_id)
    role = None if session is None else role_in(tx, session, viewer_id)
    if session is None or role is None:
        raise NotFound(NO_SESSION)
    return session, role


def role_in(tx: Transaction, session: Session, viewer_id: str) -> ParticipantRole | None:
    """Return the viewer's part in a session; None when it is none of theirs."""
    if session.owner_id == viewer_id:
        return ParticipantRole.OWNER
    return tx.sessions.role_of(session.id, viewer_id)


def show_session(
    tx: Transaction, session: Session, viewer_id: str, now: Micros, people: People | None = None
) -> models.Session:
    """Return a session that the viewer takes part in."""
    people = people or People(tx)
    return models.Session(
        id=session.id,
        title=session.title,
        state=session.state.value,
        status=session.status(now).value,
        awaiting=awaited(tx, session),
        created_at=iso(session.created_at),
        last_active_at=iso(session.last_active_at),
        end_reason=session.end_reason,
        cursor=session.feed_seq,
        last_seq=session.message_seq,
        mine=people.canonical(session.owner_id) == viewer_id,
    )


def awaited(tx: Transaction, session: Session) -> list[models.Awaited]:
    """Return whom a session waits for, and until when."""
    waiting = []
    for request in tx.requests.open_of(session.id) if session.open_questions else ():
        answered = {
            response.person_id
            for response in tx.requests.responses(request.id)
            if response.answer is not None
        }
        names = [
            recipient.name
            for recipient in tx.requests.recipients(request.id)
            if recipient.part is Part.DECIDER
            and not {recipient.person_id, recipient.canonical_id} & answered
        ]
        waiting.append(
            models.Awaited(request_id=request.id, people=names, until=iso(request.deadline))
        )
    return waiting


def show_message(message: Message, people: People) -> models.Message:
    """Return a message; whoever may see its session may see it."""
    spoken = message.role is Role.AGENT
    return models.Message(
        seq=message.seq,
        session_id=message.session_id,
        role=message.role.value,
        author=people.named(message.person_id) if message.person_id else None,
        channel=message.channel,
        text=message.text,
        html=render(message.text) if spoken else None,
        at=iso(message.at),
        request_id=message.request_id,
        turn_id=message.turn_id,
    )
