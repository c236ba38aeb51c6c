"""Carrying out a plan's steps in a turn's transaction; a plan proposes, only this does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.domain.commands import CHAT
from bot.domain.errors import Invalid
from bot.domain.feedback import FeedbackRequest, State
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.domain.planning import (
    AskHuman,
    CancelQuestion,
    EndSession,
    RemindPeople,
    Reply,
    Role,
    Step,
)
from bot.domain.session import Message, SessionState
from bot.service.asking import Terms, ask, remind
from bot.service.contacting import ask_to_contact
from bot.service.conversation import Conversation
from bot.service.ending import close_down
from bot.service.ports.store import Transaction
from bot.service.recipients import Asker, NotNamed
from bot.service.settling import settle

MAX_STEPS = 24
"""Steps carried out of one plan: three for each of the inputs that a turn reacts to."""

Done = Mapping[str, object]


def lock_named(tx: Transaction, steps: Sequence[Step], session_id: str) -> set[str]:
    """Hold the questions of this session that a plan acts on, and return which they are.

    An end settles all of them. Requests before their session, as everywhere, and in one order: two
    transactions cannot wait for each other.
    """
    named = {request_id for step in steps if (request_id := _named(step)) is not None}
    if any(isinstance(step, EndSession) for step in steps):
        named.update(request.id for request in tx.requests.open_of(session_id))
    held = set()
    for request_id in sorted(named):
        request = tx.requests.lock(request_id)
        if request is not None and request.session_id == session_id:
            held.add(request.id)
    return held


def _named(step: Step) -> str | None:
    """Return the existing question that a step acts on."""
    match step:
        case CancelQuestion(request_id=request_id) | RemindPeople(request_id=request_id):
            return request_id
        case AskHuman(replaces=replaces):
            return replaces
    return None


class StepsAtWork:
    """One plan's steps on one locked session; `named` are the questions that are held for it."""

    def __init__(
        self,
        tx: Transaction,
        conversation: Conversation,
        named: set[str],
        asker: Asker,
        terms: Terms,
        now: Micros,
    ) -> None:
        self._tx = tx
        self._conversation = conversation
        self._named = named
        self._asker = asker
        self._terms = terms
        self._now = now

    def carry_out(self, steps: Sequence[Step]) -> list[Done]:
        """Do the steps in order and return what to journal of each."""
        # An end comes last, lest it cut off what was said besides.
        ordered = sorted(steps[:MAX_STEPS], key=lambda step: isinstance(step, EndSession))
        done = []
        for step in ordered:
            if self._conversation.state is not SessionState.ACTIVE:
                break
            done.append(self._do(step))
        if len(steps) > MAX_STEPS:
            self._say(
                f"I stopped after {MAX_STEPS} steps, since that was too much at once. "
                "Tell me what is still to be done."
            )
        return done

    def _do(self, step: Step) -> Done:
        match step:
            case Reply():
                return {"step": "reply", "message": self._say(step.text).id}
            case AskHuman():
                try:
                    request = self._ask(step)
                except Invalid as refusal:
                    self._say(refusal.message)
                    return {"step": "ask", "refused": refusal.code}
                return {"step": "ask", "request": request.id}
            case CancelQuestion() | RemindPeople():
                return self._act_on_question(step)
            case EndSession():
                return self._end(step)

    def _ask(self, step: AskHuman) -> FeedbackRequest:
        """Ask; where a question takes another's place, the other is settled as superseded."""
        earlier = None
        if step.replaces is not None:
            earlier = self._open(step.replaces)
            if earlier is None:
                raise Invalid("The question to change is not open any more.")
        given = (self._tx, self._conversation, step, self._asker, self._now, self._terms)
        try:
            request = ask(*given)
        except NotNamed:
            # Nothing of it is asked, or taken back, before the owner has allowed whom it goes to.
            return ask_to_contact(*given)
        if earlier is not None:
            self._settle(earlier, State.SUPERSEDED)
        return request

    def _act_on_question(self, step: CancelQuestion | RemindPeople) -> Done:
        request = self._open(step.request_id)
        if request is None:
            self._say("That question is not open any more.")
            return {"step": "question", "refused": "not_open"}
        if isinstance(step, CancelQuestion):
            if not self._asker.spoke:
                self._say(f"Shall I take back “{request.question}”? Tell me to, and I will.")
                return {"step": "cancel", "refused": "not_asked_for"}
            self._settle(request, State.CANCELLED)
            return {"step": "cancel", "request": request.id}
        remind(self._tx, self._conversation, request, self._now, self._terms.routing)
        return {"step": "remind", "request": request.id}

    def _end(self, step: EndSession) -> Done:
        if not self._asker.spoke and self._conversation.session.open_questions:
            # What others write, or a tool, must not take back what people are asked.
            self._say("Shall I end this session, and take back what is still open? Tell me to.")
            return {"step": "end", "refused": "not_asked_for"}
        if step.text.strip():
            self._say(step.text)
        close_down(self._tx, self._conversation, "agent", self._now)
        self._tx.journal.add(
            Entry(kind="session.ended", at=self._now, session_id=self._conversation.id)
        )
        return {"step": "end"}

    def _open(self, request_id: str) -> FeedbackRequest | None:
        """Return a held question if it is open, read again: an earlier step may have changed it."""
        request = self._tx.requests.get(request_id) if request_id in self._named else None
        return request if request is not None and request.is_open else None

    def _settle(self, request: FeedbackRequest, state: State) -> None:
        owner = self._conversation.owner_id
        settle(self._tx, self._conversation, request, state, self._now, by=owner, via=CHAT)

    def _say(self, text: str) -> Message:
        return self._conversation.say(Role.AGENT, text, channel=CHAT, turn_id=self._asker.turn_id)
