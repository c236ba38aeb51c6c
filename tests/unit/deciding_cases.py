"""Questions and answers to decide by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.domain.feedback import (
    Answer,
    FeedbackRequest,
    Kind,
    Risk,
    Rule,
    State,
)
from bot.domain.timetable import Timetable


def a_request(**changes: Any) -> FeedbackRequest:
    request = FeedbackRequest(
        id="r",
        session_id="s",
        asker_id="ann",
        kind=Kind.CHOICE,
        question="Ship?",
        context="",
        options=("yes", "no"),
        rule=Rule.FIRST,
        quorum=1,
        risk=Risk.NORMAL,
        state=State.PENDING,
        digest="d",
        asked_at=0,
        deadline=1,
        version=1,
        timetable=Timetable(asked_at=0, deadline=1, reminders=(), escalations=()),
        next_at=1,
    )
    return replace(request, **changes)


APPROVED, REJECTED = Answer(approved=True), Answer(approved=False)


def an_approval(rule: Rule, quorum: int = 1, **changes: Any) -> FeedbackRequest:
    return a_request(kind=Kind.APPROVAL, options=(), rule=rule, quorum=quorum, **changes)
