"""Questions in the database, with whom they went to and what was answered."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from sqlalchemy import bindparam, literal_column, or_, select

from bot.adapters.store import contents
from bot.adapters.store.known import Known
from bot.adapters.store.packing import packed, unpacked
from bot.adapters.store.people import People
from bot.adapters.store.recipients import Recipients
from bot.adapters.store.responses import Responses
from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import persons, recipients, requests
from bot.adapters.store.sessions import LAST_ID
from bot.adapters.store.statements import (
    Statement,
    among,
    columns,
    insert_into,
    locked,
    members,
    names,
    portions,
    update_by_id,
    where,
)
from bot.adapters.store.surfaces import Surfaces
from bot.domain.feedback import (
    FeedbackRequest,
    FeedbackResponse,
    Kind,
    Part,
    Risk,
    Route,
    Rule,
    State,
)
from bot.domain.instants import Micros
from bot.domain.record import made
from bot.service.ports.tables import Recipient

_FIELDS = names(FeedbackRequest)
_KINDS = members(Kind)
_RULES = members(Rule)
_RISKS = members(Risk)
_STATES = members(State)
_CHANGED = [
    "state",
    "version",
    "reminders_done",
    "escalations_done",
    "next_at",
    "claimed_by",
    "decided_at",
    "decided_by",
    "decided_via",
    "outcome",
]
_PENDING = requests.c.state == literal_column("'pending'")
_BY_ID = requests.c.id == bindparam("id")
# 'open', 'closed' and 'all' narrow a list.
_WANTS_OPEN = bindparam("wanted") == literal_column("'open'")
_REST_WANTED = or_(
    (bindparam("wanted") == literal_column("'closed'")) & ~_PENDING,
    bindparam("wanted") == literal_column("'all'"),
)
_WANTED = or_(_WANTS_OPEN & _PENDING, _REST_WANTED)
# What is open waits for those who decide; who is only told has nothing to do.
_DECIDES = recipients.c.part == literal_column(f"'{Part.DECIDER.value}'")

ADD = insert_into(requests)
_GET = where(requests, _FIELDS, _BY_ID)
_LOCK = locked(requests, _FIELDS, _BY_ID)
_HOLD = Statement(
    lambda: (
        columns(requests, _FIELDS)
        .where(among(requests.c.id))
        .order_by(requests.c.id)
        .with_for_update(key_share=True)
    )
)
_SAVE = update_by_id(requests, _CHANGED)
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
# What was put to somebody's merged aliases was put to them, and what those asked they asked.
_THEM = select(persons.c.id).where(
    or_(
        persons.c.id == bindparam("person_id"),
        persons.c.merged_into == bindparam("person_id"),
    )
)
_MINE = recipients.c.person_id.in_(_THEM)
_OF_RECIPIENT = Statement(
    lambda: (
        columns(requests, _FIELDS)
        .where(
            requests.c.id.in_(
                select(recipients.c.request_id).where(
                    _MINE,
                    recipients.c.request_id < bindparam("before"),
                    or_(~_WANTS_OPEN, _DECIDES),
                )
            ),
            _WANTED,
        )
        .order_by(requests.c.id.desc())
        .limit(bindparam("limit"))
    )
)
_OF_ASKER = Statement(
    lambda: (
        columns(requests, _FIELDS)
        .where(
            requests.c.asker_id.in_(_THEM),
            requests.c.id < bindparam("before"),
            _WANTED,
        )
        .order_by(requests.c.id.desc())
        .limit(bindparam("limit"))
    )
)
_DUE = Statement(
    lambda: (
        select(requests.c.id, requests.c.next_at)
        .where(requests.c.next_at <= bindparam("now"))
        .order_by(requests.c.next_at)
        .limit(bindparam("limit"))
    )
)


class Requests:
    """Implements the port `RequestTable`."""

    def __init__(self, runner: Runner, people: People, surfaces: Surfaces) -> None:
        self._db = runner
        self._surfaces = surfaces
        self._recipients = Recipients(runner, people)
        self._responses = Responses(runner)
        self._known: Known[str, FeedbackRequest] = Known(runner, "requests")

    def add(self, request: FeedbackRequest) -> None:
        """Keep a new request."""
        self._known.put(request.id, request)
        self._recipients.begin(request.id)
        self._surfaces.begin(request.id)
        self._db.later(
            ADD,
            request.id,
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
                "multiple": int(request.multiple),
                "fields": contents.fields_text(request.fields),
                "veto": int(request.veto),
                "urgent": int(request.urgent),
                "action": contents.action_text(request.action),
                "timetable": contents.timetable_text(request.timetable),
                "replaces": request.replaces,
                "place": request.place,
                **_changes(request),
            },
        )

    def add_recipient(
        self,
        request_id: str,
        person_id: str,
        position: int,
        part: Part,
        route: Route,
        by_id: str | None = None,
    ) -> None:
        """Put a request to a person; one who is a recipient already gets this part."""
        self._recipients.add(request_id, person_id, position, part, route, by_id)

    def get(self, request_id: str) -> FeedbackRequest | None:
        """Return a request."""
        request = self._known.get(request_id)
        if request is None:
            row = self._db.row(_GET, {"id": request_id}, request_id, ADD, _SAVE)
            if row is not None:
                request = request_of(row)
                self._known.put_read(request_id, request)
        return request

    def lock(self, request_id: str) -> FeedbackRequest | None:
        """Return a request, holding its row until the commit: votes come one after the other."""
        request = self._known.get(request_id)
        if request is None:
            row = self._db.row(_LOCK, {"id": request_id}, request_id, ADD, _SAVE)
            if row is not None:
                request = request_of(row)
                self._known.put(request_id, request)
        return request

    def hold(self, ids: Sequence[str]) -> Sequence[FeedbackRequest]:
        """Lock several at once, in the order of their ids, and read what hangs on them."""
        for portion in portions(id_ for id_ in ids if id_ not in self._known):
            for row in self._db.all(_HOLD, portion):
                request = request_of(row)
                self._known.put(request.id, request)
        held = [self._known[id_] for id_ in sorted(set(ids)) if id_ in self._known]
        self._recipients.hold(ids)
        self._responses.hold([request.id for request in held])
        return held

    def save(self, request: FeedbackRequest) -> None:
        """Write back what may change of a request; its content never does."""
        self._known.put(request.id, request)
        changes = _changes(request)
        made = self._db.waiting(ADD).get(request.id)
        if made is None:
            self._db.later(_SAVE, request.id, {"id": request.id, **changes})
        else:
            self._db.later(ADD, request.id, {**made, **changes})

    def recipients(self, request_id: str) -> Sequence[Recipient]:
        """Return whom a request went to, in the order asked."""
        return self._recipients.of(request_id)

    def open_of(self, session_id: str) -> Sequence[FeedbackRequest]:
        """Return a session's pending requests, oldest first."""
        # What waits to be written need not be written for this, as long as it is known.
        waiting = {**self._db.waiting(ADD), **self._db.waiting(_SAVE)}
        found: dict[Hashable, FeedbackRequest] = {}
        for id_ in waiting:
            known = self._known.get(str(id_))
            if known is None:
                rows = self._db.all(_OPEN_OF, {"session_id": session_id})
                return [request_of(row) for row in rows]
            found[id_] = known
        for row in self._db.stored(_OPEN_OF, {"session_id": session_id}):
            if row[0] not in found:
                found[row[0]] = request_of(row)
        mine = [r for r in found.values() if r.session_id == session_id and r.is_open]
        return sorted(mine, key=lambda request: request.id)

    def of_session(self, session_id: str) -> Sequence[FeedbackRequest]:
        """Return all of a session's requests, oldest first."""
        return [request_of(row) for row in self._db.all(_OF_SESSION, {"session_id": session_id})]

    def of_recipient(
        self, person_id: str, is_open: bool | None, before: str | None, limit: int
    ) -> Sequence[FeedbackRequest]:
        """Return what was put to a person, newest first; of what is open what they decide."""
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
        return [request_of(row) for row in rows]

    def due(self, now: Micros, limit: int) -> Sequence[tuple[str, Micros]]:
        """Return requests that time does something to, with when it was due, oldest first."""
        return [(row[0], row[1]) for row in self._db.all(_DUE, {"now": now, "limit": limit})]

    def add_response(self, response: FeedbackResponse) -> None:
        """Keep a response."""
        self._responses.add(response)

    def responses(self, request_id: str) -> Sequence[FeedbackResponse]:
        """Return every response to a request, oldest first."""
        return self._responses.of(request_id)


