"""Questions, by what the viewer is to them: the asker sees all, a responder their own part."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.errors import NotFound
from bot.domain.feedback import FeedbackRequest, FeedbackResponse, Standing, State
from bot.domain.instants import iso
from bot.service.ports.store import Transaction
from bot.service.ports.tables import Recipient
from web.api import models
from web.markdown import render
from web.views.people import People

NO_QUESTION = "There is no such question, or it is not yours to see."

_ANSWERS = frozenset({Standing.DECIDED, Standing.COUNTED, Standing.LATE})
_UNANSWERED = {
    State.EXPIRED: "no answer in time",
    State.CANCELLED: "cancelled",
    State.SUPERSEDED: "replaced by a newer question",
}


def question_for(tx: Transaction, request_id: str, viewer_id: str) -> models.Question:
    """Return a question to its asker, a responder or a participant; others get `NotFound`."""
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
    for_me = any(recipient.canonical_id == viewer_id for recipient in recipients)
    if not (mine or for_me) and tx.sessions.role_of(request.session_id, viewer_id) is None:
        raise NotFound(NO_QUESTION)
    responses = tx.requests.responses(request.id)
    answered = {
        people.canonical(response.person_id)
        for response in responses
        if response.standing in _ANSWERS
    }
    return models.Question(
        id=request.id,
        session_id=request.session_id if mine else None,
        kind=request.kind.value,
        question=request.question,
        question_html=render(request.question),
        context=request.context,
        context_html=render(request.context),
        options=list(request.options),
        rule=request.rule.value,
        quorum=request.quorum,
        risk=request.risk.value,
        state=request.state.value,
        digest=request.digest,
        version=request.version,
        asked_at=iso(request.asked_at),
        deadline=iso(request.deadline),
        asker=people.named(request.asker_id),
        recipients=_responders(recipients, answered, _seen_by(tx, request, people, mine)),
        for_me=for_me,
        mine=mine,
        answered_by_me=viewer_id in answered,
        outcome=_settlement(request, people),
        responses=[
            _response(response, people)
            for response in responses
            if mine or people.canonical(response.person_id) == viewer_id
        ],
    )


def _seen_by(
    tx: Transaction, request: FeedbackRequest, people: People, mine: bool
) -> frozenset[str]:
    """Return who has seen the question; only its asker has a use for that."""
    if not mine:
        return frozenset()
    return frozenset(
        people.canonical(surface.person_id)
        for surface in tx.surfaces.of_request(request.id)
        if surface.seen_version
    )


def _responders(
    recipients: Sequence[Recipient], answered: set[str], seen: frozenset[str]
) -> list[models.Responder]:
    return [
        models.Responder(
            id=recipient.canonical_id,
            name=recipient.name,
            answered=recipient.canonical_id in answered,
            seen=recipient.canonical_id in seen,
        )
        for recipient in recipients
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


def _response(response: FeedbackResponse, people: People) -> models.Response:
    return models.Response(
        by=people.named(response.person_id),
        words=(response.answer.words() if response.answer else "") or response.raw_text,
        channel=response.channel,
        standing=response.standing.value,
        agrees=response.agrees,
        at=iso(response.created_at),
    )
