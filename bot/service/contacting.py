"""New contacts: the owner's own click lets the agent write to somebody whom they have not named."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.commands import CHAT
from bot.domain.digests import action_of, digest_of, is_intact
from bot.domain.errors import Invalid
from bot.domain.feedback import FeedbackRequest, Kind, Part, Risk, Route, Rule, State
from bot.domain.held_step import CONTACT, HeldStep, arguments_of, asks_for_contact, read_held
from bot.domain.instants import Micros
from bot.domain.introduction import NAME_LENGTH, introduction
from bot.domain.journal import Entry
from bot.domain.person import Person
from bot.domain.planning import AskHuman, Role
from bot.domain.session import SessionState
from bot.domain.text import listed, shortened
from bot.domain.timetable import timetable
from bot.service.asking import Terms, ask, vetted
from bot.service.conversation import Conversation
from bot.service.directory import EMAIL
from bot.service.identifiers import new_id
from bot.service.ports.store import Transaction
from bot.service.putting import put
from bot.service.recipients import Addressee, Asker, strangers
from bot.service.settling import settle

AT_ONCE = 3
"""Contact questions that may be open in one session."""
MOST = 5
"""People whom one of them may name."""


def ask_to_contact(
    tx: Transaction,
    conversation: Conversation,
    step: AskHuman,
    asker: Asker,
    now: Micros,
    terms: Terms,
) -> FeedbackRequest:
    """Ask the owner whether the people of `step` whom they have not named may be asked it.

    The step is held as the action of that question, so that what is approved is what is asked.
    Raises `Invalid` with a sentence where it cannot be asked at all.
    """
    step = vetted(step, now, terms)
    owner = _canonical(tx, conversation.owner_id)
    if owner is None:
        raise Invalid("The owner of this session is not known any more.")
    names = [*step.people, *step.notify, *(p for each in step.escalations for p in each.people)]
    by_mail = EMAIL in terms.routing.order
    new = strangers(tx, conversation.id, names, asker, now, by_mail=by_mail)
    told = listed([shortened(person.name, NAME_LENGTH) for person in new.values()])
    _refuse_more(tx, conversation, new, told)
    terms.budget.spend(tx, conversation.id, (), now)
    held = HeldStep(step=step, people={name: person.id for name, person in new.items()})
    times = timetable(asked_at=now, deadline=now + terms.feedback_timeout)
    request = FeedbackRequest(
        id=new_id(),
        session_id=conversation.id,
        asker_id=asker.person_id,
        kind=Kind.APPROVAL,
        question=f"May I ask {told}?",
        context=introduction(
            step,
            {name: person.name for name, person in new.items()},
            now=now,
            zone=owner.zone,
            wait=terms.feedback_timeout,
        ),
        options=(),
        rule=Rule.FIRST,
        quorum=1,
        risk=terms.risks.get(CONTACT, Risk.NORMAL),
        state=State.PENDING,
        digest="",
        asked_at=now,
        deadline=times.deadline,
        version=1,
        action=action_of(CONTACT, arguments_of(held)),
        timetable=times,
        next_at=times.next_at(0, 0),
        place=conversation.place,
    )
    request = replace(request, digest=digest_of(request))
    to_owner = [Addressee(person=owner, part=Part.DECIDER, route=Route.ASKED)]
    said = (
        f"May I ask {told}? You have not named them in this session: approve it, or write their "
        "user name in a message."
    )
    put(tx, conversation, request, to_owner, asker.turn_id, now, terms.routing, said=said)
    return request


def carry_on(
    tx: Transaction,
    conversation: Conversation,
    request: FeedbackRequest,
    now: Micros,
    terms: Terms,
) -> None:
    """Allow the contacts that the owner has approved, and carry out the step that waited for it.

    The step is judged again as any other: only the people who were shown are contacts now.
    """
    action = request.action
    if action is None or conversation.state is not SessionState.ACTIVE:
        return
    if not is_intact(action) or digest_of(request) != request.digest:
        _say(conversation, "That question was changed after it was shown, so I did not ask.")
        return
    held = read_held(action.arguments)
    for id_ in held.people.values():
        person = _canonical(tx, id_)
        if person is not None:
            tx.people.allow_contact(conversation.id, person.id, now)
    tx.journal.add(
        Entry(
            kind="contact.allowed",
            at=now,
            session_id=conversation.id,
            request_id=request.id,
            person_id=conversation.owner_id,
            data={"people": sorted(held.people.values())},
        )
    )
    step = held.step
    asker = Asker(person_id=conversation.owner_id, words=(), turn_id="")
    try:
        # Held after a newer one, against the usual order: where a plan's end holds both the other
        # way round, the database ends one of the two and it is run again.
        earlier = None if step.replaces is None else tx.requests.lock(step.replaces)
        if step.replaces is not None and (
            earlier is None or not earlier.is_open or earlier.session_id != conversation.id
        ):
            raise Invalid("The question to change is not open any more.")
        ask(tx, conversation, step, asker, now, terms)
    except Invalid as refusal:
        _say(conversation, refusal.message)
        return
    if earlier is not None:
        owner = conversation.owner_id
        settle(tx, conversation, earlier, State.SUPERSEDED, now, by=owner, via=CHAT)


def _refuse_more(
    tx: Transaction, conversation: Conversation, new: dict[str, Person], told: str
) -> None:
    """Refuse a second question about somebody, too many at once, and too many people in one."""
    if len({person.id for person in new.values()}) > MOST:
        raise Invalid(
            f"I would have to ask {len(new)} people whom you have not named. Write the user names "
            "of those whom I may ask.",
            code="not_named",
        )
    waiting = [q for q in tx.requests.open_of(conversation.id) if asks_for_contact(q)]
    ids = {person.id for person in new.values()}
    for question in waiting:
        held = read_held(question.action.arguments if question.action else "")
        if ids & {_id(tx, id_) for id_ in held.people.values()}:
            raise Invalid(
                f"I have asked you already whether I may ask {told}. Answer that question first.",
                code="asked_already",
            )
    if len(waiting) >= AT_ONCE:
        raise Invalid(
            f"{len(waiting)} of my questions whom I may ask wait for you. Answer them first.",
            code="not_named",
        )


def _say(conversation: Conversation, text: str) -> None:
    conversation.say(Role.AGENT, text, channel=CHAT)


def _canonical(tx: Transaction, person_id: str) -> Person | None:
    person = tx.people.get(person_id)
    if person is not None and person.merged_into is not None:
        person = tx.people.get(person.merged_into)
    return person


def _id(tx: Transaction, person_id: str) -> str:
    person = tx.people.get(person_id)
    return person.canonical_id if person else person_id
