"""What a responder does with a question besides answering: hand it on, claim it, look at it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.commands import (
    ClaimRequest,
    Delegate,
    MarkSeen,
    Outcome,
    ReleaseRequest,
)
from bot.domain.errors import Conflict, Invalid, NotAllowed
from bot.domain.feedback import Kind, Part, Route
from bot.domain.held_step import asks_for_contact
from bot.domain.instants import Micros
from bot.domain.person import Person
from bot.domain.planning import Role
from bot.domain.routing import Routing
from bot.service.directory import people_called
from bot.service.ports.store import Transaction
from bot.service.questions import Question
from bot.service.reaching import CHAT_ONLY, give_time, reach
from bot.service.recipients import with_stand_ins
from bot.service.settling import tell_everybody


@dataclass(frozen=True, kw_only=True, slots=True)
class Handing:
    """The handlers of who is on a question."""

    session_timeout: Micros
    self_approval: bool = False
    routing: Routing = CHAT_ONLY

    def delegate(self, tx: Transaction, command: Delegate, now: Micros) -> Outcome:
        """Hand a question on: the other decides now, or their stand-in; the chain is kept."""
        question = Question(tx, command.request_id, command, now, self.session_timeout)
        recipient = question.decider()
        if not command.actor.verified:
            raise NotAllowed("Verify your address first; then you can hand questions on.")
        question.check_open()
        if asks_for_contact(question.request):
            raise NotAllowed("Only you can say whom I may ask for you.", code="not_yours_to_give")
        target = self._target(tx, question, command.to, now)
        conversation = question.conversation()
        request = question.request
        for mine in question.deciders:
            # Two who were found to be one hand on what either was asked.
            if mine.canonical_id == recipient.canonical_id:
                tx.requests.add_recipient(
                    request.id,
                    mine.person_id,
                    mine.position,
                    Part.NOTIFIED,
                    mine.route,
                    mine.by_id,
                )
        known = {r.canonical_id for r in question.recipients}
        own = request.kind is Kind.APPROVAL and not self.self_approval
        barred = question.asker_id if own else None
        # Nobody who has it already stands in: it would go in a circle.
        added = with_stand_ins(tx, [target], barred, now, already=known - {target.id})
        # Whoever follows somebody that an escalation asked answers for the silent as they did.
        besides = recipient.canonical_id in question.stand_ins
        for position, a in enumerate(added, start=len(question.recipients)):
            away = a.route is Route.AWAY
            route = Route.AWAY if away else Route.DELEGATED
            tx.requests.add_recipient(
                request.id,
                a.person.id,
                position,
                a.part,
                Route.ESCALATED if besides else route,
                target.id if away else recipient.person_id,
            )
        question.reload_recipients()
        claimed = None if question.claimed_by == recipient.canonical_id else request.claimed_by
        question.change(conversation, claimed_by=claimed)
        for a in added:
            if a.person.id not in known:
                reach(tx, question.request, a.person, now, self.routing)
        question.journal("request.delegated", {"to": target.id})
        asked = next((a.person for a in added if a.part is Part.DECIDER), target)
        instead = f"{target.name} is away, so {asked.name} is asked instead."
        conversation.say(
            Role.SYSTEM,
            f"{recipient.name} handed “{request.question}” on to {target.name}."
            + (f" {instead}" if asked.id != target.id else ""),
            channel=command.actor.channel,
            person_id=recipient.canonical_id,
            request_id=request.id,
        )
        conversation.save()
        return Outcome(
            status="delegated",
            request_id=request.id,
            text=f"Thank you. {instead}"
            if asked.id != target.id
            else f"Thank you. {target.name} is asked now.",
        )

    def _target(self, tx: Transaction, question: Question, name: str, now: Micros) -> Person:
        """Return whom a question is handed on to; `Invalid` when that leads nowhere new."""
        bare = name.strip().lstrip("@")
        called = people_called(tx, bare, now) if bare else ()
        if len(called) > 1:
            raise Invalid(
                f"I know {len(called)} people called “{bare}”. Give the address of the one you "
                "mean.",
                code="ambiguous_person",
            )
        target = called[0] if called else None
        if target is None:
            raise Invalid(
                f"I do not know anybody called “{bare}” with a verified address. Give their user "
                "name or that address.",
                code="unknown_person",
            )
        if target.id == question.actor_id:
            raise Invalid("You cannot hand a question on to yourself.", code="circle")
        request = question.request
        if (
            target.id == question.asker_id
            and request.kind is Kind.APPROVAL
            and not self.self_approval
        ):
            raise Invalid(
                f"{target.name} asked for this approval and cannot give it. Name somebody else.",
                code="self_approval",
            )
        handed_on = {r.by_id for r in question.recipients if r.by_id is not None}
        for recipient in question.recipients:
            if recipient.canonical_id != target.id:
                continue
            if recipient.part is Part.DECIDER:
                raise Invalid(f"{target.name} is asked already.", code="asked_already")
            if recipient.person_id in handed_on:
                raise Invalid(
                    f"{target.name} handed this question on before; it would go in a circle. "
                    "Name somebody else.",
                    code="circle",
                )
        return target

    def claim(self, tx: Transaction, command: ClaimRequest, now: Micros) -> Outcome:
        """Say that one is on it; the others can still answer, but need not."""
        question = Question(tx, command.request_id, command, now, self.session_timeout)
        recipient = question.decider()
        if not command.actor.verified:
            raise NotAllowed("Verify your address first; then you can claim questions.")
        question.check_open()
        holder = question.claimed_by
        if holder is not None and holder != recipient.canonical_id:
            other = tx.people.get(holder)
            raise Conflict(
                f"{other.name if other else 'Somebody'} is on it already.", code="claimed"
            )
        if holder is None:
            conversation = question.conversation()
            question.change(conversation, claimed_by=recipient.canonical_id)
            question.journal("request.claimed")
            conversation.save()
        return Outcome(status="claimed", request_id=question.request.id, text="It is yours.")

    def release(self, tx: Transaction, command: ReleaseRequest, now: Micros) -> Outcome:
        """Take a claim back."""
        question = Question(tx, command.request_id, command, now, self.session_timeout)
        recipient = question.recipient()
        question.check_open()
        if question.claimed_by != recipient.canonical_id:
            raise Conflict("You have not claimed this question.", code="not_claimed")
        conversation = question.conversation()
        question.change(conversation, claimed_by=None)
        question.journal("request.released")
        conversation.save()
        return Outcome(
            status="released", request_id=question.request.id, text="It is open to all again."
        )

    def seen(self, tx: Transaction, command: MarkSeen, now: Micros) -> Outcome:
        """Note that a card is visible to its person."""
        question = Question(tx, command.request_id, command, now, self.session_timeout)
        recipient = question.recipient()
        channel = command.actor.channel
        request_id = question.request.id
        if tx.surfaces.seen(request_id, recipient.person_id, channel, command.version, now):
            conversation = question.conversation()
            tell_everybody(conversation, question.request, [])
            conversation.save()
            question.journal("surface.seen", {"version": command.version})
            give_time(tx, question.request, recipient.person_id, now, self.routing)
        return Outcome(status="seen", request_id=request_id)
