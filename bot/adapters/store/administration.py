"""Pages of everything in the database, for those who look after the whole deployment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Text,
    and_,
    bindparam,
    delete,
    func,
    literal_column,
    null,
    or_,
    select,
    text,
    update,
)

from bot.adapters.store import post_statements, surface_statements
from bot.adapters.store.journal import record_of
from bot.adapters.store.journal_statements import RECORD_FIELDS
from bot.adapters.store.posts import post_of
from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import (
    accounts,
    identities,
    inbox,
    journal,
    persons,
    posts,
    requests,
    surfaces,
)
from bot.adapters.store.sessions import LAST_ID
from bot.adapters.store.statements import Statement, columns, names
from bot.adapters.store.surfaces import surface_of
from bot.domain.instants import Micros
from bot.domain.person import Person
from bot.domain.post import Post
from bot.domain.surface import Surface
from bot.service.ports.administration import EVERYTHING, Asked, Entries, Failures, Sought
from bot.service.ports.inbox import Received

_LAST = 2**62
LOOKED_AT = 200_000
"""Entries that a search looks through at once where it has no index: 0.03 s on SQLite and 0.07 s on
PostgreSQL. An index on people would cost each turn more than searches, which are rare, would gain.
"""
_FOUND_BY_INDEX = ("request_id", "session_id")
_PERSON_FIELDS = names(Person)
_INBOX_FIELDS = names(Received)
# Literals, so that the planner can use the partial indexes.
_IS_DEAD = text("surfaces.state = 'dead'")
_IS_DEAD_POST = text("posts.state = 'dead'")
_IS_ASIDE = text("inbox.due_at IS NULL AND inbox.done = 0")

_PEOPLE = Statement(
    lambda: (
        columns(persons, _PERSON_FIELDS)
        .where(persons.c.id < bindparam("before"), persons.c.merged_into.is_(None))
        .order_by(persons.c.id.desc())
        .limit(bindparam("limit"))
    )
)
_ALIAS = persons.alias("alias")
_TEXT = bindparam("text", type_=Text())
_HAVE_IT = or_(
    func.lower(_ALIAS.c.name).like(_TEXT, escape="!"),
    func.lower(identities.c.key).like(_TEXT, escape="!"),
    accounts.c.username_key.like(_TEXT, escape="!"),
    accounts.c.email_key.like(_TEXT, escape="!"),
)
_FOUND = Statement(
    lambda: (
        columns(persons, _PERSON_FIELDS)
        .where(
            persons.c.id < bindparam("before"),
            persons.c.id.in_(
                select(func.coalesce(_ALIAS.c.merged_into, _ALIAS.c.id))
                .select_from(
                    _ALIAS.outerjoin(identities, identities.c.person_id == _ALIAS.c.id).outerjoin(
                        accounts, accounts.c.person_id == _ALIAS.c.id
                    )
                )
                .where(_HAVE_IT)
            ),
        )
        .order_by(persons.c.id.desc())
        .limit(bindparam("limit"))
    )
)
_FAILED_SURFACES = Statement(
    lambda: (
        columns(surfaces, surface_statements.FIELDS)
        .where(_IS_DEAD, surfaces.c.id < bindparam("before"))
        .order_by(surfaces.c.id.desc())
        .limit(bindparam("limit"))
    )
)
_FAILED_POSTS = Statement(
    lambda: (
        columns(posts, post_statements.FIELDS)
        .where(_IS_DEAD_POST, posts.c.id < bindparam("before"))
        .order_by(posts.c.id.desc())
        .limit(bindparam("limit"))
    )
)
_ASIDE = Statement(
    lambda: (
        columns(inbox, _INBOX_FIELDS)
        .where(
            _IS_ASIDE,
            or_(
                inbox.c.received_at < bindparam("before_at"),
                and_(
                    inbox.c.received_at == bindparam("before_at"),
                    inbox.c.key < bindparam("before_key"),
                ),
            ),
        )
        .order_by(inbox.c.received_at.desc(), inbox.c.key.desc())
        .limit(bindparam("limit"))
    )
)
_TAKE_UP = Statement(
    lambda: (
        update(inbox)
        .where(inbox.c.key == bindparam("of_key"), _IS_ASIDE)
        .values(due_at=bindparam("now"), attempts=bindparam("none"), last_error=null())
        .returning(inbox.c.kind)
    )
)
_DROP_ASIDE = Statement(lambda: delete(inbox).where(inbox.c.key == bindparam("of_key"), _IS_ASIDE))
_KIND = bindparam("kind", type_=Text())
_SOUGHT = {
    "kind": func.substr(journal.c.kind, literal_column("1"), func.length(_KIND)) == _KIND,
    "request_id": journal.c.request_id == bindparam("request_id"),
    "session_id": journal.c.session_id == bindparam("session_id"),
    "person_id": journal.c.person_id.in_(
        select(persons.c.id).where(
            or_(
                persons.c.id == bindparam("person_id"),
                persons.c.merged_into == bindparam("person_id"),
            )
        )
    ),
    "since": journal.c.at >= bindparam("since"),
    "until": journal.c.at < bindparam("until"),
}


_ENDS = Statement(
    lambda: select(
        select(func.min(journal.c.number)).scalar_subquery(),
        select(func.max(journal.c.number)).scalar_subquery(),
    )
)


@cache
def _entries(*sought: str) -> Statement:
    """Return a statement of its own for these conditions, so that each finds its index."""
    return Statement(
        lambda: (
            columns(journal, RECORD_FIELDS)
            .where(
                journal.c.number < bindparam("before"),
                journal.c.number >= bindparam("lowest"),
                *(_SOUGHT[name] for name in sought),
            )
            .order_by(journal.c.number.desc())
            .limit(bindparam("limit"))
        )
    )


def _asked() -> Any:
    """Look at the newest by their ids, which are made in the order of time: no index by time."""
    newest = (
        select(
            requests.c.asked_at,
            requests.c.state,
            requests.c.decided_at,
            requests.c.decided_by,
            requests.c.decided_via,
        )
        .order_by(requests.c.id.desc())
        .limit(bindparam("limit"))
        .subquery()
    )
    return (
        select(
            newest.c.asked_at,
            newest.c.state,
            newest.c.decided_at,
            func.coalesce(persons.c.merged_into, persons.c.id),
            newest.c.decided_via,
        )
        .select_from(newest.outerjoin(persons, persons.c.id == newest.c.decided_by))
        .where(newest.c.asked_at >= bindparam("since"))
    )


_ASKED = Statement(_asked)
_SURFACE_FAILURES = Statement(
    lambda: (
        select(surfaces.c.channel, func.count())
        .select_from(surfaces.join(requests, requests.c.id == surfaces.c.request_id))
        .where(_IS_DEAD, requests.c.asked_at >= bindparam("since"))
        .group_by(surfaces.c.channel)
    )
)
_POST_FAILURES = Statement(
    lambda: (
        select(posts.c.channel, func.count())
        .where(_IS_DEAD_POST, posts.c.created_at >= bindparam("since"))
        .group_by(posts.c.channel)
    )
)


def _slots(table: Any, moment: Any, is_dead: Any) -> Statement:
    slot = (moment - bindparam("since", type_=BigInteger())) // bindparam(
        "width", type_=BigInteger()
    )

    def build() -> Any:
        slots = select(slot.label("slot")).select_from(table)
        found = slots.where(is_dead, moment >= bindparam("since")).subquery()
        return select(found.c.slot, func.count()).group_by(found.c.slot)

    return Statement(build)


_SURFACE_SLOTS = _slots(
    surfaces.join(requests, requests.c.id == surfaces.c.request_id), requests.c.asked_at, _IS_DEAD
)
_POST_SLOTS = _slots(posts, posts.c.created_at, _IS_DEAD_POST)


class Administration:
    """Implements the port `AdministrationTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def people(self, before: str | None, limit: int, text: str = "") -> Sequence[Person]:
        """Return canonical people, by id; with a text those whose names or addresses have it."""
        values = {"before": before or LAST_ID, "limit": limit}
        if text:
            rows = self._db.all(_FOUND, values | {"text": _like(text)})
        else:
            rows = self._db.all(_PEOPLE, values)
        return [Person(**dict(zip(_PERSON_FIELDS, row, strict=True))) for row in rows]

    def failed_surfaces(self, before: str | None, limit: int) -> Sequence[Surface]:
        """Return surfaces that were given up, by id."""
        rows = self._db.all(_FAILED_SURFACES, {"before": before or LAST_ID, "limit": limit})
        return [surface_of(row) for row in rows]

    def failed_posts(self, before: str | None, limit: int) -> Sequence[Post]:
        """Return posts that were given up, by id."""
        rows = self._db.all(_FAILED_POSTS, {"before": before or LAST_ID, "limit": limit})
        return [post_of(row) for row in rows]

    def set_aside(self, before: tuple[Micros, str] | None, limit: int) -> Sequence[Received]:
        """Return what was set aside, by when it was received and its key."""
        at, key = before or (_LAST, "")
        rows = self._db.all(_ASIDE, {"before_at": at, "before_key": key, "limit": limit})
        return [Received(**dict(zip(_INBOX_FIELDS, row, strict=True))) for row in rows]

    def take_up(self, key: str, now: Micros) -> str | None:
        """Have what was set aside dealt with again; return its kind, None when there is none."""
        row = self._db.one(_TAKE_UP, {"of_key": key, "now": now, "none": 0})
        return None if row is None else str(row[0])

    def drop_aside(self, key: str) -> bool:
        """Forget what was set aside; False when there is none."""
        return self._db.run(_DROP_ASIDE, {"of_key": key}) > 0

    def entries(self, before: int | None, limit: int, sought: Sought = EVERYTHING) -> Entries:
        """Return entries of the journal, by position; a long one is looked through in portions."""
        given = {name: value for name, value in asdict(sought).items() if value is not None}
        oldest, newest = self._db.one(_ENDS, {}) or (None, None)
        if oldest is None or newest is None:
            return Entries(records=(), next=None)
        before = min(newest + 1, _LAST if before is None else before)
        is_indexed = not given or any(name in given for name in _FOUND_BY_INDEX)
        lowest = oldest if is_indexed else max(oldest, before - LOOKED_AT)
        values = {"before": before, "lowest": lowest, "limit": limit + 1} | given
        found = [record_of(row) for row in self._db.all(_entries(*sorted(given)), values)]
        if len(found) > limit:
            return Entries(records=found[:limit], next=found[limit - 1].position)
        return Entries(records=found, next=lowest if lowest > oldest else None)

    def asked(self, since: Micros, limit: int) -> Sequence[Asked]:
        """Return questions asked since then, looking at the newest `limit` of all."""
        return [
            Asked(asked_at=at, state=state, decided_at=decided, decided_by=by, decided_via=via)
            for at, state, decided, by, via in self._db.all(
                _ASKED, {"since": since, "limit": limit}
            )
        ]

    def failures(self, since: Micros) -> Sequence[Failures]:
        """Return by channel what was given up of questions and posts made since then."""
        found: Counter[str] = Counter()
        for statement in (_SURFACE_FAILURES, _POST_FAILURES):
            found.update(dict(self._db.all(statement, {"since": since})))
        return [Failures(channel=name, number=found[name]) for name in sorted(found)]

    def failures_by(self, since: Micros, width: Micros) -> Mapping[int, int]:
        """Return how many were given up in each slot so wide, the first from `since`."""
        found: Counter[int] = Counter()
        for statement in (_SURFACE_SLOTS, _POST_SLOTS):
            found.update(dict(self._db.all(statement, {"since": since, "width": width})))
        return found


def _like(text: str) -> str:
    """Return the pattern of what has `text` anywhere, in small letters."""
    for special in "!%_":
        text = text.replace(special, f"!{special}")
    return f"%{text.lower()}%"
