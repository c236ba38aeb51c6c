"""What a responder's words do: decide, count, come late, comment, or ask for changes."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.commands import CHAT, AnswerRequest, CommentOn, Outcome
from bot.domain.deciding import Verdict, judge, late
from bot.domain.errors import Conflict, NotAllowed
from bot.domain.feedback import (
    Answer,
    FeedbackRequest,
    FeedbackResponse,
    Rule,
    Standing,
    State,
)
from bot.domain.held_step import asks_for_contact
from bot.domain.instants import Micros
from bot.domain.invisible import visible
from bot.domain.planning import Role
from bot.domain.quoting import cited
from bot.domain.reading import Unclear, read
from bot.domain.session import SessionState
from bot.domain.text import ANSWER_BYTES, clean
from bot.domain.zones import said
from bot.service.asking import Terms
from bot.service.contacting import carry_on
from bot.service.conversation import Conversation
from bot.service.identifiers import new_id
from bot.service.ports.store import Transaction
from bot.service.ports.tables import Recipient
from bot.service.questions import Question, through
from bot.service.settling import settle, tell_everybody
from bot.service.unread import is_worth_reading, read_later

STUCK = "what answers can still come cannot decide it, unless somebody changes their mind"
"""What is said of a question that nothing but a change of mind, or more people, can decide."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answering:
    """The handlers of what responders say; every response is kept, whatever becomes of it."""

    session_timeout: Micros
    self_approval: bool = False
    has_reader: bool = False
    """Whether a model reads what the rules cannot."""
    terms: Terms
    """Of what is asked once its owner has allowed whom it goes to."""

    def answer(self, tx: Transaction, command: AnswerRequest, now: Micros) -> Outcome:
        """Take one human's answer: the first valid one that is enough decides."""
        question = Question(tx, command.request_id, command, now, self.session_timeout)
        recipient = question.decider() if question.request.is_open else question.recipient()
        if not command.actor.verified:
            raise NotAllowed("Verify your address first; then your answer counts.")
        question.refuse_own_approval(recipient.canonical_id, allowed=self.self_approval)
        request = question.request
        if command.digest is not None and command.digest != request.digest:
            raise Conflict(
                "This is not the question that you were shown. Reload, read it again, and answer.",
                code="digest_mismatch",
            )
        reading = _scattered(command) or read(
            request,
            approved=command.approved,
            choices=command.choices,
            values=command.values,
            text=command.text,
            names=_names(tx, question, recipient) if command.text else (),
        )
        conversation = question.conversation()
        # Past the deadline nothing decides, also where nobody has looked at the clock so far.
        over = not request.is_open or (command.sent_at or now) > request.deadline
        if isinstance(reading, Unclear):
            if not over:
                kept = _keep(tx, question, command, None, Verdict(standing=Standing.UNCLEAR), now)
                tell_everybody(conversation, request, [recipient.canonical_id])
                conversation.save()
                # A page has the buttons beside the words, and asks back at once.
                if (
                    self.has_reader
                    and command.actor.channel != CHAT
                    and not command.scattered
                    and is_worth_reading(request, command)
                ):
                    read_later(tx, request, kept, command, now)
                    return Outcome(
                        status="reading",
                        request_id=request.id,
                        text="Thank you. I am reading your answer; you will hear what came of it.",
                    )
                return Outcome(
                    status=Standing.UNCLEAR.value, request_id=request.id, text=reading.question
                )
            answer, verdict = None, Verdict(standing=Standing.LATE)
            words = command.text.strip()
        else:
            answer, words = reading, reading.words()
            verdict = (
                late(request, reading)
                if over
                else judge(
                    request,
                    question.voters(self_approval=self.self_approval),
                    {} if request.rule is Rule.FIRST else question.votes(),
                    recipient.canonical_id,
                    reading,
                    question.stand_ins,
                )
            )
        _keep(tx, question, command, answer, verdict, now)
        wakes = self._settle(tx, question, conversation, recipient, command, verdict, now)
        # What it allows is done at once, so that no plan has to come back to it.
        allows = verdict.state is State.APPROVED and asks_for_contact(request)
        # Whoever presses twice has said one thing: it is kept, and told of once.
        if not _repeats(request, recipient, verdict):
            conversation.say(
                Role.SYSTEM,
                _fact(request, recipient, words, verdict),
                channel=command.actor.channel,
                person_id=recipient.canonical_id,
                request_id=request.id,
                wakes=wakes and not allows and conversation.state is SessionState.ACTIVE,
            )
        if allows:
            carry_on(tx, conversation, request, now, self.terms)
        conversation.save()
        return Outcome(
            status=verdict.standing.value,
            request_id=request.id,
            text=_told(tx, request, recipient, verdict, now),
        )

    def comment(self, tx: Transaction, command: CommentOn, now: Micros) -> Outcome:
        """Take a remark, or a wish for changes: neither ends the question."""
        question = Question(tx, command.request_id, command, now, self.session_timeout)
        recipient = question.recipient()
        if not command.actor.verified:
            raise NotAllowed("Verify your address first; then your words count.")
        text = clean(command.text, what="comment", limit=ANSWER_BYTES)
        request = question.request
        changes = command.changes and request.is_open
        standing = Standing.CHANGES if changes else Standing.COMMENT
        conversation = question.conversation()
        kept = AnswerRequest(
            external_key=command.external_key,
            actor=command.actor,
            request_id=request.id,
            text=text,
        )
        _keep(tx, question, kept, None, Verdict(standing=standing), now)
        tell_everybody(conversation, request, [recipient.canonical_id])
        verb = "asks for changes to" if changes else "commented on"
        conversation.say(
            Role.SYSTEM,
            f"{recipient.name} {verb} “{request.question}”: {cited(text)}",
            channel=command.actor.channel,
            person_id=recipient.canonical_id,
            request_id=request.id,
            wakes=changes and conversation.state is SessionState.ACTIVE,
        )
        conversation.save()
        told = "Thank you. Your words were passed on; the question stays open."
        return Outcome(
            status=standing.value,
            request_id=request.id,
            text=told if request.is_open else "Thank you. Your words were passed on.",
        )

    def _settle(
        self,
        tx: Transaction,
        question: Question,
        conversation: Conversation,
        recipient: Recipient,
        command: AnswerRequest,
        verdict: Verdict,
        now: Micros,
    ) -> bool:
        """Apply a verdict to the request; tell whether the agent must react to it."""
        people = [r.canonical_id for r in question.recipients]
        if verdict.standing is Standing.DECIDED and verdict.state is not None:
            settle(
                tx,
                conversation,
                question.request,
                verdict.state,
                now,
                by=recipient.canonical_id,
                via=command.actor.channel,
                through=through(command.actor),
                outcome=verdict.outcome,
                recipients=question.recipients,
            )
            return True
        if verdict.standing is Standing.COUNTED and _is_shown_outside(tx, question.request):
            question.change(conversation)  # its cards say who has answered, and what is missing
        else:
            tell_everybody(conversation, question.request, people)
        return verdict.stalemate


