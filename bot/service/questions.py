"""One locked question, its people, and its conversation: what every act on it begins with."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.commands import Actor, Command
from bot.domain.errors import Conflict, NotAllowed, NotFound
from bot.domain.feedback import Answer, FeedbackResponse, Kind, Part, Route, Standing
from bot.domain.held_step import asks_for_contact
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.domain.record import changed
from bot.service.conversation import Conversation
from bot.service.ports.store import Transaction
from bot.service.ports.tables import Recipient
from bot.service.settling import repaint


def stand_ins(recipients: Sequence[Recipient]) -> set[str]:
    """Return those among the deciders whom only an escalation has asked, canonically."""
    deciders = [r for r in recipients if r.part is Part.DECIDER]
    asked = {r.canonical_id for r in deciders if r.route is not Route.ESCALATED}
    return {r.canonical_id for r in deciders} - asked


def through(actor: Actor) -> dict[str, object]:
    """Return what the journal says of how somebody acted, where the channel does not say it all."""
    return {"through": actor.through} if actor.through else {}


class Question:
    """A request whose row is held, so that acts on it come one after the other."""

    def __init__(
        self, tx: Transaction, request_id: str, command: Command, now: Micros, timeout: Micros
    ) -> None:
        request = tx.requests.lock(request_id)
        if request is None:
            raise NotFound("There is no such question.")
        self.request = request
        self.recipients: Sequence[Recipient] = tx.requests.recipients(request_id)
        self._tx = tx
        self._command = command
        self._now = now
        self._timeout = timeout
        self._responses: Sequence[FeedbackResponse] | None = None
        person = tx.people.get(command.actor.person_id)
        self.actor_id = person.canonical_id if person else command.actor.person_id
        self._moved = (
            person is not None
            and person.id == self.actor_id
            and person.last_channel != command.actor.channel
        )

    @property
    def deciders(self) -> list[Recipient]:
        """Return who is asked now; who handed it on is only told."""
        return [r for r in self.recipients if r.part is Part.DECIDER]

    @property
    def needs_another(self) -> bool:
        """Tell whether somebody else than its asker must approve it.

        Whom the agent may write to is the asker's own to say, and nobody else's.
        """
        return self.request.kind is Kind.APPROVAL and not asks_for_contact(self.request)

    def voters(self, *, self_approval: bool) -> set[str]:
        """Return whose answers count now; who asked cannot be waited for to approve it."""
        own = self.needs_another and not self_approval
        return {r.canonical_id for r in self.deciders} - ({self.asker_id} if own else set())

    @property
    def stand_ins(self) -> set[str]:
        """Return those whom only an escalation has asked: they answer for who stays silent."""
        return stand_ins(self.recipients)

    def recipient(self) -> Recipient:
        """Return the recipient who acts; strangers do not learn that the question exists."""
        mine = [r for r in self.recipients if r.canonical_id == self.actor_id]
        if mine:
            # Two who were found to be one may have had different parts: being asked prevails.
            return min(mine, key=lambda r: r.part is not Part.DECIDER)
        if self.actor_id == self.asker_id:
            names = ", ".join(recipient.name for recipient in self.deciders)
            raise NotAllowed(f"This question is for {names}; they can answer it.")
        raise NotFound("There is no such question.")

    def decider(self) -> Recipient:
        """Return the recipient who acts, if they are asked and not only told."""
        recipient = self.recipient()
        if recipient.part is not Part.DECIDER:
            names = ", ".join(r.name for r in self.deciders)
            raise NotAllowed(
                f"You were told of this question, but it is for {names} to answer.",
                code="not_a_decider",
            )
        return recipient

    @property
    def claimed_by(self) -> str | None:
        """Return the canonical person who is on it: they may have been merged since."""
        holder = self.request.claimed_by
        return None if holder is None else self.canonical(holder)

    @property
    def asker_id(self) -> str:
        """Return the canonical person who asked: they may have been merged since."""
        asker = self._tx.people.get(self.request.asker_id)
        return asker.canonical_id if asker else self.request.asker_id

    def canonical(self, person_id: str) -> str:
        """Return the canonical person of somebody who answered."""
        for recipient in self.recipients:
            if recipient.person_id == person_id:
                return recipient.canonical_id
        person = self._tx.people.get(person_id)
        return person.canonical_id if person else person_id

    @property
    def responses(self) -> Sequence[FeedbackResponse]:
        """Return what was answered before this act, oldest first."""
        if self._responses is None:
            self._responses = self._tx.requests.responses(self.request.id)
        return self._responses

    def votes(self) -> dict[str, Answer]:
        """Return the votes that count so far, by canonical person, the newest last."""
        votes: dict[str, Answer] = {}
        for response in self.responses:
            if response.standing is Standing.COUNTED and response.answer is not None:
                person_id = self.canonical(response.person_id)
                votes.pop(person_id, None)
                votes[person_id] = response.answer
        return votes

    def refuse_own_approval(self, person_id: str, *, allowed: bool) -> None:
        """Refuse the asker's own approval; whom it went to may turn out to be the asker."""
        if (
            self.needs_another
            and self.request.is_open
            and not allowed
            and person_id == self.asker_id
        ):
            raise NotAllowed("You cannot approve your own request.", code="self_approval")

    def check_asker(self) -> None:
        """Refuse who did not ask this."""
        if self.actor_id != self.asker_id:
            self.recipient()
            raise NotAllowed("Only the person who asked can do this.")

    def check_open(self) -> None:
        """Refuse when nothing can be done to it any more."""
        if not self.request.is_open:
            raise Conflict(
                f"This question is already {self.request.state.value}.", code="already_settled"
            )

    def conversation(self) -> Conversation:
        """Return the locked conversation that the question belongs to."""
        session = self._tx.sessions.lock(self.request.session_id)
        if session is None:
            raise NotFound("There is no such session.")
        conversation = Conversation(self._tx, session, self._now, self._timeout)
        conversation.place = self.request.place  # where it was asked, its story is told
        if self._moved:  # costs nothing while they stay where they are
            conversation.note_channel(self.actor_id, self._command.actor.channel)
        return conversation

    def reload_recipients(self) -> None:
        """Read again whom the question goes to."""
        self.recipients = self._tx.requests.recipients(self.request.id)

    def change(self, conversation: Conversation, **changes: object) -> None:
        """Save changes of the request as its next version, and have it shown everywhere."""
        self.request = changed(self.request, version=self.request.version + 1, **changes)
        self._tx.requests.save(self.request)
        repaint(self._tx, conversation, self.request, self._now, self.recipients)

    def journal(self, kind: str, data: dict[str, object] | None = None) -> None:
        """Journal what the actor did to the question."""
        self._tx.journal.add(
            Entry(
                kind=kind,
                at=self._now,
                session_id=self.request.session_id,
                request_id=self.request.id,
                person_id=self.actor_id or None,
                channel=self._command.actor.channel,
                data={**(data or {}), **through(self._command.actor)},
            )
        )