def _changes(request: FeedbackRequest) -> dict[str, Any]:
    return {
        "state": request.state.value,
        "version": request.version,
        "reminders_done": request.reminders_done,
        "escalations_done": request.escalations_done,
        "next_at": request.next_at,
        "claimed_by": request.claimed_by,
        "decided_at": request.decided_at,
        "decided_by": request.decided_by,
        "decided_via": request.decided_via,
        "outcome": contents.answer_text(request.outcome),
    }


def request_of(row: tuple[Any, ...]) -> FeedbackRequest:
    """Return a request of its columns."""
    values = dict(zip(_FIELDS, row, strict=True))
    values["kind"] = _KINDS[values["kind"]]
    values["options"] = tuple(unpacked(values["options"]))
    values["rule"] = _RULES[values["rule"]]
    values["risk"] = _RISKS[values["risk"]]
    values["state"] = _STATES[values["state"]]
    values["multiple"] = bool(values["multiple"])
    values["fields"] = contents.fields_of(values["fields"])
    values["veto"] = bool(values["veto"])
    values["urgent"] = bool(values["urgent"])
    values["action"] = contents.action_from(values["action"])
    values["timetable"] = contents.timetable_of(values["timetable"])
    values["outcome"] = contents.answer_of(values["outcome"])
    return made(FeedbackRequest, values)
