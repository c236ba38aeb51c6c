"""What a person does with a session: start it, speak, resume, stop its turn, end it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.commands import (
    BindSession,
    Command,
    Offer,
    Outcome,
    ReceiveMessage,
    ResumeSession,
    SpeakAt,
    StartSession,
)
from bot.domain.errors import Conflict, Unavailable
from bot.domain.instants import Micros
from bot.domain.place import Binding
from bot.domain.planning import Role
from bot.domain.routing import lane_of_place
from bot.domain.session import (
    ParticipantRole,
    Session,
    SessionState,
    title_of,
)
from bot.domain.text import clean
from bot.service.conversation import Conversation
from bot.service.ending import end_session, hold_questions, journal_of
from bot.service.identifiers import new_id
from bot.service.ports.store import Transaction
from bot.service.rights import canonical, is_owner, locked, owned, role_of

HELD_AT_ONCE = 5
"""Sessions that may be held back for one person; beyond that a new text is refused, not kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Talking:
    """The handlers of everything that people do with sessions."""

    session_timeout: Micros
    max_concurrent: int

    def start(self, tx: Transaction, command: StartSession, now: Micros) -> Outcome:
        """Open a session; at the limit its text is kept and room is offered."""
        return self._open(tx, command, command.text, command.end, None, now)

    def _open(
        self,
        tx: Transaction,
        command: Command,
        said: str | None,
        end: str | None,
        binding: SpeakAt | None,
        now: Micros,
    ) -> Outcome:
        text = clean(said) if said is not None else None
        owner = canonical(tx, command.actor.person_id)
        room = self._make_room(tx, command, now, end)
        if room and text is None:
            raise _too_many(room)
        if room and tx.sessions.count_held(owner) >= HELD_AT_ONCE:
            raise _too_many(room)
        session = _new_session(owner, text, SessionState.HELD if room else SessionState.ACTIVE, now)
        tx.sessions.add(session)
        conversation = Conversation(tx, session, now, self.session_timeout)
        if binding is not None:
            bind_place(tx, binding.place, session.id, binding.head or "{}", now)
            conversation.place = binding.place
        seq = None
        if text is not None:
            seq = self._speak(conversation, command, text)
        conversation.tell_state()
        journal_of(tx, "session.held" if room else "session.started", command, session.id, now)
        conversation.save()
        return self._outcome("held" if room else "started", session.id, seq, room)

    def receive(self, tx: Transaction, command: ReceiveMessage, now: Micros) -> Outcome:
        """Take a message; a session that was ended or held goes on, if there is room for it."""
        text = clean(command.text)
        session = locked(tx, command.session_id)
        role = role_of(tx, session, command.actor.person_id)
        return self._hear(tx, session, role, command, text, None, now)

    def speak_at(self, tx: Transaction, command: SpeakAt, now: Micros) -> Outcome:
        """Take what was said at a place; whoever speaks there besides its owner adds text.

        That makes nobody a participant: who may read along there may not read what the owner says
        elsewhere.
        """
        binding = tx.bindings.find(command.place)
        if binding is None:
            if not command.opens:
                return Outcome(status="ignored")
            return self._open(tx, command, command.text, None, command, now)
        text = clean(command.text)
        session = locked(tx, binding.session_id)
        owner = is_owner(tx, session, command.actor.person_id)
        role = ParticipantRole.OWNER if owner else ParticipantRole.CONTRIBUTOR
        if command.head is not None:
            tx.bindings.save_head(command.place, command.head)
        return self._hear(tx, session, role, command, text, command.place, now)

    def bind(self, tx: Transaction, command: BindSession, now: Micros) -> Outcome:
        """Let a session live at a further place, as its owner wants."""
        session = owned(tx, command.session_id, command.actor.person_id)
        bind_place(tx, command.place, session.id, command.head, now)
        journal_of(tx, "session.bound", command, session.id, now)
        return Outcome(status="bound", session_id=session.id)

    def _hear(
        self,
        tx: Transaction,
        session: Session,
        role: ParticipantRole,
        command: Command,
        text: str,
        place: str | None,
        now: Micros,
    ) -> Outcome:
        conversation = Conversation(tx, session, now, self.session_timeout)
        conversation.place = place
        room: list[Offer] = []
        if session.state is not SessionState.ACTIVE:
            if role is ParticipantRole.OWNER:
                room = self._go_on(tx, conversation, command, now)
            elif session.state is SessionState.ENDED:
                raise Conflict("This session has ended; its owner can reopen it.", code="ended")
        seq = self._speak(conversation, command, text)
        if session.state is not conversation.state:
            conversation.tell_state()
        if not session.message_seq:
            conversation.change(title=title_of(text))
            conversation.tell_state()
        conversation.save()
        held = conversation.state is SessionState.HELD
        return self._outcome("held" if held else "stored", session.id, seq, room)

    def _go_on(
        self, tx: Transaction, conversation: Conversation, command: Command, now: Micros
    ) -> list[Offer]:
        """Start a session that is not active, or hold it; return what could be ended for it."""
        was = conversation.state
        room = self._make_room(tx, command, now)
        if not room:
            kind = "session.started" if was is SessionState.HELD else "session.reopened"
            conversation.change(state=SessionState.ACTIVE, end_reason=None)
        elif was is SessionState.ENDED:
            if tx.sessions.count_held(conversation.owner_id) >= HELD_AT_ONCE:
                raise _too_many(room)
            kind = "session.held"
            conversation.change(state=SessionState.HELD, end_reason=None)
        else:
            return room
        journal_of(tx, kind, command, conversation.id, now)
        return room

    def resume(self, tx: Transaction, command: ResumeSession, now: Micros) -> Outcome:
        """Start a session that was held back."""
        room = self._make_room(tx, command, now, command.end, command.session_id)
        session = owned(tx, command.session_id, command.actor.person_id)
        if session.state is SessionState.ACTIVE:
            return Outcome(status="started", session_id=session.id)
        if session.state is SessionState.ENDED:
            raise Conflict("This session has ended; write in it to reopen it.", code="ended")
        if room:
            raise _too_many(room)
        conversation = Conversation(tx, session, now, self.session_timeout)
        conversation.change(state=SessionState.ACTIVE, last_active_at=now)
        conversation.tell_state()
        journal_of(tx, "session.started", command, session.id, now)
        conversation.save()
        return Outcome(status="started", session_id=session.id)

    def _speak(self, conversation: Conversation, command: Command, text: str) -> int:
        message = conversation.say(
            Role.USER,
            text,
            channel=command.actor.channel,
            person_id=command.actor.person_id,
            wakes=True,
        )
        conversation.note_channel(command.actor.person_id, command.actor.channel)
        return message.seq

    def _make_room(
        self,
        tx: Transaction,
        command: Command,
        now: Micros,
        end: str | None = None,
        wanted: str | None = None,
    ) -> list[Offer]:
        """Return what could be ended to make room for `wanted`, nothing when there is room.

        The person's row is held, so that two sessions cannot both be the third.
        """
        owner = canonical(tx, command.actor.person_id)
        people = {owner}
        if end is not None:
            # Whom its questions tell of its end: all people are held in one order.
            people |= hold_questions(tx, end)
            for session_id in sorted({end, wanted or end}):
                tx.sessions.lock(session_id)
        for person_id in sorted(people):
            tx.people.lock(person_id)
        if end is not None:
            end_session(tx, end, command, "owner", now, self.session_timeout)
        offers = self._offers(tx, owner)
        return offers if len(offers) >= self.max_concurrent else []

    def _offers(self, tx: Transaction, owner_id: str) -> list[Offer]:
        return [Offer(session_id=s.id, title=s.title) for s in tx.sessions.active_of(owner_id)]

    def _outcome(self, status: str, session_id: str, seq: int | None, room: list[Offer]) -> Outcome:
        text = ""
        if status == "held" and not room:
            text = "This session waits until its owner starts it; your text is kept."
        elif status == "held":
            text = (
                f"You have {self.max_concurrent} sessions running, so this one waits; your text "
                "is kept. End one of them to start this."
            )
        return Outcome(status=status, session_id=session_id, seq=seq, text=text, offer=tuple(room))


