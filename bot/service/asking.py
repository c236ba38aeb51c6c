"""Putting a question to people: what it says, who decides, until when, and the first cards."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.digests import action_of, digest_of
from bot.domain.errors import Invalid
from bot.domain.feedback import (
    Action,
    FeedbackRequest,
    Kind,
    Part,
    Risk,
    Route,
    Rule,
    State,
)
from bot.domain.instants import Micros
from bot.domain.invisible import visible
from bot.domain.journal import Entry
from bot.domain.person import Person
from bot.domain.planning import AskHuman, Escalation, ProposedAction
from bot.domain.proposals import as_shown, check
from bot.domain.record import changed
from bot.domain.routing import Routing
from bot.domain.timetable import EscalationStep, Timetable, escalation, timetable
from bot.domain.working_hours import DEFAULT_HOURS, read_hours
from bot.service.budgets import AskBudget
from bot.service.conversation import Conversation
from bot.service.directory import EMAIL
from bot.service.identifiers import new_id
from bot.service.ports.store import Transaction
from bot.service.ports.tables import Recipient
from bot.service.ports.tools import Toolbox
from bot.service.putting import put
from bot.service.reaching import CHAT_ONLY, reach_again
from bot.service.recipients import (
    Addressee,
    Asker,
    refuse_self_approval,
    resolve,
    with_stand_ins,
)
from bot.service.rooms import address_of_room, room_of
from bot.service.settling import repaint

_RISKS = [Risk.LOW, Risk.NORMAL, Risk.HIGH]


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """The operator's terms for asking; who plans may only be stricter."""

    feedback_timeout: Micros
    self_approval: bool = False
    risks: Mapping[str, Risk] = field(default_factory=dict)
    """The least risk of a kind of question, or of a tool, by its name."""
    toolbox: Toolbox | None = None
    routing: Routing = CHAT_ONLY
    budget: AskBudget = field(default_factory=AskBudget)


def vetted(step: AskHuman, now: Micros, terms: Terms) -> AskHuman:
    """Return a step as people will see it; `Invalid` with what is wrong with it, whoever it is to.

    Who is asked, and whether all fits together, is judged when it is asked.
    """
    step = as_shown(step)
    check(step, now=now, wait=terms.feedback_timeout)
    if step.action is not None:
        _action(step.action, terms.toolbox)
    return step


def ask(
    tx: Transaction,
    conversation: Conversation,
    step: AskHuman,
    asker: Asker,
    now: Micros,
    terms: Terms,
) -> FeedbackRequest:
    """Ask the people of `step`; `Invalid` with a sentence for the owner when that cannot be."""
    step = as_shown(step)
    check(step, now=now, wait=terms.feedback_timeout)
    by_mail = EMAIL in terms.routing.order
    people = resolve(tx, conversation.id, step.people, asker, now, by_mail=by_mail)
    told = resolve(tx, conversation.id, step.notify, asker, now, by_mail=by_mail)
    if not terms.self_approval:
        refuse_self_approval(step.kind, people, asker.person_id)
    barred = asker.person_id if step.kind is Kind.APPROVAL and not terms.self_approval else None
    addressees = with_stand_ins(tx, people, barred, now)
    known = {a.person.id for a in addressees}
    addressees += [
        Addressee(person=person, part=Part.NOTIFIED, route=Route.ASKED)
        for person in told
        if person.id not in known
    ]
    deciders = [a.person for a in addressees if a.part is Part.DECIDER]
    if step.quorum > len(deciders):
        raise Invalid(
            f"{step.quorum} answers are wanted, but only {len(deciders)} can be asked. "
            "Name more people, or want fewer answers."
        )
    times = _times(tx, conversation.id, step, asker, deciders, now, terms)
    request = _request(conversation.id, conversation.place, step, asker, times, now, terms)
    later = [id_ for each in times.escalations for id_ in each.people]
    terms.budget.spend(tx, conversation.id, [*(a.person.id for a in addressees), *later], now)
    room = None
    if step.room:
        room = address_of_room(tx, step.room, conversation.place, terms.routing)
    put(tx, conversation, request, addressees, asker.turn_id, now, terms.routing, room=room)
    return request