def _is_shown_outside(tx: Transaction, request: FeedbackRequest) -> bool:
    """Tell whether a question is shown where it must be repainted; a page looks for itself."""
    return any(surface.channel != CHAT for surface in tx.surfaces.of_request(request.id))


def _scattered(command: AnswerRequest) -> Unclear | None:
    """Return what to ask back where it cannot be told to what each of the words belongs."""
    if not command.scattered:
        return None
    return Unclear(
        question="Your words stood between the lines of an earlier mail, so I could not tell to "
        "what they belong, and nothing is decided. Please write your answer by itself."
    )


def _names(tx: Transaction, question: Question, recipient: Recipient) -> list[str]:
    """Return the names that may stand above or below an answer: its author's and the asker's."""
    asker = tx.people.get(question.asker_id)
    return [recipient.name, *([asker.name] if asker else [])]


def _keep(
    tx: Transaction,
    question: Question,
    command: AnswerRequest,
    answer: Answer | None,
    verdict: Verdict,
    now: Micros,
) -> str:
    """Keep a response, and journal what the request itself will not tell; return its id."""
    at = now
    if question.request.rule is not Rule.FIRST and question.responses:
        # Clocks differ and can be set back, but somebody's last word comes after their first.
        at = max(now, question.responses[-1].created_at + 1)
    response = FeedbackResponse(
        id=new_id(),
        request_id=question.request.id,
        person_id=question.actor_id,
        channel=command.actor.channel,
        raw_text=visible(command.text),
        answer=answer,
        standing=verdict.standing,
        agrees=verdict.agrees,
        sent_at=min(now, command.sent_at) if command.sent_at is not None else now,
        created_at=at,
    )
    tx.requests.add_response(response)
    if verdict.standing is not Standing.DECIDED:  # then the request's own entry says who decided
        question.journal(f"response.{verdict.standing.value}", {"response": response.id})
    return response.id


def _fact(request: FeedbackRequest, recipient: Recipient, words: str, verdict: Verdict) -> str:
    """Return what the session is told."""
    answered = f"{recipient.name} answered “{request.question}”"
    words = cited(words)
    if verdict.standing is Standing.LATE:
        relation = {True: ", in agreement", False: ", in disagreement", None: ""}[verdict.agrees]
        then = "its deadline" if request.is_open else f"it was {request.state.value}"
        return f"{answered} after {then}{relation}: {words}"
    if verdict.standing is Standing.DECIDED:
        return f"{answered}: {words}"
    if verdict.stalemate:
        return f"{answered}: {words} ({STUCK})"
    return f"{answered}: {words} ({verdict.missing} more needed)"


def _repeats(request: FeedbackRequest, recipient: Recipient, verdict: Verdict) -> bool:
    """Tell whether whoever decided a question says the same of it once more."""
    own = request.decided_by in (recipient.person_id, recipient.canonical_id)
    return own and verdict.standing is Standing.LATE and verdict.agrees is True


def _told(
    tx: Transaction, request: FeedbackRequest, recipient: Recipient, verdict: Verdict, now: Micros
) -> str:
    """Return what the responder is told: no act of a human stays without a visible outcome."""
    if verdict.standing is Standing.DECIDED:
        return "Thank you. That decides it."
    if verdict.standing is Standing.COUNTED:
        if verdict.stalemate:
            return f"Thank you. Your answer counts, but {STUCK}."
        more = "answer is" if verdict.missing == 1 else "answers are"
        return f"Thank you. Your answer counts; {verdict.missing} more {more} needed."
    if _repeats(request, recipient, verdict):
        return "You have answered this already, and that decided it. Nothing more to do."
    reader = tx.people.get(recipient.canonical_id)
    when = said(request.decided_at or request.deadline, reader.zone if reader else "UTC", now)
    by = tx.people.get(request.decided_by) if request.decided_by else None
    who = f"{by.name} " if by else "It was "
    kept = "Your answer is kept and was passed on."
    if request.state in (State.APPROVED, State.REJECTED, State.ANSWERED) and request.outcome:
        return f"{who}already answered “{request.outcome.words()}”: {when}. {kept}"
    if request.is_open:
        return f"The time to answer was over: {when}. {kept}"
    return f"This question was {request.state.value}: {when}. {kept}"
