"""A locked session being changed: messages and feed entries numbered, the row saved once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.domain.instants import Micros
from bot.domain.planning import Role
from bot.domain.session import Message, Session, SessionState
from bot.service.identifiers import new_id
from bot.service.ports.store import Topic, Transaction

FEED_MESSAGE = "message"
FEED_QUESTION = "question"
FEED_SESSION = "session"


class Conversation:
    """Collects what one transaction does to one session; nothing is saved until `save`."""

    def __init__(self, tx: Transaction, session: Session, now: Micros, timeout: Micros) -> None:
        self.session = session
        self._tx = tx
        self._now = now
        self._timeout = timeout

    def change(self, **changes: Any) -> None:
        """Set fields of the session's row."""
        self.session = replace(self.session, **changes)

    def say(
        self,
        role: Role,
        text: str,
        *,
        channel: str,
        person_id: str | None = None,
        request_id: str | None = None,
        turn_id: str | None = None,
        wakes: bool = False,
    ) -> Message:
        """Append a message; with `wakes` a turn must react to it."""
        seq = self.session.message_seq + 1
        message = Message(
            session_id=self.session.id,
            seq=seq,
            id=new_id(),
            role=role,
            person_id=person_id,
            channel=channel,
            text=text,
            at=self._now,
            request_id=request_id,
            turn_id=turn_id,
        )
        self._tx.messages.add(message)
        if wakes:
            self.change(message_seq=seq, wake_seq=seq, last_active_at=self._now)
        else:
            self.change(message_seq=seq, last_active_at=self._now)
        self.note(FEED_MESSAGE, str(seq))
        return message

    def note(self, kind: str, ref: str) -> None:
        """Append an entry to the session's feed."""
        number = self.session.feed_seq + 1
        self._tx.feeds.add(self.session.id, number, kind, ref, self._now)
        self.session = replace(self.session, feed_seq=number)

    def tell(self, person_id: str, kind: str, ref: str) -> None:
        """Append an entry to a person's feed."""
        number = self._tx.people.next_feed_number(person_id)
        self._tx.feeds.add(person_id, number, kind, ref, self._now)
        self._tx.announce(Topic.FEED, person_id)

    def tell_state(self) -> None:
        """Show the session's new state to its watchers and in its owner's list."""
        self.note(FEED_SESSION, self.session.id)
        self.tell(self.session.owner_id, FEED_SESSION, self.session.id)

    def release(self) -> None:
        """Take the claim away from whoever holds it: the number grows, so they cannot commit."""
        if self.session.claim_owner is not None:
            self._tx.announce(Topic.STOP, self.session.id)
        self.change(claim_owner=None, claim_until=None, claim_number=self.session.claim_number + 1)

    def save(self, *, retry_at: Micros | None = None) -> Session:
        """Derive when a turn and a time-out are due, write the row, and announce.

        `retry_at` postpones a turn that broke.
        """
        session = self.session
        if session.has_input:
            due = retry_at if retry_at is not None else session.turn_due_at or self._now
            idle = None
            self._tx.announce(Topic.TURN, session.id)
        else:
            due = None
            waits = session.state is not SessionState.ACTIVE or session.open_questions
            idle = None if waits else session.last_active_at + self._timeout
        self.session = replace(session, turn_due_at=due, idle_at=idle)
        self._tx.sessions.save(self.session)
        self._tx.announce(Topic.FEED, session.id)
        return self.session
