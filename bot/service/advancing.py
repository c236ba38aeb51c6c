"""What time does to a question: remind, ask others besides, and at last expire it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.commands import CHAT, SYSTEM_CHANNEL, AdvanceRequest, AskNext, Outcome
from bot.domain.feedback import FeedbackRequest, Kind, Part, Route, Standing, State
from bot.domain.instants import MINUTE, Micros
from bot.domain.person import Person
from bot.domain.planning import Role
from bot.domain.record import changed
from bot.domain.routing import Routing
from bot.domain.session import SessionState
from bot.domain.text import listed
from bot.domain.timetable import Escalate, Expire, Remind
from bot.service.conversation import Conversation
from bot.service.ports.store import Transaction
from bot.service.questions import Question
from bot.service.reaching import CHAT_ONLY, reach, reach_again
from bot.service.recipients import with_stand_ins
from bot.service.settling import settle

GRACE: Micros = 30 * MINUTE
"""How long past the deadline a question waits for inbound channels that were not read so far."""
LOOK_AGAIN: Micros = MINUTE
_ANSWERS = (Standing.COUNTED, Standing.CHANGES)
"""What of an open question need not be asked for once more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Advancing:
    """The handler of the sweeper's commands for questions."""

    session_timeout: Micros
    self_approval: bool = False
    routing: Routing = CHAT_ONLY

    def advance(self, tx: Transaction, command: AdvanceRequest, now: Micros) -> Outcome:
        """Do everything that is due of one question; what is overdue twice is done once."""
        question = Question(tx, command.request_id, command, now, self.session_timeout)
        request = question.request
        unchanged = Outcome(status="unchanged", request_id=request.id)
        if not request.is_open or request.next_at is None or request.next_at > now:
            return unchanged
        found = request.timetable.due(request.reminders_done, request.escalations_done, now)
        # First, so that whatever is saved below has it: nothing of this is done a second time.
        question.request = changed(
            request,
            reminders_done=found.reminders_done,
            escalations_done=found.escalations_done,
            next_at=found.next_at,
        )
        conversation = question.conversation()
        status = "unchanged"
        for act in found.acts:
            match act:
                case Remind():
                    self._remind(tx, question, conversation, now)
                    status = "reminded"
                case Escalate(index=index):
                    self._escalate(tx, question, conversation, index, now)
                    status = "escalated"
                case Expire():
                    if not self._expire(tx, question, conversation, now):
                        conversation.save()
                        return Outcome(status="waiting", request_id=request.id)
                    conversation.save()
                    return Outcome(status="expired", request_id=request.id)
        if not found.acts:  # every act saves the request with it
            tx.requests.save(question.request)
        conversation.save()
        return Outcome(status=status, request_id=request.id)

    def ask_next(self, tx: Transaction, command: AskNext, now: Micros) -> Outcome:
        """Let the next escalation come now, or remind the others who are asked, for one away."""
        question = Question(tx, command.request_id, command, now, self.session_timeout)
        away = question.decider()
        question.check_open()
        request = question.request
        conversation = question.conversation()
        step = request.escalations_done
        others = [r for r in question.deciders if r.canonical_id != away.canonical_id]
        if step < len(request.timetable.escalations):
            question.request = changed(
                request,
                escalations_done=step + 1,
                next_at=request.timetable.next_at(request.reminders_done, step + 1),
            )
            self._escalate(tx, question, conversation, step, now)
            then = "so the next are asked now."
        else:
            for recipient in others:
                person = tx.people.get(recipient.canonical_id)
                if person is not None:
                    reach_again(tx, request, person, now, self.routing)
            names = listed([recipient.name for recipient in others])
            waits = "it still waits for" if others else "nobody else is asked; it waits for"
            then = f"{waits} {names or away.name}."
        question.journal("request.passed_on")
        conversation.say(
            Role.SYSTEM,
            f"{away.name} is away and cannot answer “{request.question}”: {then}",
            channel=command.actor.channel,
            person_id=away.canonical_id,
            request_id=request.id,
        )
        conversation.save()
        return Outcome(status="passed_on", request_id=request.id)

    def _remind(
        self, tx: Transaction, question: Question, conversation: Conversation, now: Micros
    ) -> None:
        """Show the question again to who has not answered, on their next channel."""
        question.change(conversation)
        answered = {
            question.canonical(response.person_id)
            for response in tx.requests.responses(question.request.id)
            if response.standing in _ANSWERS
        }
        asked = {r.canonical_id: None for r in question.deciders}
        if question.claimed_by in asked:  # the others need not be
            asked = {question.claimed_by: None}
        for person_id in asked:
            person = None if person_id in answered else tx.people.get(person_id)
            if person is not None:
                reach_again(tx, question.request, person, now, self.routing)
        question.journal("request.reminded")

    def _escalate(
        self,
        tx: Transaction,
        question: Question,
        conversation: Conversation,
        step: int,
        now: Micros,
    ) -> None:
        """Ask the people of a step besides; whoever is asked already stays so."""
        request = question.request
        asked = {r.canonical_id for r in question.deciders}
        told = {r.canonical_id for r in question.recipients}
        barred = None
        if request.kind is Kind.APPROVAL and not self.self_approval:
            barred = question.asker_id
        wanted = [
            person
            for person in _people(tx, request.timetable.escalations[step].people)
            # Whoever is named may have been found to be the asker since.
            if person.id not in asked and person.id != barred
        ]
        added = with_stand_ins(tx, wanted, barred, now, already=asked)
        names: list[str] = []
        ids: list[str] = []
        for position, a in enumerate(added, start=len(question.recipients)):
            tx.requests.add_recipient(
                request.id, a.person.id, position, a.part, Route.ESCALATED, a.by_id
            )
            if a.part is Part.DECIDER:
                names.append(a.person.name)
                ids.append(a.person.id)
            if a.person.id not in told:
                reach(tx, request, a.person, now, self.routing)
        question.reload_recipients()
        question.change(conversation)
        question.journal("request.escalated", {"step": step, "people": ids})
        if names:
            conversation.say(
                Role.SYSTEM,
                f"Nobody has decided “{request.question}” so far, so {listed(names)} "
                f"{'is' if len(names) == 1 else 'are'} asked too.",
                channel=SYSTEM_CHANNEL,
                request_id=request.id,
            )

    def _expire(
        self, tx: Transaction, question: Question, conversation: Conversation, now: Micros
    ) -> bool:
        """Close the question, unless an answer sent in time may still be on its way to us."""
        request = question.request
        if now < request.deadline + GRACE and not _all_read(tx, request):
            postponed = min(now + LOOK_AGAIN, request.deadline + GRACE)
            question.request = changed(request, next_at=postponed)
            tx.requests.save(question.request)
            return False
        settle(
            tx,
            conversation,
            request,
            State.EXPIRED,
            now,
            via=SYSTEM_CHANNEL,
            recipients=question.recipients,
        )
        conversation.say(
            Role.SYSTEM,
            f"Nobody decided “{request.question}” in time: it has expired.",
            channel=SYSTEM_CHANNEL,
            request_id=request.id,
            wakes=conversation.state is SessionState.ACTIVE,
        )
        return True


def _people(tx: Transaction, ids: Iterable[str]) -> list[Person]:
    """Return people canonically, each once."""
    found: dict[str, Person] = {}
    for id_ in ids:
        person = tx.people.get(id_)
        if person is not None and person.merged_into is not None:
            person = tx.people.get(person.merged_into)
        if person is not None:
            found[person.id] = person
    return list(found.values())


def _all_read(tx: Transaction, request: FeedbackRequest) -> bool:
    """Tell whether every channel that may carry an answer was read past the deadline.

    The chat is always read: an answer there is stored the moment it is sent.
    """
    surfaces = tx.surfaces.of_request(request.id)
    # Nobody answers over a channel that nothing was sent to.
    channels = {surface.channel for surface in surfaces if surface.may_have_arrived} - {CHAT}
    return all(tx.inbound.read_until(channel) >= request.deadline for channel in channels)