def _new_session(owner: str, text: str | None, state: SessionState, now: Micros) -> Session:
    return Session(
        id=new_id(),
        owner_id=owner,
        title=title_of(text or ""),
        state=state,
        end_reason=None,
        created_at=now,
        last_active_at=now,
        message_seq=0,
        feed_seq=0,
        wake_seq=0,
        planned_seq=0,
        summary="",
        summary_seq=0,
        open_questions=0,
        turn_due_at=None,
        claim_owner=None,
        claim_number=0,
        claim_until=None,
        idle_at=None,
        warned=False,
        failures=0,
    )


def bind_place(tx: Transaction, place: str, session_id: str, head: str, now: Micros) -> None:
    """Let a session live at a place; `Unavailable` when another has just begun there."""
    binding = Binding(
        place=place, session_id=session_id, lane=lane_of_place(place), head=head, created_at=now
    )
    if not tx.bindings.add(binding):
        # Somebody else began a session there at this moment: the next try finds it.
        raise Unavailable("This place has just got a session. Send it again.", code="place_taken")


def _too_many(room: list[Offer]) -> Conflict:
    return Conflict(
        f"You have {len(room)} sessions running, which is the limit. End one of them first.",
        code="too_many_sessions",
        details={"offer": [{"session_id": o.session_id, "title": o.title} for o in room]},
    )
