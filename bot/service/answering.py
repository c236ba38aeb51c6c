"""What a human act on a question does: decided, counted, late, unclear, cancelled or expired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.commands import (
    SYSTEM_CHANNEL,
    AnswerRequest,
    CancelRequest,
    ExpireRequest,
    MarkSeen,
    Outcome,
)
from bot.domain.errors import Conflict, NotAllowed, NotFound
from bot.domain.feedback import (
    Answer,
    FeedbackRequest,
    FeedbackResponse,
    Standing,
    State,
    Verdict,
    judge,
)
from bot.domain.instants import Micros, from_micros
from bot.domain.journal import Entry
from bot.domain.planning import Role
from bot.domain.reading import Unclear, read
from bot.domain.session import SessionState
from bot.service.conversation import Conversation
from bot.service.identifiers import new_id
from bot.service.ports.store import Transaction
from bot.service.ports.tables import Recipient
from bot.service.settling import settle, tell_everybody


@dataclass(frozen=True, kw_only=True, slots=True)
class Answering:
    """The handlers of everything that happens to a question that was asked."""

    session_timeout: Micros

    def answer(self, tx: Transaction, command: AnswerRequest, now: Micros) -> Outcome:
        """Take one human's answer; every one is kept, whatever becomes of it."""
        request = _locked(tx, command.request_id)
        recipients = tx.requests.recipients(request.id)
        recipient = _recipient(tx, request, recipients, command.actor.person_id)
        if not command.actor.verified:
            raise NotAllowed("Verify your address first; then your answer counts.")
        if command.digest is not None and command.digest != request.digest:
            raise Conflict(
                "This is not the question that you were shown. Reload, read it again, and answer.",
                code="digest_mismatch",
            )
        reading = read(
            request, approved=command.approved, choices=command.choices, text=command.text
        )
        conversation = self._conversation(tx, request, now)
        if isinstance(reading, Unclear):
            if request.is_open:
                unclear = Verdict(standing=Standing.UNCLEAR)
                _keep(tx, command, request, recipient, None, unclear, now)
                return Outcome(
                    status=Standing.UNCLEAR.value, request_id=request.id, text=reading.question
                )
            answer, verdict = None, Verdict(standing=Standing.LATE)
            words = command.text.strip()
        else:
            answer, words = reading, reading.words()
            before = _counted(tx, request, recipients)
            verdict = judge(request, before, recipient.canonical_id, reading)
        _keep(tx, command, request, recipient, answer, verdict, now)
        if verdict.standing is Standing.DECIDED and verdict.state is not None:
            settle(
                tx,
                conversation,
                request,
                verdict.state,
                now,
                by=recipient.canonical_id,
                via=command.actor.channel,
                outcome=verdict.outcome,
                recipients=recipients,
            )
            said = f"{recipient.name} answered “{request.question}”: {words}"
            wakes = True
        elif verdict.standing is Standing.LATE:
            said = _late_fact(request, recipient, words, verdict)
            wakes = False
        else:
            said = (
                f"{recipient.name} answered “{request.question}”: {words} "
                f"({verdict.missing} more needed)"
            )
            wakes = False
        if verdict.standing is not Standing.DECIDED:
            tell_everybody(conversation, request, [r.canonical_id for r in recipients])
        conversation.say(
            Role.SYSTEM,
            said,
            channel=command.actor.channel,
            person_id=recipient.canonical_id,
            request_id=request.id,
            wakes=wakes and conversation.state is SessionState.ACTIVE,
        )
        conversation.save()
        return Outcome(
            status=verdict.standing.value,
            request_id=request.id,
            text=_told(tx, request, verdict),
        )

    def cancel(self, tx: Transaction, command: CancelRequest, now: Micros) -> Outcome:
        """Take back a question; only its asker may."""
        request = _locked(tx, command.request_id)
        if request.asker_id != command.actor.person_id:
            recipients = tx.requests.recipients(request.id)
            _recipient(tx, request, recipients, command.actor.person_id)
            raise NotAllowed("Only the person who asked can take this question back.")
        if not request.is_open:
            raise Conflict(
                f"This question is already {request.state.value}; there is nothing to take back.",
                code="already_settled",
            )
        conversation = self._conversation(tx, request, now)
        settle(
            tx,
            conversation,
            request,
            State.CANCELLED,
            now,
            by=command.actor.person_id,
            via=command.actor.channel,
        )
        conversation.say(
            Role.SYSTEM,
            f"The question “{request.question}” was taken back.",
            channel=command.actor.channel,
            person_id=command.actor.person_id,
            request_id=request.id,
        )
        conversation.save()
        return Outcome(status="cancelled", request_id=request.id, session_id=request.session_id)

    def expire(self, tx: Transaction, command: ExpireRequest, now: Micros) -> Outcome:
        """Close a question that nobody decided in time: expired, never rejected or approved."""
        request = _locked(tx, command.request_id)
        if not request.is_open or request.deadline > now:
            return Outcome(status="unchanged", request_id=request.id)
        conversation = self._conversation(tx, request, now)
        settle(tx, conversation, request, State.EXPIRED, now, via=SYSTEM_CHANNEL)
        conversation.say(
            Role.SYSTEM,
            f"Nobody decided “{request.question}” in time: it has expired.",
            channel=SYSTEM_CHANNEL,
            request_id=request.id,
            wakes=conversation.state is SessionState.ACTIVE,
        )
        conversation.save()
        return Outcome(status="expired", request_id=request.id)

    def seen(self, tx: Transaction, command: MarkSeen, now: Micros) -> Outcome:
        """Note that a card is visible to its person."""
        person_id, channel = command.actor.person_id, command.actor.channel
        request = _locked(tx, command.request_id)
        recipients = tx.requests.recipients(request.id)
        recipient = _recipient(tx, request, recipients, person_id)
        if tx.surfaces.seen(request.id, recipient.person_id, channel, command.version):
            conversation = self._conversation(tx, request, now)
            tell_everybody(conversation, request, [])
            conversation.save()
            tx.journal.add(
                Entry(
                    kind="surface.seen",
                    at=now,
                    session_id=request.session_id,
                    request_id=request.id,
                    person_id=recipient.canonical_id,
                    channel=channel,
                    data={"version": command.version},
                )
            )
        return Outcome(status="seen", request_id=request.id)

    def _conversation(self, tx: Transaction, request: FeedbackRequest, now: Micros) -> Conversation:
        session = tx.sessions.lock(request.session_id)
        if session is None:
            raise NotFound("There is no such session.")
        return Conversation(tx, session, now, self.session_timeout)


