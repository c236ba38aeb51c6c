"""A locked session being changed: messages and feed entries numbered, the row saved once."""

from __future__ import annotations

from typing import Any

from bot.domain.instants import HOUR, Micros
from bot.domain.place import channel_of
from bot.domain.planning import Role
from bot.domain.post import Post, PostKind
from bot.domain.record import made
from bot.domain.routing import lane_of_place
from bot.domain.session import Message, Session, SessionState
from bot.domain.text import presentable
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

    Its values are changed in place and made into a new record once: this is the hottest path.
    """

    __slots__ = (
        "_entries",
        "_now",
        "_seen_at",
        "_timeout",
        "_told",
        "_tx",
        "_values",
        "id",
        "owner_id",
        "place",
    )

    def __init__(self, tx: Transaction, session: Session, now: Micros, timeout: Micros) -> None:
        self._values: dict[str, Any] = vars(session).copy()
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
        return made(Session, self._values.copy())

    @property
    def state(self) -> SessionState:
        """Return the session's state as changed so far."""
        state: SessionState = self._values["state"]
        return state

    def change(self, **changes: Any) -> None:
        """Set fields of the session's row."""
        self._values.update(changes)

    def count_question(self, step: int) -> None:
        """Note that one more question is open (1), or one less (-1)."""
        self._values["open_questions"] += step

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
        values = self._values
        seq: int = values["message_seq"] + 1
        message = Message(
            session_id=self.id,
            seq=seq,
            id=new_id(),
            role=role,
            person_id=person_id,
            channel=channel,
            text=presentable(text),
            at=self._now,
            request_id=request_id,
            turn_id=turn_id,
            place=self.place,
        )
        self._tx.messages.add(message)
        values["message_seq"] = seq
        if role is Role.USER:
            values["place"] = self.place
        elif self.place is not None:
            self._post(message, self.place)
        if stirs:
            values["last_active_at"] = self._now
            values["warned"] = False
        if wakes:
            values["wake_seq"] = seq
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
        number: int = self._values["feed_seq"] + 1
        self._entries.append(FeedEntry(number=number, kind=kind, ref=ref, at=self._now))
        self._values["feed_seq"] = number

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
        values = self._values
        if values["claim_owner"] is not None:
            self._tx.announce(Topic.STOP, self.id)
        self.change(claim_owner=None, claim_until=None, claim_number=values["claim_number"] + 1)

    def save(self, *, retry_at: Micros | None = None) -> Session:
        """Derive when a turn and a time-out are due, write the row, and announce.

        `retry_at` postpones a turn that broke.
        """
        values = self._values
        due = idle = None
        if values["state"] is SessionState.ACTIVE:
            if values["wake_seq"] > values["planned_seq"]:
                due = values["turn_due_at"] or self._now if retry_at is None else retry_at
                self._tx.announce(Topic.TURN, self.id)
            elif not values["open_questions"]:
                idle = values["last_active_at"] + self._timeout
                if not values["warned"]:
                    idle -= min(WARNING, self._timeout // 2)
        values["turn_due_at"], values["idle_at"] = due, idle
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
