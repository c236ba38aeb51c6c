"""Two people who were found to be one human: one of them stands for both from then on.

Nothing is moved: rows keep the person they were written for, and rules follow the alias. What waits
for an answer is judged again, since two votes may be one now.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.commands import SYSTEM_CHANNEL, MergePeople, Outcome
from bot.domain.deciding import Decision, is_stuck, judge_again
from bot.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from bot.domain.feedback import Kind
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.domain.person import Person
from bot.domain.planning import Role
from bot.domain.session import SessionState
from bot.domain.text import clean
from bot.service.answering import STUCK
from bot.service.conversation import FEED_PERSON, FEED_QUESTION, FEED_SESSION
from bot.service.ports.store import Topic, Transaction
from bot.service.questions import Question
from bot.service.settling import settle

IsAdministrator = Callable[[Transaction, str], bool]
PROOF_BYTES = 1024
PAGE = 100


def nobody(tx: Transaction, person_id: str) -> bool:  # noqa: ARG001
    """Say that nobody is an administrator."""
    return False


@dataclass(frozen=True, kw_only=True, slots=True)
class Merging:
    """The handler of merges."""

    session_timeout: Micros
    self_approval: bool = False
    is_administrator: IsAdministrator = nobody

    def merge(self, tx: Transaction, command: MergePeople, now: Micros) -> Outcome:
        """Make one person an alias of another; merging them twice changes nothing."""
        proof = self._checked(tx, command)
        alias, person = _canonical(tx, command.person_id), _canonical(tx, command.into)
        if alias.id == person.id:
            if command.person_id == command.into:
                raise Invalid("Name two people.")
            return Outcome(status="merged", text=f"They are one person already: {person.name}.")
        questions = self._held(tx, command, alias, person, now)
        stuck = {q.request.id for q in questions if self._is_stuck(q)}
        mine = [s.id for each in (alias, person) for s in tx.sessions.active_of(each.id)]
        tx.people.merge(alias.id, person.id)
        tx.journal.add(
            Entry(
                kind="person.merged",
                at=now,
                person_id=command.actor.person_id or None,
                channel=command.actor.channel,
                data={"person": alias.id, "into": person.id, "proof": proof},
            )
        )
        for question in questions:
            question.reload_recipients()
            self._judge_again(tx, question, alias, person, stuck, now)
        entries = [(FEED_SESSION, id_) for id_ in mine] + [(FEED_PERSON, person.id)]
        asked = [(FEED_QUESTION, question.request.id) for question in questions]
        # The alias's feed ends here; what the other's does not know of comes to it.
        for person_id in sorted((alias.id, person.id)):
            _tell(tx, person_id, entries + (asked if person_id == person.id else []), now)
        return Outcome(status="merged", text=f"{alias.name} and {person.name} are one person now.")

    def _checked(self, tx: Transaction, command: MergePeople) -> str:
        """Return the proof; refuse whoever may not merge people."""
        proof = clean(command.proof, what="proof", limit=PROOF_BYTES) if command.proof else ""
        if command.actor.channel == SYSTEM_CHANNEL:
            if not proof:
                raise Invalid("Say how it was found that they are one person.", code="no_proof")
            return proof
        actor = tx.people.get(command.actor.person_id)
        if (
            actor is None
            or not command.actor.verified
            or not self.is_administrator(tx, actor.canonical_id)
        ):
            raise NotAllowed("Only an administrator can say that two people are one.")
        return proof

    def _held(
        self, tx: Transaction, command: MergePeople, alias: Person, person: Person, now: Micros
    ) -> list[Question]:
        """Hold what the merge touches, in the order that everybody keeps.

        What is asked meanwhile is asked of people who have not answered, and judged as they do.
        """
        ids = sorted(_open(tx, alias.id) | _open(tx, person.id))
        found = [Question(tx, id_, command, now, self.session_timeout) for id_ in ids]
        questions = [question for question in found if question.request.is_open]
        people = {alias.id, person.id}
        for session_id in sorted({q.request.session_id for q in questions}):
            session = tx.sessions.lock(session_id)
            if session is not None:
                people.add(session.owner_id)
        for question in questions:
            people.update(r.canonical_id for r in question.recipients)
        for person_id in sorted(people):
            tx.people.lock(person_id)
        # Others may have merged one of them while we waited.
        for each in (alias, person):
            if _canonical(tx, each.id).id != each.id:
                raise Conflict("They are being merged by somebody else. Try again.")
        return questions

    def _is_stuck(self, question: Question) -> bool:
        voters = question.voters(self_approval=self.self_approval)
        return is_stuck(question.request, voters, question.votes(), question.stand_ins)

    def _judge_again(
        self,
        tx: Transaction,
        question: Question,
        alias: Person,
        person: Person,
        stuck: set[str],
        now: Micros,
    ) -> None:
        """Decide by the votes that are left, or tell the asker that nothing can any more."""
        request = question.request
        voters = question.voters(self_approval=self.self_approval)
        found = judge_again(request, voters, question.votes(), question.stand_ins)
        conversation = question.conversation()
        question.journal("request.judged_again", {"person": alias.id, "into": person.id})
        one = f"{alias.name} and {person.name} are one person"
        text = ""
        if found is not None and found.verdict.state is not None:
            outcome = found.verdict.outcome
            settle(
                tx,
                conversation,
                request,
                found.verdict.state,
                now,
                by=found.person_id,
                via=_channel(question, found),
                outcome=outcome,
                recipients=question.recipients,
            )
            words = outcome.words() if outcome else ""
            text = f"{one}, so the answers to “{request.question}” decide it: {words}"
        else:
            question.change(conversation)
            if self._is_stuck(question) and request.id not in stuck:
                why = STUCK
                if request.kind is Kind.APPROVAL and not voters:
                    why = "nobody is left who may approve it, since nobody approves their own"
                text = f"{one}, so of “{request.question}”: {why}. You can ask somebody else."
        if text:
            conversation.say(
                Role.SYSTEM,
                text,
                channel=SYSTEM_CHANNEL,
                request_id=request.id,
                wakes=conversation.state is SessionState.ACTIVE,
            )
        conversation.save()


def _canonical(tx: Transaction, person_id: str) -> Person:
    person = tx.people.get(person_id)
    if person is not None and person.merged_into is not None:
        person = tx.people.get(person.merged_into)
    if person is None:
        raise NotFound("There is no such person.")
    return person


def _open(tx: Transaction, person_id: str) -> set[str]:
    """Return the open questions that a person decides or has asked."""
    found: set[str] = set()
    for listed in (tx.requests.of_recipient, tx.requests.of_asker):
        before = None
        while True:
            page = listed(person_id, True, before, PAGE)
            found.update(request.id for request in page)
            if len(page) < PAGE:
                break
            before = page[-1].id
    return found


def _channel(question: Question, found: Decision) -> str:
    """Return over which channel the vote came that decides now."""
    return next(
        response.channel
        for response in reversed(question.responses)
        if question.canonical(response.person_id) == found.person_id
        and response.answer == found.verdict.outcome
    )


def _tell(tx: Transaction, person_id: str, refs: list[tuple[str, str]], now: Micros) -> None:
    for kind, ref in refs:
        tx.feeds.tell(person_id, kind, ref, now)
    tx.announce(Topic.FEED, person_id)
