"""Worded answers that the rules could not read, and that a model is to read later."""

from __future__ import annotations

import json

from bot.domain.commands import AnswerRequest
from bot.domain.feedback import FeedbackRequest, Risk
from bot.domain.instants import Micros
from bot.service.ports.inbox import Received
from bot.service.ports.store import Topic, Transaction

READ = "read"
"""The kind of what waits in the inbox to be read."""


def read_later(
    tx: Transaction,
    request: FeedbackRequest,
    response_id: str,
    command: AnswerRequest,
    now: Micros,
) -> None:
    """Have a worded answer, which is kept as unclear, read by a model."""
    payload = {
        "request_id": request.id,
        "person_id": command.actor.person_id,
        "channel": command.actor.channel,
        "through": command.actor.through,
        "text": command.text,
        "sent_at": command.sent_at or now,
        "spot": command.spot,
    }
    tx.inbox.add(
        Received(
            key=f"{READ}:{response_id}",
            kind=READ,
            payload=json.dumps(payload),
            due_at=now,
            received_at=now,
        )
    )
    tx.announce(Topic.INBOX, READ)


def is_worth_reading(request: FeedbackRequest, command: AnswerRequest) -> bool:
    """Tell whether a model may say what words decide: never where a wrong answer does much harm."""
    return request.risk is not Risk.HIGH and bool(command.text.strip())
