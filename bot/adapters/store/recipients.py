"""Whom questions were put to, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select

from bot.adapters.store.known import Known
from bot.adapters.store.people import People
from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import persons, recipients
from bot.adapters.store.statements import Row, Statement, among, members, portions, upsert
from bot.domain.feedback import Part, Route
from bot.service.ports.tables import Recipient

_PARTS = members(Part)
_ROUTES = members(Route)

_ADD_RECIPIENT = Statement(
    lambda: (
        upsert(recipients)
        .values({c.name: bindparam(c.name) for c in recipients.c})
        .on_conflict_do_update(
            index_elements=[recipients.c.request_id, recipients.c.person_id],
            set_={name: bindparam(name) for name in ("part", "route", "by_id")},
        )
    )
)


def _asked(condition: ColumnElement[bool]) -> Select[Any]:
    """Select recipients as they are canonically now, in the order asked."""
    return (
        select(
            recipients.c.request_id,
            recipients.c.person_id,
            func.coalesce(persons.c.merged_into, persons.c.id),
            persons.c.name,
            recipients.c.position,
            recipients.c.part,
            recipients.c.route,
            recipients.c.by_id,
        )
        .select_from(recipients.join(persons, persons.c.id == recipients.c.person_id))
        .where(condition)
        .order_by(recipients.c.position, recipients.c.person_id)
    )


_RECIPIENTS = Statement(lambda: _asked(recipients.c.request_id == bindparam("request_id")))
_AMONG = Statement(lambda: _asked(among(recipients.c.request_id)))


class Recipients:
    """The recipients' part of the port `RequestTable`."""

    def __init__(self, runner: Runner, people: People) -> None:
        self._db = runner
        self._people = people
        self._known: Known[str, Sequence[Recipient]] = Known(
            runner, "recipients", "persons.merged_into", "persons.name"
        )

    def begin(self, request_id: str) -> None:
        """Note that a new request has no recipients so far."""
        self._known.put(request_id, ())

    def add(
        self,
        request_id: str,
        person_id: str,
        position: int,
        part: Part,
        route: Route,
        by_id: str | None = None,
    ) -> None:
        """Put a request to a person; one who is a recipient already gets this part."""
        self._note(request_id, person_id, position, part, route, by_id)
        waiting = self._db.waiting(_ADD_RECIPIENT).get((request_id, person_id))
        if waiting is not None:
            position = waiting["position"]  # as the statement leaves it
        self._db.later(
            _ADD_RECIPIENT,
            (request_id, person_id),
            {
                "request_id": request_id,
                "person_id": person_id,
                "position": position,
                "part": part.value,
                "route": route.value,
                "by_id": by_id,
            },
        )

    def of(self, request_id: str) -> Sequence[Recipient]:
        """Return whom a request went to, in the order asked."""
        recipients = self._known.get(request_id)
        if recipients is None:
            recipients = self._read(request_id)
            self._known.put_read(request_id, recipients)
        return recipients

    def _note(
        self,
        request_id: str,
        person_id: str,
        position: int,
        part: Part,
        route: Route,
        by_id: str | None,
    ) -> None:
        """Keep what is known of a request's recipients true, or forget it."""
        known = self._known.get(request_id)
        self._known.drop(request_id)
        if known is None or any(r.person_id == person_id for r in known):
            return
        person = self._people.get(person_id)
        if person is None:
            return
        added = Recipient(
            person_id=person_id,
            canonical_id=person.canonical_id,
            name=person.name,
            position=position,
            part=part,
            route=route,
            by_id=by_id,
        )
        self._known.put(
            request_id, sorted((*known, added), key=lambda r: (r.position, r.person_id))
        )

    def hold(self, request_ids: Sequence[str]) -> None:
        """Read those of several requests at once, whose rows are held: nobody adds any now."""
        found: dict[str, list[Recipient]] = {id_: [] for id_ in request_ids}
        for portion in portions(found):
            for row in self._db.all(_AMONG, portion):
                found[row[0]].append(_recipient(row))
        for id_, theirs in found.items():
            self._known.put(id_, theirs)

    def _read(self, request_id: str) -> Sequence[Recipient]:
        return [_recipient(row) for row in self._db.all(_RECIPIENTS, {"request_id": request_id})]


def _recipient(row: Row) -> Recipient:
    _, person_id, canonical_id, name, position, part, route, by_id = row
    return Recipient(
        person_id=person_id,
        canonical_id=canonical_id,
        name=name,
        position=position,
        part=_PARTS[part],
        route=_ROUTES[route],
        by_id=by_id,
    )
