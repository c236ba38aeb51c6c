"""Ending a question: decide first, then every place that showed it shows the outcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.domain.feedback import Answer, FeedbackRequest, State
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.domain.record import changed
from bot.domain.surface import SETTLING_PRIORITY
from bot.service.acting import make_due
from bot.service.conversation import FEED_QUESTION, Conversation
from bot.service.ports.store import Topic, Transaction
from bot.service.ports.tables import Recipient


def settle(
    tx: Transaction,
    conversation: Conversation,
    request: FeedbackRequest,
    state: State,
    now: Micros,
    *,
    by: str | None = None,
    via: str | None = None,
    through: Mapping[str, object] | None = None,
    outcome: Answer | None = None,
    recipients: Sequence[Recipient] | None = None,
) -> FeedbackRequest:
    """Give a pending request its final state; the caller holds its row and its session's."""
    settled = changed(
        request,
        state=state,
        version=request.version + 1,
        next_at=None,
        decided_at=now,
        decided_by=by,
        decided_via=via,
        outcome=outcome,
    )
    tx.requests.save(settled)
    make_due(tx, settled, now)
    conversation.count_question(-1)
    repaint(tx, conversation, settled, now, recipients)
    tx.journal.add(
        Entry(
            kind=f"request.{state.value}",
            at=now,
            session_id=request.session_id,
            request_id=request.id,
            person_id=by,
            channel=via,
            data={"digest": request.digest, "version": settled.version, **(through or {})},
        )
    )
    return settled


def repaint(
    tx: Transaction,
    conversation: Conversation,
    request: FeedbackRequest,
    now: Micros,
    recipients: Sequence[Recipient] | None = None,
) -> None:
    """Want every surface to show the request's newest version, and tell everybody's feeds."""
    tx.surfaces.want(
        request.id, request.version, SETTLING_PRIORITY, now, settled=not request.is_open
    )
    tx.announce(Topic.SURFACE, request.id)
    if recipients is None:
        recipients = tx.requests.recipients(request.id)
    tell_everybody(conversation, request, [r.canonical_id for r in recipients])


def tell_everybody(
    conversation: Conversation, request: FeedbackRequest, recipients: Iterable[str]
) -> None:
    """Put a change of a request into its session's, its recipients' and its asker's feeds."""
    conversation.note(FEED_QUESTION, request.id)
    # The session's owner asked: canonically, whoever they have been found to be since.
    for person_id in {*recipients, conversation.owner_id}:
        conversation.tell(person_id, FEED_QUESTION, request.id)