def _locked(tx: Transaction, request_id: str) -> FeedbackRequest:
    request = tx.requests.lock(request_id)
    if request is None:
        raise NotFound("There is no such question.")
    return request


def _recipient(
    tx: Transaction, request: FeedbackRequest, recipients: Sequence[Recipient], person_id: str
) -> Recipient:
    """Return the recipient whom this person is; strangers do not learn that it exists."""
    person = tx.people.get(person_id)
    canonical = person.canonical_id if person else person_id
    for recipient in recipients:
        if recipient.canonical_id == canonical:
            return recipient
    if canonical == request.asker_id:
        names = ", ".join(recipient.name for recipient in recipients)
        raise NotAllowed(f"This question is for {names}; they can answer it.")
    raise NotFound("There is no such question.")


def _counted(
    tx: Transaction, request: FeedbackRequest, recipients: Sequence[Recipient]
) -> list[FeedbackResponse]:
    """Return the responses that counted so far, by canonical person: people may be merged."""
    if request.quorum == 1:
        return []  # only a quorum needs to know who said what before
    merged = {r.person_id: r.canonical_id for r in recipients}
    return [
        replace(response, person_id=merged.get(response.person_id, response.person_id))
        for response in tx.requests.responses(request.id)
        if response.standing is Standing.COUNTED
    ]


def _keep(
    tx: Transaction,
    command: AnswerRequest,
    request: FeedbackRequest,
    recipient: Recipient,
    answer: Answer | None,
    verdict: Verdict,
    now: Micros,
) -> None:
    """Keep a response, and journal what the request itself will not tell."""
    tx.requests.add_response(
        FeedbackResponse(
            id=new_id(),
            request_id=request.id,
            person_id=recipient.canonical_id,
            channel=command.actor.channel,
            raw_text=command.text,
            answer=answer,
            standing=verdict.standing,
            agrees=verdict.agrees,
            created_at=now,
        )
    )
    if verdict.standing is Standing.DECIDED:
        return  # the request's own entry says who decided it
    tx.journal.add(
        Entry(
            kind=f"response.{verdict.standing.value}",
            at=now,
            session_id=request.session_id,
            request_id=request.id,
            person_id=recipient.canonical_id,
            channel=command.actor.channel,
        )
    )


def _late_fact(request: FeedbackRequest, recipient: Recipient, words: str, verdict: Verdict) -> str:
    relation = {True: ", in agreement", False: ", in disagreement", None: ""}[verdict.agrees]
    return (
        f"{recipient.name} answered “{request.question}” after it was {request.state.value}"
        f"{relation}: {words}"
    )


def _told(tx: Transaction, request: FeedbackRequest, verdict: Verdict) -> str:
    """Return what the responder is told: no act of a human stays without a visible outcome."""
    if verdict.standing is Standing.DECIDED:
        return "Thank you. That decides it."
    if verdict.standing is Standing.COUNTED:
        more = "answer is" if verdict.missing == 1 else "answers are"
        return f"Thank you. Your answer counts; {verdict.missing} more {more} needed."
    when = from_micros(request.decided_at or request.deadline).strftime("%Y-%m-%d %H:%M UTC")
    by = tx.people.get(request.decided_by) if request.decided_by else None
    who = f"{by.name} " if by else "It was "
    kept = "Your answer is kept and was passed on."
    if request.state in (State.APPROVED, State.REJECTED, State.ANSWERED) and request.outcome:
        return f"{who}already answered “{request.outcome.words()}” at {when}. {kept}"
    return f"This question was {request.state.value} at {when}. {kept}"