def ask_once_more(
    tx: Transaction,
    conversation: Conversation,
    earlier: FeedbackRequest,
    within: Micros,
    now: Micros,
    routing: Routing = CHAT_ONLY,
    *,
    self_approval: bool = False,
    budget: AskBudget | None = None,
) -> FeedbackRequest:
    """Ask a question that nobody decided again, with the same content, of the same people.

    Who is away now is told, and their delegate is asked, as if it were asked for the first time.
    """
    recipients = tx.requests.recipients(earlier.id)
    # As long after asking as before, as far as the new time to answer goes.
    chain = [
        EscalationStep(at=now + step.at - earlier.asked_at, people=step.people)
        for step in earlier.timetable.escalations
        if step.at - earlier.asked_at < within
    ]
    times = timetable(asked_at=now, deadline=now + within, escalations=chain)
    request = replace(
        earlier,
        id=new_id(),
        state=State.PENDING,
        asked_at=now,
        deadline=times.deadline,
        version=1,
        timetable=times,
        reminders_done=0,
        escalations_done=0,
        next_at=times.next_at(0, 0),
        claimed_by=None,
        replaces=earlier.id,
        decided_at=None,
        decided_by=None,
        decided_via=None,
        outcome=None,
    )
    asker = tx.people.get(earlier.asker_id)
    barred = None
    if earlier.kind is Kind.APPROVAL and not self_approval:
        barred = asker.canonical_id if asker else earlier.asker_id
    addressees = _instead_of_the_away(tx, _same_people(tx, recipients), barred, now)
    deciders = sum(a.part is Part.DECIDER for a in addressees)
    if request.quorum > deciders:
        raise Invalid(
            f"{request.quorum} answers are wanted, but only {deciders} can be asked. "
            "Ask a new question."
        )
    if budget is not None:
        later = [id_ for each in times.escalations for id_ in each.people]
        budget.spend(tx, conversation.id, [*(a.person.id for a in addressees), *later], now)
    room = room_of(tx, earlier)
    put(tx, conversation, request, addressees, None, now, routing, room=room)
    return request


def _same_people(tx: Transaction, recipients: Sequence[Recipient]) -> list[Addressee]:
    """Return people with their parts; of two who were found to be one, the greater part."""
    chosen: dict[str, Addressee] = {}
    for recipient in sorted(recipients, key=lambda r: r.part is not Part.DECIDER):
        person = tx.people.get(recipient.canonical_id)
        if person is not None and person.id not in chosen:
            chosen[person.id] = Addressee(
                person=person, part=recipient.part, route=recipient.route, by_id=recipient.by_id
            )
    order = {r.canonical_id: position for position, r in reversed([*enumerate(recipients)])}
    return sorted(chosen.values(), key=lambda a: order[a.person.id])


def _instead_of_the_away(
    tx: Transaction, addressees: Sequence[Addressee], barred: str | None, now: Micros
) -> list[Addressee]:
    """Return people with the parts they have now: who is away, or barred, is only told."""
    asked = [a.person for a in addressees if a.part is Part.DECIDER and a.person.id != barred]
    parts = {a.person.id: a for a in with_stand_ins(tx, asked, barred, now)}
    kept = []
    for a in addressees:
        new = parts.pop(a.person.id, None)
        if new is not None and new.route is Route.AWAY:  # who was told stands in now
            kept.append(new)
        else:
            kept.append(replace(a, part=Part.NOTIFIED if new is None else new.part))
    return kept + list(parts.values())


