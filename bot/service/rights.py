"""What a person may do in a session: its owner all, a contributor speak, an observer read."""

from __future__ import annotations

from bot.domain.errors import NotAllowed, NotFound
from bot.domain.session import ParticipantRole, Session
from bot.service.ports.store import Transaction


def locked(tx: Transaction, session_id: str) -> Session:
    """Return a session, holding its row; `NotFound` where there is none."""
    session = tx.sessions.lock(session_id)
    if session is None:
        raise NotFound("There is no such session.")
    return session


def canonical(tx: Transaction, person_id: str) -> str:
    """Return who a person is: whoever was signed in may have been merged since."""
    person = tx.people.get(person_id)
    return person.canonical_id if person else person_id


def role_of(tx: Transaction, session: Session, person_id: str) -> ParticipantRole:
    """Return the person's role; strangers do not learn that the session exists."""
    if is_owner(tx, session, person_id):
        return ParticipantRole.OWNER
    role = tx.sessions.role_of(session.id, canonical(tx, person_id))
    if role is None:
        raise NotFound("There is no such session.")
    if role is ParticipantRole.OBSERVER:
        raise NotAllowed("You can read this session, but not write in it.")
    return role


def is_owner(tx: Transaction, session: Session, person_id: str) -> bool:
    """Tell whether a person owns a session: two people may have been found to be one."""
    return person_id == session.owner_id or canonical(tx, person_id) == session.owner_id


def owned(tx: Transaction, session_id: str, person_id: str) -> Session:
    """Return a session, holding its row; `NotAllowed` to anybody but its owner."""
    session = locked(tx, session_id)
    if role_of(tx, session, person_id) is not ParticipantRole.OWNER:
        raise NotAllowed("Only the session's owner can do this.")
    return session
