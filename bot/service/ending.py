"""How a session ends: at its owner's wish, by the agent, or because nothing happens in it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.commands import (
    SYSTEM_CHANNEL,
    CloseSession,
    Command,
    Outcome,
    StopTurn,
    TimeOutSession,
)
from bot.domain.feedback import State
from bot.domain.instants import MINUTE, Micros
from bot.domain.journal import Entry
from bot.domain.planning import Role
from bot.domain.session import SessionState
from bot.domain.spans import say_span
from bot.service.conversation import Conversation
from bot.service.ports.store import Transaction
from bot.service.rights import owned
from bot.service.settling import settle


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """The handlers of what ends a session, or its running turn."""

    session_timeout: Micros

    def close(self, tx: Transaction, command: CloseSession, now: Micros) -> Outcome:
        """End a session at its owner's wish."""
        end_session(tx, command.session_id, command, "owner", now, self.session_timeout)
        return Outcome(status="ended", session_id=command.session_id)

    def time_out(self, tx: Transaction, command: TimeOutSession, now: Micros) -> Outcome:
        """Warn of the end of a session that is idle, then end it, unless something happened."""
        hold_questions(tx, command.session_id)
        session = tx.sessions.lock(command.session_id)
        if session is None or session.idle_at is None or session.idle_at > now:
            return Outcome(status="unchanged", session_id=command.session_id)
        conversation = Conversation(tx, session, now, self.session_timeout)
        if now < session.last_active_at + self.session_timeout:
            conversation.change(warned=True)
            conversation.say(
                Role.SYSTEM,
                "Nothing has happened here for a while. This session ends "
                f"{_in_words(session.last_active_at + self.session_timeout - now)} from now, "
                "unless somebody writes; it can be reopened by writing in it.",
                channel=SYSTEM_CHANNEL,
                stirs=False,
            )
            journal_of(tx, "session.warned", command, session.id, now)
            conversation.save()
            return Outcome(status="warned", session_id=session.id)
        close_down(tx, conversation, "idle", now)
        journal_of(tx, "session.timed_out", command, session.id, now)
        conversation.save()
        return Outcome(status="ended", session_id=session.id)

    def stop(self, tx: Transaction, command: StopTurn, now: Micros) -> Outcome:
        """Stop the running turn: its claim is void, and its input counts as dealt with."""
        session = owned(tx, command.session_id, command.actor.person_id)
        if not session.has_input:
            return Outcome(status="unchanged", session_id=session.id)
        conversation = Conversation(tx, session, now, self.session_timeout)
        conversation.release()
        stopped = conversation.say(
            Role.SYSTEM,
            "Stopped.",
            channel=command.actor.channel,
            person_id=command.actor.person_id,
        )
        conversation.change(planned_seq=stopped.seq)
        journal_of(tx, "turn.stopped", command, session.id, now)
        conversation.save()
        return Outcome(status="stopped", session_id=session.id)


def end_session(
    tx: Transaction,
    session_id: str,
    command: Command,
    reason: str,
    now: Micros,
    timeout: Micros,
) -> None:
    """End a session that the actor owns; ending it twice changes nothing."""
    hold_questions(tx, session_id)
    session = owned(tx, session_id, command.actor.person_id)
    if session.state is SessionState.ENDED:
        return
    conversation = Conversation(tx, session, now, timeout)
    close_down(tx, conversation, reason, now, by=command.actor.person_id)
    journal_of(tx, "session.ended", command, session_id, now)
    conversation.save()


def hold_questions(tx: Transaction, session_id: str) -> set[str]:
    """Hold the open questions of a session, and return whom they went to.

    Requests before their session, as everywhere: two transactions cannot wait for each other.
    """
    told: set[str] = set()
    for request in tx.requests.open_of(session_id):  # oldest first, which is the order of ids
        tx.requests.lock(request.id)
        told.update(r.canonical_id for r in tx.requests.recipients(request.id))
    return told


def close_down(
    tx: Transaction,
    conversation: Conversation,
    reason: str,
    now: Micros,
    *,
    by: str | None = None,
) -> None:
    """Give a locked session its end: no claim is valid any more, open questions are cancelled."""
    for request in tx.requests.open_of(conversation.id):
        settle(tx, conversation, request, State.CANCELLED, now, by=by, via=SYSTEM_CHANNEL)
    conversation.release()
    conversation.change(
        state=SessionState.ENDED,
        end_reason=reason,
        planned_seq=conversation.session.message_seq,
        last_active_at=now,
    )
    conversation.tell_state()


def _in_words(span: Micros) -> str:
    return say_span(max(MINUTE, span // MINUTE * MINUTE))


def journal_of(
    tx: Transaction,
    kind: str,
    command: Command,
    session_id: str,
    now: Micros,
) -> None:
    """Journal what somebody did with a session."""
    tx.journal.add(
        Entry(
            kind=kind,
            at=now,
            session_id=session_id,
            person_id=command.actor.person_id or None,
            channel=command.actor.channel,
        )
    )