def remind(
    tx: Transaction,
    conversation: Conversation,
    request: FeedbackRequest,
    now: Micros,
    routing: Routing = CHAT_ONLY,
) -> FeedbackRequest:
    """Show an open question again where it went, and to who must answer on their next channel."""
    reminded = replace(request, version=request.version + 1)
    tx.requests.save(reminded)
    repaint(tx, conversation, reminded, now)
    for recipient in tx.requests.recipients(request.id):
        person = tx.people.get(recipient.canonical_id)
        if person is not None and recipient.part is Part.DECIDER:
            reach_again(tx, reminded, person, now, routing)
    tx.journal.add(
        Entry(
            kind="request.reminded",
            at=now,
            session_id=request.session_id,
            request_id=request.id,
        )
    )
    return reminded


def _times(
    tx: Transaction,
    session_id: str,
    step: AskHuman,
    asker: Asker,
    deciders: Sequence[Person],
    now: Micros,
    terms: Terms,
) -> Timetable:
    if step.deadline is not None:
        deadline = step.deadline
    elif step.working_time and step.within is not None:
        first = deciders[0]
        hours = (
            read_hours(json.loads(first.working_hours)) if first.working_hours else DEFAULT_HOURS
        )
        deadline = hours.add_working_time(now, step.within, first.zone)
    else:
        deadline = now + (step.within if step.within is not None else terms.feedback_timeout)
    return timetable(
        asked_at=now,
        deadline=deadline,
        remind_at=step.remind_at,
        escalations=[
            _escalation(tx, session_id, wanted, step, asker, now, terms)
            for wanted in step.escalations
        ],
    )


def _escalation(
    tx: Transaction,
    session_id: str,
    wanted: Escalation,
    step: AskHuman,
    asker: Asker,
    now: Micros,
    terms: Terms,
) -> EscalationStep:
    """Snapshot a step of the chain: who it goes to is settled now, not when it is due."""
    by_mail = EMAIL in terms.routing.order
    people = resolve(tx, session_id, wanted.people, asker, now, by_mail=by_mail)
    if not terms.self_approval:
        refuse_self_approval(step.kind, people, asker.person_id)
    ids = [person.id for person in people]
    return escalation(ids, asked_at=now, after=wanted.after, at=wanted.at)


def _request(
    session_id: str,
    place: str | None,
    step: AskHuman,
    asker: Asker,
    times: Timetable,
    now: Micros,
    terms: Terms,
) -> FeedbackRequest:
    action = None if step.action is None else _action(step.action, terms.toolbox)
    rule = Rule.ALL if step.everybody else Rule.QUORUM if step.quorum > 1 else Rule.FIRST
    request = FeedbackRequest(
        id=new_id(),
        session_id=session_id,
        asker_id=asker.person_id,
        kind=step.kind,
        question=step.question,
        context=step.context,
        options=step.options,
        rule=rule,
        quorum=step.quorum,
        risk=_risk(step, terms),
        state=State.PENDING,
        digest="",
        asked_at=now,
        deadline=times.deadline,
        version=1,
        multiple=step.multiple,
        fields=step.fields,
        veto=step.veto,
        urgent=step.urgent,
        action=action,
        timetable=times,
        next_at=times.next_at(0, 0),
        replaces=step.replaces,
        place=place,
    )
    return changed(request, digest=digest_of(request))


def _risk(step: AskHuman, terms: Terms) -> Risk:
    """Return the highest of what was proposed and what the operator's policy says."""
    risks = [step.risk, terms.risks.get(step.kind.value, Risk.LOW)]
    if step.action is not None:
        risks.append(terms.risks.get(step.action.tool, Risk.LOW))
    return max(risks, key=_RISKS.index)


def _action(proposed: ProposedAction, toolbox: Toolbox | None) -> Action:
    if toolbox is None:
        raise Invalid("No tools are configured here, so nothing can run after an approval.")
    action = action_of(proposed.tool, toolbox.check(proposed.tool, proposed.arguments))
    if visible(action.arguments) != action.arguments:
        # Taken out, it would not be what was proposed; left in, not what people see.
        raise Invalid("The action holds signs that nobody sees. Propose it without them.")
    return action
