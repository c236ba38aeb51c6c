"""Putting a question to people: who they are, whether they may be asked, and the first card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.asking import fault
from bot.domain.commands import CHAT
from bot.domain.contacts import named_by_owner
from bot.domain.digests import digest_of
from bot.domain.errors import Invalid
from bot.domain.feedback import FeedbackRequest, Kind, Rule, State
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.domain.person import Person
from bot.domain.planning import AskHuman, Role
from bot.domain.surface import ASKING_PRIORITY, Surface
from bot.service.conversation import Conversation
from bot.service.identifiers import new_id
from bot.service.ports.store import Topic, Transaction
from bot.service.settling import repaint, tell_everybody


@dataclass(frozen=True, kw_only=True, slots=True)
class Asker:
    """On whose behalf a question is asked: the session's owner, and their own words."""

    person_id: str
    words: Sequence[str]
    turn_id: str


def ask(
    tx: Transaction,
    conversation: Conversation,
    step: AskHuman,
    asker: Asker,
    now: Micros,
    feedback_timeout: Micros,
) -> FeedbackRequest:
    """Ask the people of `step`; `Invalid` with a sentence for the owner when they cannot be."""
    wrong = fault(
        people=step.people,
        question=step.question,
        kind=step.kind,
        options=step.options,
        within=step.within,
        quorum=step.quorum,
    )
    if wrong is not None:
        raise Invalid(wrong)
    people = _people(tx, conversation.id, step, asker, now)
    if step.quorum > len(people):
        raise Invalid(
            f"{step.quorum} answers are wanted, but only {len(people)} can be asked. "
            "Name more people, or want fewer answers."
        )
    request = FeedbackRequest(
        id=new_id(),
        session_id=conversation.id,
        asker_id=asker.person_id,
        kind=step.kind,
        question=step.question,
        context=step.context,
        options=step.options,
        rule=Rule.FIRST if step.quorum == 1 else Rule.QUORUM,
        quorum=step.quorum,
        risk=step.risk,
        state=State.PENDING,
        digest=digest_of(
            kind=step.kind,
            question=step.question,
            context=step.context,
            options=step.options,
            asker_id=asker.person_id,
            quorum=step.quorum,
            risk=step.risk,
        ),
        asked_at=now,
        deadline=now + (step.within if step.within is not None else feedback_timeout),
        version=1,
    )
    tx.requests.add(request, [person.id for person in people])
    for person in people:
        tx.surfaces.add(_card(request, person, now))
    tx.announce(Topic.SURFACE, request.id)
    names = _listed([person.name for person in people])
    conversation.say(
        Role.AGENT,
        f"I asked {names}: {request.question}",
        channel=CHAT,
        request_id=request.id,
        turn_id=asker.turn_id,
    )
    conversation.count_question(1)
    tell_everybody(conversation, request, [person.id for person in people])
    tx.journal.add(
        Entry(
            kind="request.asked",
            at=now,
            session_id=request.session_id,
            request_id=request.id,
            person_id=asker.person_id,
            data={"digest": request.digest, "people": [p.id for p in people]},
        )
    )
    return request


def remind(
    tx: Transaction, conversation: Conversation, request: FeedbackRequest, now: Micros
) -> None:
    """Show an open question again to everybody it went to."""
    reminded = replace(request, version=request.version + 1)
    tx.requests.save(reminded)
    repaint(tx, conversation, reminded, now)
    tx.journal.add(
        Entry(
            kind="request.reminded",
            at=now,
            session_id=request.session_id,
            request_id=request.id,
        )
    )


def _people(
    tx: Transaction, session_id: str, step: AskHuman, asker: Asker, now: Micros
) -> list[Person]:
    """Resolve and check everybody: a plan proposes, only this decides who is written to."""
    found: dict[str, Person] = {}
    for name in step.people:
        bare = name.strip().lstrip("@")
        person = tx.people.find(bare)
        if person is None:
            raise Invalid(
                f"I do not know anybody called “{bare}”. Whom should I ask? They need an account "
                "here with a verified address; give me their user name or that address."
            )
        if person.id == asker.person_id and step.kind is Kind.APPROVAL:
            raise Invalid("You cannot approve your own request. Name somebody else to ask.")
        if not tx.people.is_contact(session_id, person.id):
            if not named_by_owner(asker.words, bare):
                raise Invalid(
                    f"May I ask {person.name}? You have not named them in this session: write "
                    "their user name in a message, and I will."
                )
            tx.people.allow_contact(session_id, person.id, now)
        found[person.id] = person
    return list(found.values())


def _card(request: FeedbackRequest, person: Person, now: Micros) -> Surface:
    return Surface(
        id=new_id(),
        request_id=request.id,
        person_id=person.id,
        channel=CHAT,
        address=person.id,
        lane=f"{CHAT}:{person.id}",
        priority=ASKING_PRIORITY,
        wanted_version=request.version,
        shown_version=0,
        seen_version=0,
        due_at=now,
        claim_owner=None,
        claim_number=0,
        claim_until=None,
        attempts=0,
    )


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    return ", ".join(names[:-1]) + " and " + names[-1]
