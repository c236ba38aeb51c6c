"""A turn's two transactions: claiming a session with what its planner needs, and committing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.commands import CHAT
from bot.domain.errors import StaleClaim
from bot.domain.feedback import Part
from bot.domain.instants import SECOND, Micros, iso
from bot.domain.journal import Entry
from bot.domain.planning import (
    Line,
    OpenQuestion,
    Plan,
    PlanContext,
    Role,
)
from bot.domain.record import changed
from bot.domain.session import Message, Session, title_of
from bot.domain.text import presentable, shortened
from bot.service.asking import Terms
from bot.service.carrying_out import StepsAtWork, lock_named
from bot.service.conversation import Conversation
from bot.service.identifiers import new_id
from bot.service.ports.store import Transaction
from bot.service.recipients import Asker
from bot.service.status_frames import status_frame

RECENT_LINES = 20
"""Messages before the new ones that a planner sees."""
SUMMARISED_AT_ONCE = 10
"""Messages beyond them that are worth a summary; fewer are shown as they are."""
NEW_LINES = 100
"""Messages behind those that a planner may be shown besides."""
INPUTS = 8
"""Messages that one turn reacts to; more are left for the next, so that none is passed over."""
LINE_LENGTH = 8_000
"""Characters of one message that a planner sees."""
MAX_FAILURES = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimedTurn:
    """A session that this worker may plan for, until `until`, under claim `number`."""

    turn_id: str
    owner: str
    number: int
    session: Session
    upto: int
    """The newest message that this turn reacts to."""
    context: PlanContext
    to_summarise: Sequence[Message]
    place: str | None = None
    """Where its input came by, and its words go; None: the web alone."""
    started_at: Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Turns:
    """The rules of claiming and committing; every write names the claim's number."""

    lease: Micros
    session_timeout: Micros
    terms: Terms

    def claim(
        self, tx: Transaction, session_id: str, worker: str, now: Micros
    ) -> ClaimedTurn | None:
        """Claim a session that has input and is not held by a live claim."""
        session = tx.sessions.lock(session_id)
        if session is None or not session.has_input:
            return None
        if session.claim_until is not None and session.claim_until > now:
            return None
        if session.turn_due_at is not None and session.turn_due_at > now:
            return None
        claimed = changed(
            session,
            claim_owner=worker,
            claim_number=session.claim_number + 1,
            claim_until=now + self.lease,
        )
        tx.sessions.save(claimed)
        turn_id = new_id()
        start = self._window(session)
        messages = tx.messages.after(session.id, start, session.planned_seq - start + NEW_LINES)
        messages = _up_to_inputs(messages, session.planned_seq)
        inputs = [m for m in messages if m.seq > session.planned_seq and m.role is not Role.AGENT]
        upto = messages[-1].seq if messages else session.planned_seq
        return ClaimedTurn(
            turn_id=turn_id,
            owner=worker,
            number=claimed.claim_number,
            session=claimed,
            upto=upto,
            context=self._context(tx, claimed, turn_id, messages, now),
            to_summarise=self._to_summarise(tx, session),
            place=inputs[-1].place if inputs else session.place,
            started_at=now,
        )

    def _context(
        self,
        tx: Transaction,
        session: Session,
        turn_id: str,
        messages: Sequence[Message],
        now: Micros,
    ) -> PlanContext:
        names: dict[str, str] = {}
        owners = {session.owner_id}

        def name_of(person_id: str) -> str:
            if person_id not in names:
                person = tx.people.get(person_id)
                names[person_id] = person.name if person else "somebody"
                if person is not None and person.canonical_id == session.owner_id:
                    owners.add(person_id)  # found to be the owner since they wrote
            return names[person_id]

        owner = tx.people.get(session.owner_id)
        names[session.owner_id] = owner.name if owner else "somebody"
        questions = tx.requests.open_of(session.id) if session.open_questions else ()
        return PlanContext(
            session_id=session.id,
            turn_id=turn_id,
            now=now,
            zone=owner.zone if owner else "UTC",
            owner=names[session.owner_id],
            summary=session.summary,
            lines=tuple(
                Line(
                    seq=m.seq,
                    role=m.role,
                    author=name_of(m.person_id) if m.person_id else m.role.value,
                    is_owner=m.role is Role.USER and m.person_id in owners,
                    text=shortened(m.text, LINE_LENGTH),
                    new=m.seq > session.planned_seq and m.role is not Role.AGENT,
                )
                for m in messages
            ),
            open_questions=tuple(
                OpenQuestion(
                    request_id=q.id,
                    question=q.question,
                    people=tuple(
                        r.name for r in tx.requests.recipients(q.id) if r.part is Part.DECIDER
                    ),
                    asked_at=q.asked_at,
                    deadline=q.deadline,
                )
                for q in questions
            ),
            feedback_timeout=self.terms.feedback_timeout,
            tools=tuple(self.terms.toolbox.summaries) if self.terms.toolbox else (),
        )

    def _window(self, session: Session) -> int:
        """Return after which message the planner sees each: what is in no summary is shown.

        Without summaries it would grow, so that at most `NEW_LINES` more are shown.
        """
        recent = session.planned_seq - RECENT_LINES
        return max(0, min(recent, max(session.summary_seq, recent - NEW_LINES)))

    def _to_summarise(self, tx: Transaction, session: Session) -> Sequence[Message]:
        """Return what has slid out of the planner's window and is in no summary yet."""
        window = session.planned_seq - RECENT_LINES
        if window - session.summary_seq < SUMMARISED_AT_ONCE:
            return ()
        messages = tx.messages.after(session.id, session.summary_seq, NEW_LINES)
        return [m for m in messages if m.seq <= window]

    def renew(self, tx: Transaction, claim: ClaimedTurn, now: Micros) -> None:
        """Keep a claim alive while its planner thinks; `StaleClaim` when it was lost."""
        session = self._held(tx, claim)
        tx.sessions.save(replace(session, claim_until=now + self.lease))

    def commit(
        self,
        tx: Transaction,
        claim: ClaimedTurn,
        plan: Plan,
        now: Micros,
        outcome: str = "planned",
    ) -> Session:
        """Carry out a plan's steps; what the plan may not do becomes a sentence to the owner."""
        named = lock_named(tx, plan.steps, claim.session.id)
        session = self._held(tx, claim)
        conversation = Conversation(tx, session, now, self.session_timeout)
        conversation.place = claim.place
        asker = Asker(
            person_id=session.owner_id,
            words=[line.text for line in claim.context.lines if line.is_owner],
            turn_id=claim.turn_id,
            spoke=any(line.is_owner and line.new for line in claim.context.lines),
        )
        at_work = StepsAtWork(tx, conversation, named, asker, self.terms, now)
        done = at_work.carry_out(plan.steps)
        if plan.summary is not None and claim.to_summarise:
            conversation.change(
                summary=presentable(plan.summary), summary_seq=claim.to_summarise[-1].seq
            )
        conversation.change(
            planned_seq=max(claim.upto, session.planned_seq),
            claim_owner=None,
            claim_until=None,
            failures=0,
        )
        saved = conversation.save()
        self._finish(tx, claim, saved, outcome, plan.note, done, now)
        return saved

    def rename(self, tx: Transaction, session_id: str, title: str, now: Micros) -> None:
        """Give a session a title."""
        session = tx.sessions.lock(session_id)
        if session is not None:
            conversation = Conversation(tx, session, now, self.session_timeout)
            conversation.change(title=title_of(presentable(title)))
            conversation.tell_state()
            conversation.save()

    def release(self, tx: Transaction, claim: ClaimedTurn, now: Micros) -> None:
        """Give back a claim whose turn was cut off, so that another server goes on at once."""
        session = self._held(tx, claim)
        conversation = Conversation(tx, session, now, self.session_timeout)
        conversation.change(claim_owner=None, claim_until=None)
        conversation.save()

    def break_off(self, tx: Transaction, claim: ClaimedTurn, now: Micros) -> Session:
        """Release a turn that broke unexpectedly, to be tried again later, at last with a word."""
        session = self._held(tx, claim)
        conversation = Conversation(tx, session, now, self.session_timeout)
        failures = session.failures + 1
        gave_up = failures >= MAX_FAILURES
        conversation.place = claim.place
        conversation.change(claim_owner=None, claim_until=None, failures=0 if gave_up else failures)
        if gave_up:
            conversation.say(
                Role.AGENT,
                "Something went wrong on our side while I worked on this, several times. Your "
                "message is kept; write again to make me try once more.",
                channel=CHAT,
                turn_id=claim.turn_id,
            )
            conversation.change(planned_seq=claim.upto)
        saved = conversation.save(retry_at=now + (SECOND << failures))
        self._finish(tx, claim, saved, "gave_up" if gave_up else "broke", "", [], now)
        return saved

    def _held(self, tx: Transaction, claim: ClaimedTurn) -> Session:
        """Return the locked session while this claim is the one in force."""
        session = tx.sessions.lock(claim.session.id)
        if (
            session is None
            or session.claim_number != claim.number
            or session.claim_owner != claim.owner
        ):
            raise StaleClaim("Another worker has this turn now.")
        return session

    def _finish(
        self,
        tx: Transaction,
        claim: ClaimedTurn,
        session: Session,
        outcome: str,
        note: str,
        steps: Sequence[Mapping[str, object]],
        now: Micros,
    ) -> None:
        """Journal the turn, under the number of the claim that it held."""
        tx.journal.add(
            Entry(
                kind=f"turn.{outcome}",
                at=now,
                session_id=session.id,
                data={
                    "turn": claim.turn_id,
                    "claim": claim.number,
                    "upto": claim.upto,
                    "by": note,
                    "steps": list(steps),
                    "took": now - claim.started_at,
                },
            )
        )


def _up_to_inputs(messages: Sequence[Message], planned_seq: int) -> Sequence[Message]:
    """Cut `messages` after the last that this turn reacts to.

    All of them came by one place, to which its words go.
    """
    inputs = 0
    place: str | None = None
    for position, message in enumerate(messages):
        if message.seq > planned_seq and message.role is not Role.AGENT:
            if inputs and message.place != place:
                return messages[:position]
            place = message.place
            inputs += 1
            if inputs == INPUTS:
                return messages[: position + 1]
    return messages


def status_after(tx: Transaction, session: Session, now: Micros) -> str:
    """Return the frame that says what a session is doing once its turn is over."""
    awaiting = [
        {
            "request_id": q.id,
            "people": [r.name for r in tx.requests.recipients(q.id) if r.part is Part.DECIDER],
            "until": iso(q.deadline),
        }
        for q in (tx.requests.open_of(session.id) if session.open_questions else ())
    ]
    return status_frame(session, session.status(now), awaiting)
