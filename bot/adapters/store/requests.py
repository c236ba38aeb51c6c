"""Questions, their recipients and the responses to them in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, func, literal_column, or_, select

from bot.adapters.store.packing import packed, unpacked
from bot.adapters.store.schema import persons, recipients, requests, responses
from bot.adapters.store.sessions import LAST_ID
from bot.adapters.store.statements import (
    Runner,
    Statement,
    columns,
    insert_into,
    locked,
    names,
    update_by_id,
    where,
)
from bot.domain.feedback import (
    Answer,
    FeedbackRequest,
    FeedbackResponse,
    Kind,
    Risk,
    Rule,
    Standing,
    State,
)
from bot.domain.instants import Micros
from bot.service.ports.tables import Recipient

_FIELDS = names(FeedbackRequest)
_CHANGED = ["state", "version", "decided_at", "decided_by", "decided_via", "outcome"]
_PENDING = requests.c.state == literal_column("'pending'")
_BY_ID = requests.c.id == bindparam("id")
# 'open' and 'closed' narrow a list, anything else does not.
_WANTED = or_(
    (bindparam("wanted") == literal_column("'open'")) & _PENDING,
    (bindparam("wanted") == literal_column("'closed'")) & ~_PENDING,
    bindparam("wanted") == literal_column("'all'"),
)

_ADD = insert_into(requests)
_GET = where(requests, _FIELDS, _BY_ID)
_LOCK = locked(requests, _FIELDS, _BY_ID)
_SAVE = update_by_id(requests, _CHANGED)
_ADD_RECIPIENT = insert_into(recipients)
_RECIPIENTS = Statement(
    lambda: (
        select(
            recipients.c.person_id,
            func.coalesce(persons.c.merged_into, persons.c.id),
            persons.c.name,
            recipients.c.position,
        )
        .select_from(recipients.join(persons, persons.c.id == recipients.c.person_id))
        .where(recipients.c.request_id == bindparam("request_id"))
        .order_by(recipients.c.position)
    )
)
_OPEN_OF = Statement(
    lambda: (
        columns(requests, _FIELDS)
        .where(requests.c.session_id == bindparam("session_id"), _PENDING)
        .order_by(requests.c.id)
    )
)
_OF_SESSION = Statement(
    lambda: (
        columns(requests, _FIELDS)
        .where(requests.c.session_id == bindparam("session_id"))
        .order_by(requests.c.id)
    )
)
_OF_RECIPIENT = Statement(
    lambda: (
        columns(requests, _FIELDS)
        .select_from(recipients.join(requests, requests.c.id == recipients.c.request_id))
        .where(
            recipients.c.person_id == bindparam("person_id"),
            recipients.c.request_id < bindparam("before"),
            _WANTED,
        )
        .order_by(recipients.c.request_id.desc())
        .limit(bindparam("limit"))
    )
)
_OF_ASKER = Statement(
    lambda: (
        columns(requests, _FIELDS)
        .where(
            requests.c.asker_id == bindparam("person_id"),
            requests.c.id < bindparam("before"),
            _WANTED,
        )
        .order_by(requests.c.id.desc())
        .limit(bindparam("limit"))
    )
)
_OVERDUE = Statement(
    lambda: (
        select(requests.c.id)
        .where(_PENDING, requests.c.deadline <= bindparam("now"))
        .order_by(requests.c.deadline)
        .limit(bindparam("limit"))
    )
)
_ADD_RESPONSE = insert_into(responses)
_RESPONSE_FIELDS = names(FeedbackResponse)
_RESPONSES = Statement(
    lambda: (
        columns(responses, _RESPONSE_FIELDS)
        .where(responses.c.request_id == bindparam("request_id"))
        .order_by(responses.c.created_at, responses.c.id)
    )
)


class Requests:
    """Implements the port `RequestTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def add(self, request: FeedbackRequest, people: Sequence[str]) -> None:
        """Keep a new request and whom it goes to."""
        self._db.run(
            _ADD,
            {
                "id": request.id,
                "session_id": request.session_id,
                "asker_id": request.asker_id,
                "kind": request.kind.value,
                "question": request.question,
                "context": request.context,
                "options": packed(request.options),
                "rule": request.rule.value,
                "quorum": request.quorum,
                "risk": request.risk.value,
                "digest": request.digest,
                "asked_at": request.asked_at,
                "deadline": request.deadline,
                **_changes(request),
            },
        )
        for position, person_id in enumerate(people):
            self._db.run(
                _ADD_RECIPIENT,
                {"request_id": request.id, "person_id": person_id, "position": position},
            )

    def get(self, request_id: str) -> FeedbackRequest | None:
        """Return a request."""
        row = self._db.one(_GET, {"id": request_id})
        return _request(row) if row else None

    def lock(self, request_id: str) -> FeedbackRequest | None:
        """Return a request, holding its row until the commit: votes come one after the other."""
        row = self._db.one(_LOCK, {"id": request_id})
        return _request(row) if row else None

    def save(self, request: FeedbackRequest) -> None:
        """Write back what may change of a request; its content never does."""
        self._db.run(_SAVE, {"id": request.id, **_changes(request)})

    def recipients(self, request_id: str) -> Sequence[Recipient]:
        """Return whom a request went to, in the order asked."""
        rows = self._db.all(_RECIPIENTS, {"request_id": request_id})
        return [Recipient(person_id=p, canonical_id=c, name=n, position=o) for p, c, n, o in rows]

    def open_of(self, session_id: str) -> Sequence[FeedbackRequest]:
        """Return a session's pending requests, oldest first."""
        return [_request(row) for row in self._db.all(_OPEN_OF, {"session_id": session_id})]

    def of_session(self, session_id: str) -> Sequence[FeedbackRequest]:
        """Return all of a session's requests, oldest first."""
        return [_request(row) for row in self._db.all(_OF_SESSION, {"session_id": session_id})]

    def of_recipient(
        self, person_id: str, is_open: bool | None, before: str | None, limit: int
    ) -> Sequence[FeedbackRequest]:
        """Return what was put to a person, newest first."""
        return self._listed(_OF_RECIPIENT, person_id, is_open, before, limit)

    def of_asker(
        self, person_id: str, is_open: bool | None, before: str | None, limit: int
    ) -> Sequence[FeedbackRequest]:
        """Return what a person's sessions asked, newest first."""
        return self._listed(_OF_ASKER, person_id, is_open, before, limit)

    def _listed(
        self,
        statement: Statement,
        person_id: str,
        is_open: bool | None,
        before: str | None,
        limit: int,
    ) -> Sequence[FeedbackRequest]:
        wanted = "all" if is_open is None else "open" if is_open else "closed"
        rows = self._db.all(
            statement,
            {
                "person_id": person_id,
                "wanted": wanted,
                "before": before or LAST_ID,
                "limit": limit,
            },
        )
        return [_request(row) for row in rows]

    def overdue(self, now: Micros, limit: int) -> Sequence[str]:
        """Return pending requests whose deadline has passed, oldest deadline first."""
        return [row[0] for row in self._db.all(_OVERDUE, {"now": now, "limit": limit})]

    def add_response(self, response: FeedbackResponse) -> None:
        """Keep a response."""
        self._db.run(
            _ADD_RESPONSE,
            {
                "id": response.id,
                "request_id": response.request_id,
                "person_id": response.person_id,
                "channel": response.channel,
                "raw_text": response.raw_text,
                "answer": _stored(response.answer),
                "standing": response.standing.value,
                "agrees": None if response.agrees is None else int(response.agrees),
                "created_at": response.created_at,
            },
        )

    def responses(self, request_id: str) -> Sequence[FeedbackResponse]:
        """Return every response to a request, oldest first."""
        return [_response(row) for row in self._db.all(_RESPONSES, {"request_id": request_id})]


def _changes(request: FeedbackRequest) -> dict[str, Any]:
    return {
        "state": request.state.value,
        "version": request.version,
        "decided_at": request.decided_at,
        "decided_by": request.decided_by,
        "decided_via": request.decided_via,
        "outcome": _stored(request.outcome),
    }


def _stored(answer: Answer | None) -> str | None:
    if answer is None:
        return None
    return packed([answer.approved, answer.choices, answer.text])


def _answer(stored: str | None) -> Answer | None:
    if stored is None:
        return None
    approved, choices, text = unpacked(stored)
    return Answer(approved=approved, choices=tuple(choices), text=text)


def _request(row: tuple[Any, ...]) -> FeedbackRequest:
    values = dict(zip(_FIELDS, row, strict=True))
    values["kind"] = Kind(values["kind"])
    values["options"] = tuple(unpacked(values["options"]))
    values["rule"] = Rule(values["rule"])
    values["risk"] = Risk(values["risk"])
    values["state"] = State(values["state"])
    values["outcome"] = _answer(values["outcome"])
    return FeedbackRequest(**values)


def _response(row: tuple[Any, ...]) -> FeedbackResponse:
    values = dict(zip(_RESPONSE_FIELDS, row, strict=True))
    values["answer"] = _answer(values["answer"])
    values["standing"] = Standing(values["standing"])
    values["agrees"] = None if values["agrees"] is None else bool(values["agrees"])
    return FeedbackResponse(**values)
