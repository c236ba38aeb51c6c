"""Questions, by what the viewer is to them: the asker sees all, a responder their own part."""

from __future__ import annotations

from bot.domain.deciding import needed
from bot.domain.errors import NotFound
from bot.domain.feedback import (
    FeedbackRequest,
    FeedbackResponse,
    Field,
    Part,
    Standing,
    State,
)
from bot.domain.instants import iso
from bot.service.ports.store import Transaction
from bot.service.questions import stand_ins
from web.api import models
from web.markdown import render
from web.views.people import People
from web.views.recipients import show_recipients

NO_QUESTION = "There is no such question, or it is not yours to see."

_ANSWERS = frozenset({Standing.DECIDED, Standing.COUNTED, Standing.LATE})
_UNANSWERED = {
    State.EXPIRED: "no answer in time",
    State.CANCELLED: "cancelled",
    State.SUPERSEDED: "replaced by a newer question",
}


def question_for(tx: Transaction, request_id: str, viewer_id: str) -> models.Question:
    """Return a question to its asker, a recipient or a participant; others get `NotFound`."""
    request = tx.requests.get(request_id)
    if request is None:
        raise NotFound(NO_QUESTION)
    return show_question(tx, request, viewer_id, People(tx))


def show_question(
    tx: Transaction, request: FeedbackRequest, viewer_id: str, people: People
) -> models.Question:
    """Return `request` as the viewer may see it; `NotFound` when they may not."""
    recipients = tx.requests.recipients(request.id)
    mine = people.canonical(request.asker_id) == viewer_id
    deciders = {r.canonical_id for r in recipients if r.part is Part.DECIDER}
    told = any(recipient.canonical_id == viewer_id for recipient in recipients)
    if not (mine or told) and tx.sessions.role_of(request.session_id, viewer_id) is None:
        raise NotFound(NO_QUESTION)
    responses = tx.requests.responses(request.id)
    answered = {
        people.canonical(response.person_id)
        for response in responses
        if response.standing in _ANSWERS
    }
    surfaces = tx.surfaces.of_request(request.id) if mine else ()
    return models.Question(
        id=request.id,
        session_id=request.session_id if mine else None,
        kind=request.kind.value,
        question=request.question,
        question_html=render(request.question),
        context=request.context,
        context_html=render(request.context),
        options=list(request.options),
        multiple=request.multiple,
        fields=[_field(field) for field in request.fields],
        rule=request.rule.value,
        quorum=request.quorum,
        needed=needed(request, len(deciders), len(stand_ins(recipients))),
        veto=request.veto,
        urgent=request.urgent,
        risk=request.risk.value,
        action=_action(request),
        state=request.state.value,
        digest=request.digest,
        version=request.version,
        asked_at=iso(request.asked_at),
        deadline=iso(request.deadline),
        next_reminder_at=_next_reminder(request),
        escalations=_escalations(request, people) if mine else [],
        replaces=request.replaces,
        claimed_by=people.named(request.claimed_by) if request.claimed_by else None,
        asker=people.named(request.asker_id),
        recipients=show_recipients(recipients, answered, surfaces, people),
        for_me=viewer_id in deciders,
        mine=mine,
        answered_by_me=viewer_id in answered,
        outcome=_settlement(request, people),
        responses=[
            _response(response, request, people)
            for response in responses
            if mine or people.canonical(response.person_id) == viewer_id
        ],
    )


def _field(field: Field) -> models.FormField:
    return models.FormField(
        name=field.name,
        label=field.label,
        kind=field.kind.value,
        required=field.required,
        options=list(field.options),
    )


def _action(request: FeedbackRequest) -> models.Action | None:
    if request.action is None:
        return None
    return models.Action(tool=request.action.tool, arguments=request.action.arguments)


def _next_reminder(request: FeedbackRequest) -> str | None:
    ahead = request.timetable.reminders[request.reminders_done :]
    return iso(ahead[0]) if ahead and request.is_open else None


def _escalations(request: FeedbackRequest, people: People) -> list[models.Escalation]:
    return [
        models.Escalation(
            at=iso(step.at),
            people=[people.named(person_id).name for person_id in step.people],
            done=number < request.escalations_done,
        )
        for number, step in enumerate(request.timetable.escalations)
    ]


def _settlement(request: FeedbackRequest, people: People) -> models.Settlement | None:
    if request.is_open or request.decided_at is None:
        return None
    words = _UNANSWERED.get(request.state, request.state.value)
    return models.Settlement(
        words=request.outcome.words() if request.outcome else words,
        by=people.named(request.decided_by) if request.decided_by else None,
        via=request.decided_via,
        at=iso(request.decided_at),
    )


def _response(
    response: FeedbackResponse, request: FeedbackRequest, people: People
) -> models.Response:
    return models.Response(
        id=response.id,
        by=people.named(response.person_id),
        words=(response.answer.words() if response.answer else "") or response.raw_text,
        channel=response.channel,
        standing=response.standing.value,
        agrees=response.agrees,
        in_time=response.sent_at <= request.deadline,
        at=iso(response.created_at),
    )
