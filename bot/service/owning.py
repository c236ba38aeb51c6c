"""What the asker does with a question: take it back, ask it again, take a late answer after all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.commands import AskAgain, CancelRequest, Outcome, ReopenWith
from bot.domain.deciding import judge
from bot.domain.errors import Conflict, NotFound
from bot.domain.feedback import (
    Answer,
    FeedbackRequest,
    FeedbackResponse,
    Standing,
    State,
)
from bot.domain.held_step import asks_for_contact
from bot.domain.instants import Micros
from bot.domain.planning import Role
from bot.domain.routing import Routing
from bot.domain.session import SessionState
from bot.service.acting import make_due
from bot.service.asking import ask_once_more
from bot.service.budgets import AskBudget
from bot.service.ports.store import Transaction
from bot.service.questions import Question
from bot.service.reaching import CHAT_ONLY
from bot.service.settling import repaint, settle


@dataclass(frozen=True, kw_only=True, slots=True)
class Owning:
    """The handlers of the asker's acts."""

    session_timeout: Micros
    feedback_timeout: Micros
    self_approval: bool = False
    routing: Routing = CHAT_ONLY
    budget: AskBudget | None = None

    def cancel(self, tx: Transaction, command: CancelRequest, now: Micros) -> Outcome:
        """Take back a question."""
        question = Question(tx, command.request_id, command, now, self.session_timeout)
        question.check_asker()
        question.check_open()
        conversation = question.conversation()
        request = question.request
        settle(
            tx,
            conversation,
            request,
            State.CANCELLED,
            now,
            by=question.actor_id,
            via=command.actor.channel,
            recipients=question.recipients,
        )
        conversation.say(
            Role.SYSTEM,
            f"The question “{request.question}” was taken back.",
            channel=command.actor.channel,
            person_id=question.actor_id,
            request_id=request.id,
        )
        conversation.save()
        return Outcome(status="cancelled", request_id=request.id, session_id=request.session_id)

    def ask_again(self, tx: Transaction, command: AskAgain, now: Micros) -> Outcome:
        """Put a question that nobody decided to the same people once more."""
        question = Question(tx, command.request_id, command, now, self.session_timeout)
        question.check_asker()
        request = question.request
        if request.state not in (State.EXPIRED, State.CANCELLED):
            raise Conflict(
                f"This question is {request.state.value}; only one that expired or was taken back "
                "can be asked again.",
                code="not_over",
            )
        _refuse_for_contact(request)
        conversation = question.conversation()
        _refuse_a_second(tx, request)
        if conversation.state is not SessionState.ACTIVE:
            raise Conflict(
                "The session of this question is not running. Write in it first.", code="ended"
            )
        within = command.within if command.within is not None else self.feedback_timeout
        asked = ask_once_more(
            tx,
            conversation,
            request,
            within,
            now,
            self.routing,
            self_approval=self.self_approval,
            budget=self.budget,
        )
        question.journal("request.asked_again", {"as": asked.id})
        conversation.save()
        return Outcome(status="asked", request_id=asked.id, session_id=asked.session_id)

    def reopen_with(self, tx: Transaction, command: ReopenWith, now: Micros) -> Outcome:
        """Let a late answer decide that was sent before the deadline: it is not its author's
        fault that it came late.
        """
        question = Question(tx, command.request_id, command, now, self.session_timeout)
        question.check_asker()
        request = question.request
        responses = tx.requests.responses(request.id)
        response = next((r for r in responses if r.id == command.response_id), None)
        if response is None:
            raise NotFound("There is no such response.")
        if request.state is not State.EXPIRED:
            raise Conflict(
                f"This question is {request.state.value}; only an expired one can be reopened.",
                code="not_expired",
            )
        if response.answer is None or not _in_time(response, request):
            raise Conflict("This response was not sent in time.", code="not_in_time")
        _refuse_for_contact(request)
        answer = response.answer
        author, state = self._judge(question, responses, response, answer)
        conversation = question.conversation()
        _refuse_a_second(tx, request)
        reopened = replace(
            request,
            state=state,
            version=request.version + 1,
            decided_at=now,
            decided_by=author,
            decided_via=response.channel,
            outcome=answer,
        )
        tx.requests.save(reopened)
        make_due(tx, reopened, now)
        repaint(tx, conversation, reopened, now, question.recipients)
        question.journal(
            "request.reopened",
            {"response": response.id, "state": reopened.state.value, "digest": request.digest},
        )
        names = {r.canonical_id: r.name for r in question.recipients}
        conversation.say(
            Role.SYSTEM,
            f"{names.get(author, 'Somebody')} answered “{request.question}”: {answer.words()}",
            channel=command.actor.channel,
            person_id=author,
            request_id=request.id,
            wakes=conversation.state is SessionState.ACTIVE,
        )
        conversation.save()
        return Outcome(
            status="reopened", request_id=request.id, text="That answer decides it after all."
        )

    def _judge(
        self,
        question: Question,
        responses: Sequence[FeedbackResponse],
        response: FeedbackResponse,
        answer: Answer,
    ) -> tuple[str, State]:
        """Return who decides by a late answer, and how, by the same rules as in time.

        Other answers that were sent in time count with it. Raises `Conflict` when it is not enough.
        """
        request = replace(question.request, state=State.PENDING, outcome=None)
        deciders = question.voters(self_approval=self.self_approval)
        author = question.canonical(response.person_id)
        if author not in deciders:
            raise Conflict(
                "This response is not by somebody who may decide this.", code="not_a_decider"
            )
        late = sorted(
            (other for other in responses if other.answer is not None and _in_time(other, request)),
            key=lambda other: other.sent_at,
        )
        last = {question.canonical(other.person_id): other for other in late}
        if last[author].answer != answer:
            raise Conflict(
                "Its author changed their mind in time. Take their last answer.",
                code="changed_mind",
            )
        votes = question.votes() | {who: o.answer for who, o in last.items() if o.answer}
        verdict = judge(request, deciders, votes, author, answer, question.stand_ins)
        if verdict.state is None:
            more = "answer is" if verdict.missing == 1 else "answers are"
            raise Conflict(
                f"That answer does not decide it: {verdict.missing} more {more} needed.",
                code="not_enough",
            )
        return author, verdict.state


def _refuse_for_contact(request: FeedbackRequest) -> None:
    """Refuse to bring back a question whom the agent may ask: naming them does what it would."""
    if asks_for_contact(request):
        raise Conflict(
            "Write the user names of those whom I may ask in a message instead.", code="not_over"
        )


def _refuse_a_second(tx: Transaction, request: FeedbackRequest) -> None:
    """Refuse while the same question is open, or was decided, under another id.

    One that was asked again must not be decided twice, nor its action run twice. The caller holds
    the session, so that none of them changes meanwhile.
    """
    first: dict[str, str] = {}
    others = []
    for other in tx.requests.of_session(request.session_id):  # oldest first
        first[other.id] = first.get(other.replaces or "", other.id)
        if other.id != request.id and (other.is_open or other.outcome is not None):
            others.append(other)
    if any(first[other.id] == first[request.id] for other in others):
        raise Conflict("This question has been asked again already.", code="asked_again")


def _in_time(response: FeedbackResponse, request: FeedbackRequest) -> bool:
    """Tell whether a response came late, but was sent before the deadline."""
    return response.standing is Standing.LATE and response.sent_at <= request.deadline
