"""A remark on a question by somebody it did not go to: kept and shown, it decides nothing."""

from __future__ import annotations

from bot.domain.feedback import FeedbackResponse, Standing
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.domain.planning import Role
from bot.domain.text import ANSWER_BYTES, clean
from bot.service.conversation import Conversation
from bot.service.identifiers import new_id
from bot.service.ports.store import Transaction
from bot.service.settling import tell_everybody

REMARKED = "remark:"
"""The prefix of marks of remarks that were kept."""


def remark(
    tx: Transaction,
    *,
    key: str,
    request_id: str,
    person_id: str,
    channel: str,
    text: str,
    sent_at: Micros,
    now: Micros,
    timeout: Micros,
) -> bool:
    """Keep a bystander's words once, by `key`; False when there is no such question."""
    mark = REMARKED + key
    if tx.marks.get(mark) is not None:
        return True
    words = clean(text, what="comment", limit=ANSWER_BYTES)
    request = tx.requests.lock(request_id)
    session = tx.sessions.lock(request.session_id) if request else None
    person = tx.people.get(person_id)
    if request is None or session is None or person is None:
        return False
    tx.marks.put(mark, "1", now)
    tx.requests.add_response(
        FeedbackResponse(
            id=new_id(),
            request_id=request.id,
            person_id=person.canonical_id,
            channel=channel,
            raw_text=words,
            answer=None,
            standing=Standing.COMMENT,
            agrees=None,
            sent_at=sent_at,
            created_at=now,
        )
    )
    tx.journal.add(
        Entry(
            kind="response.comment",
            at=now,
            session_id=request.session_id,
            request_id=request.id,
            person_id=person.canonical_id,
            channel=channel,
            data={"bystander": True},
        )
    )
    conversation = Conversation(tx, session, now, timeout)
    conversation.place = request.place
    recipients = tx.requests.recipients(request.id)
    tell_everybody(conversation, request, [r.canonical_id for r in recipients])
    conversation.say(
        Role.SYSTEM,
        f"{person.name}, who was not asked, commented on “{request.question}”: {words}",
        channel=channel,
        person_id=person.canonical_id,
        request_id=request.id,
    )
    conversation.save()
    return True
