"""A locked session being changed: messages and feed entries numbered, the row saved once."""

from __future__ import annotations

from typing import Any

from bot.domain.instants import HOUR, Micros
from bot.domain.invisible import visible
from bot.domain.place import channel_of
from bot.domain.planning import Role
from bot.domain.post import Post, PostKind
from bot.domain.record import changed
from bot.domain.routing import lane_of_place
from bot.domain.session import Message, Session, SessionState
from bot.service.identifiers import new_id
from bot.service.ports.store import Topic, Transaction
from bot.service.ports.tables import FeedEntry

FEED_MESSAGE = "message"
FEED_QUESTION = "question"
FEED_SESSION = "session"
FEED_PERSON = "person"
"""The feed's person was merged with another; whose feed it is now is what it names."""

WARNING: Micros = HOUR
"""How long before it times out a session's people are told."""


class Conversation:
    """Collects what one transaction does to one session; its row is written by `save`.

    Changes are gathered and made into a new record once: this is the hottest path there is.
    """

    __slots__ = (
        "_changes",
        "_entries",
        "_now",
        "_seen_at",
        "_session",
        "_timeout",
        "_told",
        "_tx",
        "id",
        "owner_id",
        "place",
    )

    def __init__(self, tx: Transaction, session: Session, now: Micros, timeout: Micros) -> None:
        self._session = session
        self._changes: dict[str, Any] = {}
        self._entries: list[FeedEntry] = []
        self._told: dict[str, list[tuple[str, str]]] = {}
        self._seen_at: dict[str, str] = {}
        self._tx = tx
        self._now = now
        self._timeout = timeout
        self.id = session.id
        self.owner_id = session.owner_id
        self.place = session.place
        """Where the agent's words go besides the web; None: nowhere."""

    @property
    def session(self) -> Session:
        """Return the session as changed so far."""
        if self._changes:
            self._session = changed(self._session, **self._changes)
            self._changes = {}
        return self._session

    @property
    def state(self) -> SessionState:
        """Return the session's state as changed so far."""
        state: SessionState = self._value("state")
        return state

    def change(self, **changes: Any) -> None:
        """Set fields of the session's row."""
        self._changes.update(changes)

    def count_question(self, step: int) -> None:
        """Note that one more question is open (1), or one less (-1)."""
        self._changes["open_questions"] = self._value("open_questions") + step

    def _value(self, name: str) -> Any:
        return self._changes[name] if name in self._changes else getattr(self._session, name)

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
        stirs: bool = True,
    ) -> Message:
        """Append a message; with `wakes` a turn must react to it.

        What does not stir leaves the session as idle as it was. What a person says came by
        `place`; all else is said there.
        """
        seq = self._value("message_seq") + 1
        message = Message(
            session_id=self.id,
            seq=seq,
            id=new_id(),
            role=role,
            person_id=person_id,
            channel=channel,
            text=visible(text),
            at=self._now,
            request_id=request_id,
            turn_id=turn_id,
            place=self.place,
        )
        self._tx.messages.add(message)
        self._changes["message_seq"] = seq
        if role is Role.USER:
            self._changes["place"] = self.place
        elif self.place is not None:
            self._post(message, self.place)
        if stirs:
            self._changes["last_active_at"] = self._now
            self._changes["warned"] = False
        if wakes:
            self._changes["wake_seq"] = seq
        self.note(FEED_MESSAGE, str(seq))
        return message

    def _post(self, message: Message, place: str) -> None:
        """Have a message said outside the web."""
        self._tx.posts.add(
            Post(
                id=new_id(),
                kind=PostKind.MESSAGE,
                channel=channel_of(place),
                place=place,
                lane=lane_of_place(place),
                session_id=self.id,
                seq=message.seq,
                due_at=self._now,
                created_at=self._now,
            )
        )
        self._tx.announce(Topic.POST, place)

    def note(self, kind: str, ref: str) -> None:
        """Append an entry to the session's feed."""
        number = self._value("feed_seq") + 1
        self._entries.append(FeedEntry(number=number, kind=kind, ref=ref, at=self._now))
        self._changes["feed_seq"] = number

    def tell(self, person_id: str, kind: str, ref: str) -> None:
        """Append an entry to a person's feed, once this is saved."""
        self._told.setdefault(person_id, []).append((kind, ref))

    def note_channel(self, person_id: str, channel: str) -> None:
        """Keep where a person was last active, once this is saved."""
        self._seen_at[person_id] = channel

    def tell_state(self) -> None:
        """Show the session's new state to its watchers and in its owner's list."""
        self.note(FEED_SESSION, self.id)
        self.tell(self.owner_id, FEED_SESSION, self.id)

    def release(self) -> None:
        """Take the claim away from whoever holds it: the number grows, so they cannot commit."""
        if self._value("claim_owner") is not None:
            self._tx.announce(Topic.STOP, self.id)
        self.change(
            claim_owner=None, claim_until=None, claim_number=self._value("claim_number") + 1
        )

    def save(self, *, retry_at: Micros | None = None) -> Session:
        """Derive when a turn and a time-out are due, write the row, and announce.

        `retry_at` postpones a turn that broke.
        """
        due = idle = None
        if self._value("state") is SessionState.ACTIVE:
            if self._value("wake_seq") > self._value("planned_seq"):
                due = self._value("turn_due_at") or self._now if retry_at is None else retry_at
                self._tx.announce(Topic.TURN, self.id)
            elif not self._value("open_questions"):
                idle = self._value("last_active_at") + self._timeout
                if not self._value("warned"):
                    idle -= min(WARNING, self._timeout // 2)
        self.change(turn_due_at=due, idle_at=idle)
        saved = self.session
        self._tx.sessions.save(saved)
        self._tx.feeds.add(self.id, self._entries)
        self._entries = []
        self._tx.announce(Topic.FEED, self.id)
        self._save_people()
        return saved

    def _save_people(self) -> None:
        """Hand over what concerns people: the store writes it last."""
        for person_id, channel in self._seen_at.items():
            self._tx.people.note_channel(person_id, channel)
        for person_id, told in self._told.items():
            for kind, ref in told:
                self._tx.feeds.tell(person_id, kind, ref, self._now)
            self._tx.announce(Topic.FEED, person_id)
        self._told, self._seen_at = {}, {}
