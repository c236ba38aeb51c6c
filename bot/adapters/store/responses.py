"""What people answered to questions, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam

from bot.adapters.store import contents
from bot.adapters.store.known import Known
from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import responses
from bot.adapters.store.statements import (
    Statement,
    among,
    columns,
    insert_into,
    members,
    names,
    portions,
)
from bot.domain.feedback import FeedbackResponse, Standing

_ADD = insert_into(responses)
_FIELDS = names(FeedbackResponse)
_STANDINGS = members(Standing)
_OF = Statement(
    lambda: (
        columns(responses, _FIELDS)
        .where(responses.c.request_id == bindparam("request_id"))
        .order_by(responses.c.created_at, responses.c.id)
    )
)
_AMONG = Statement(
    lambda: (
        columns(responses, _FIELDS)
        .where(among(responses.c.request_id))
        .order_by(responses.c.created_at, responses.c.id)
    )
)


class Responses:
    """The responses' part of the port `RequestTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner
        self._known: Known[str, Sequence[FeedbackResponse]] = Known(runner, "responses")

    def add(self, response: FeedbackResponse) -> None:
        """Keep a response."""
        self._known.drop(response.request_id)
        self._db.later(
            _ADD,
            response.id,
            {
                "id": response.id,
                "request_id": response.request_id,
                "person_id": response.person_id,
                "channel": response.channel,
                "raw_text": response.raw_text,
                "answer": contents.answer_text(response.answer),
                "standing": response.standing.value,
                "agrees": None if response.agrees is None else int(response.agrees),
                "sent_at": response.sent_at,
                "created_at": response.created_at,
            },
        )

    def of(self, request_id: str) -> Sequence[FeedbackResponse]:
        """Return every response to a request, oldest first."""
        known = self._known.get(request_id)
        if known is not None:
            return known
        return [response_of(row) for row in self._db.all(_OF, {"request_id": request_id})]

    def hold(self, request_ids: Sequence[str]) -> None:
        """Read those of several requests at once, whose rows are held: nobody adds any now."""
        found: dict[str, list[FeedbackResponse]] = {id_: [] for id_ in request_ids}
        for portion in portions(found):
            for row in self._db.all(_AMONG, portion):
                response = response_of(row)
                found[response.request_id].append(response)
        for id_, theirs in found.items():
            self._known.put(id_, theirs)


def response_of(row: tuple[Any, ...]) -> FeedbackResponse:
    """Return a response of its columns."""
    values = dict(zip(_FIELDS, row, strict=True))
    values["answer"] = contents.answer_of(values["answer"])
    values["standing"] = _STANDINGS[values["standing"]]
    values["agrees"] = None if values["agrees"] is None else bool(values["agrees"])
    return FeedbackResponse(**values)
