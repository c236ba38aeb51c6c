"""People, their proven identities and sessions' contacts in the database."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    bindparam,
    func,
    literal_column,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql

from bot.adapters.store.known import Known
from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import accounts, contacts, identities, persons, sessions
from bot.adapters.store.statements import (
    Statement,
    among,
    columns,
    insert_into,
    locked,
    names,
    portions,
    update_by_id,
    where,
)
from bot.domain.errors import Conflict
from bot.domain.instants import Micros
from bot.domain.person import Person
from bot.domain.record import changed
from bot.service.ports.tables import Identity

_FIELDS = names(Person)
_ADD = insert_into(persons)
_BY_ID = persons.c.id == bindparam("id")
_GET = where(persons, _FIELDS, _BY_ID)
_LOCK = locked(persons, _FIELDS, _BY_ID)
_HOLD = Statement(
    lambda: (
        columns(persons, _FIELDS)
        .where(among(persons.c.id))
        .order_by(persons.c.id)
        .with_for_update(key_share=True)
    )
)
_AMONG = Statement(lambda: columns(persons, _FIELDS).where(among(persons.c.id)))
_SAVE = update_by_id(
    persons,
    [
        "zone",
        "working_hours",
        "away_from",
        "away_until",
        "delegate_id",
        "preferred_channel",
        "last_channel",
    ],
)
_MERGE = Statement(
    lambda: (
        update(persons)
        .where(or_(_BY_ID, persons.c.merged_into == bindparam("id")))
        .values(merged_into=bindparam("into"))
    ),
    changed=["merged_into"],
)
_SELF = persons.alias("self")
_NOTE_CHANNEL = Statement(
    lambda: (
        update(persons)
        .where(
            persons.c.id
            == select(func.coalesce(_SELF.c.merged_into, _SELF.c.id))
            .where(_SELF.c.id == bindparam("id"))
            .scalar_subquery(),
            or_(persons.c.last_channel.is_(None), persons.c.last_channel != bindparam("channel")),
        )
        .values(last_channel=bindparam("channel"))
    ),
    changed=["last_channel"],
)
_NEXT = Statement(
    lambda: (
        update(persons)
        .where(_BY_ID)
        .values(feed_seq=persons.c.feed_seq + bindparam("step"))
        .returning(persons.c.feed_seq)
    )
)


def _by(condition: ColumnElement[bool]) -> Statement:
    return Statement(
        lambda: (
            select(func.coalesce(persons.c.merged_into, persons.c.id))
            .select_from(persons.join(accounts, accounts.c.person_id == persons.c.id))
            .where(condition, accounts.c.verified_at.is_not(None), accounts.c.disabled_at.is_(None))
        )
    )


_BY_USERNAME = _by(accounts.c.username_key == bindparam("key"))
_BY_IDENTITY = Statement(
    lambda: (
        select(func.coalesce(persons.c.merged_into, persons.c.id))
        .select_from(persons.join(identities, identities.c.person_id == persons.c.id))
        .where(identities.c.kind == bindparam("kind"), identities.c.key == bindparam("key"))
    )
)
_ALIAS = persons.alias("alias")
_THEIRS = accounts.join(_ALIAS, _ALIAS.c.id == accounts.c.person_id)
_IS_THEIRS = or_(
    _ALIAS.c.id == func.coalesce(persons.c.merged_into, persons.c.id),
    _ALIAS.c.merged_into == func.coalesce(persons.c.merged_into, persons.c.id),
)


def _has_account(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    found: Select[Any] = (
        select(literal_column("1")).select_from(_THEIRS).where(_IS_THEIRS, *conditions)
    )
    return found.correlate(persons).exists()


# Whoever was shut out is not found by their address either.
_BY_ADDRESS = Statement(
    lambda: (
        select(func.coalesce(persons.c.merged_into, persons.c.id))
        .select_from(persons.join(identities, identities.c.person_id == persons.c.id))
        .where(
            identities.c.kind == bindparam("kind"),
            identities.c.key == bindparam("key"),
            or_(not_(_has_account()), _has_account(accounts.c.disabled_at.is_(None))),
        )
    )
)
# ON CONFLICT reads the same in both dialects; PostgreSQL's construct compiles for SQLite too.
_ADD_IDENTITY = Statement(
    lambda: (
        postgresql.insert(identities)
        .values({c.name: bindparam(c.name) for c in identities.c})
        .on_conflict_do_nothing()
    )
)
_RENAME = update_by_id(persons, ["name"])
_IDENTITIES = Statement(
    lambda: (
        select(identities.c.kind, identities.c.key)
        .select_from(identities.join(persons, persons.c.id == identities.c.person_id))
        .where(or_(_BY_ID, persons.c.merged_into == bindparam("id")))
        .order_by(identities.c.verified_at, identities.c.kind, identities.c.key)
    )
)
_FEED = update_by_id(persons, ["feed_seq"])
_CHANNEL = update_by_id(persons, ["last_channel"])
_ALLOW = Statement(
    lambda: (
        postgresql.insert(contacts)
        .values({c.name: bindparam(c.name) for c in contacts.c})
        .on_conflict_do_nothing()
    )
)
_IS_CONTACT = Statement(
    lambda: (
        select(contacts.c.allowed_at)
        .select_from(contacts.join(persons, persons.c.id == contacts.c.person_id))
        .where(
            contacts.c.session_id == bindparam("session_id"),
            or_(
                persons.c.id == bindparam("person_id"),
                persons.c.merged_into == bindparam("person_id"),
            ),
        )
    )
)
_CANONICAL = persons.alias("canonical")
_START = bindparam("start", type_=Text())
_REMEMBERED = 500
"""Contacts of one owner that names are looked for among, the latest."""
_CONTACTS_OF = Statement(
    lambda: (
        select(*(_CANONICAL.c[name] for name in _FIELDS))
        .select_from(
            contacts.join(sessions, sessions.c.id == contacts.c.session_id)
            .join(persons, persons.c.id == contacts.c.person_id)
            .join(_CANONICAL, _CANONICAL.c.id == func.coalesce(persons.c.merged_into, persons.c.id))
        )
        .where(
            sessions.c.owner_id == bindparam("owner_id"),
            _CANONICAL.c.id != bindparam("owner_id"),
        )
        .group_by(*(_CANONICAL.c[name] for name in _FIELDS))
        .order_by(func.max(contacts.c.allowed_at).desc(), _CANONICAL.c.id)
        .limit(bindparam("limit"))
    )
)
_REGISTERED = Statement(
    lambda: (
        select(accounts.c.username, *(_CANONICAL.c[name] for name in _FIELDS))
        .select_from(
            accounts.join(persons, persons.c.id == accounts.c.person_id).join(
                _CANONICAL, _CANONICAL.c.id == func.coalesce(persons.c.merged_into, persons.c.id)
            )
        )
        .where(
            func.substr(accounts.c.username_key, literal_column("1"), func.length(_START))
            == _START,
            accounts.c.verified_at.is_not(None),
            accounts.c.disabled_at.is_(None),
        )
        .order_by(accounts.c.username_key)
        .limit(bindparam("limit"))
    )
)


class _Kept:
    """What is known of a person: the record, if it was read, and their feed's newest number."""

    __slots__ = ("feed_seq", "person")

    def __init__(self, person: Person | None, feed_seq: int) -> None:
        self.person = person
        self.feed_seq = feed_seq


class People:
    """Implements the port `PersonTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner
        self._known: Known[str, _Kept] = Known(runner, "persons")
        self._seen: Known[str, Person] = Known(runner, "persons")
        self._active: dict[str, str] = {}

    def begin(self) -> None:
        """Forget where a function that was taken back saw people."""
        self._active = {}

    def add(self, person: Person) -> None:
        """Keep a new person."""
        self._db.run(_ADD, {name: getattr(person, name) for name in _FIELDS})

    def get(self, person_id: str) -> Person | None:
        """Return a person; of one who is known, with the feed's number from when they were read."""
        if not person_id:  # the sweeper's own
            return None
        kept = self._known.get(person_id)
        if kept is not None and kept.person is not None:
            return kept.person
        seen = self._seen.get(person_id)
        if seen is not None:
            return seen
        person = _person(self._db.row(_GET, {"id": person_id}, person_id, _FEED, _CHANNEL))
        if person is not None:
            self._known.put_read(person_id, _Kept(person, person.feed_seq))
        return person

    def lock(self, person_id: str) -> Person | None:
        """Return a person, holding the row until the commit."""
        kept = self._known.get(person_id)
        if kept is not None and kept.person is not None:
            return kept.person
        person = _person(self._db.row(_LOCK, {"id": person_id}, person_id, _FEED, _CHANNEL))
        if person is not None:
            self._known.put(person_id, _Kept(person, person.feed_seq))
        return person

    def expect(self, ids: Sequence[str]) -> None:
        """Read several at once, without holding them: `get` finds them as they are now."""
        for portion in portions(id_ for id_ in ids if id_ not in self._known):
            for row in self._db.all(_AMONG, portion):
                person = _person(row)
                if person is not None:
                    self._seen.put(person.id, person)

    def hold(self, ids: Sequence[str]) -> None:
        """Lock several at once, in the order of their ids."""
        for portion in portions(id_ for id_ in ids if id_ not in self._known):
            for row in self._db.all(_HOLD, portion):
                person = _person(row)
                if person is not None:
                    self._known.put(person.id, _Kept(person, person.feed_seq))

    def save(self, person: Person) -> None:
        """Write back how a person can be reached, and nothing else."""
        self._db.run(_SAVE, {name: getattr(person, name) for name in _FIELDS})

    def note_channel(self, person_id: str, channel: str) -> None:
        """Note where a person, or whom they were merged into, was last active, if that is new.

        It is written when the transaction ends.
        """
        self._active[person_id] = channel

    def take_active(self) -> dict[str, str]:
        """Return where people were seen, for `set_channel`."""
        active, self._active = self._active, {}
        return active

    def set_channel(self, person_id: str, channel: str) -> None:
        """Write where a person, or whom they were merged into, was last active, if that is new."""
        if self._db.is_exclusive:
            self.get(person_id)
        kept = self._known.get(person_id)
        if kept is None or kept.person is None or kept.person.merged_into is not None:
            self._db.run(_NOTE_CHANNEL, {"id": person_id, "channel": channel})
        elif kept.person.last_channel != channel:
            self._db.later(_CHANNEL, person_id, {"id": person_id, "last_channel": channel})
            kept.person = changed(kept.person, last_channel=channel)

    def merge(self, person_id: str, into: str) -> None:
        """Make one person an alias of another, and all who were its aliases too."""
        self._db.write()  # whose rows wait is told by their canonical ids
        self._db.run(_MERGE, {"id": person_id, "into": into})

    def next_feed_number(self, person_id: str) -> int:
        """Take the next number of a person's feed."""
        kept = self._known.get(person_id)
        if kept is not None:
            kept.feed_seq += 1
            self._db.later(_FEED, person_id, {"id": person_id, "feed_seq": kept.feed_seq})
            return kept.feed_seq
        row = self._db.one(_NEXT, {"id": person_id, "step": 1}, keeps=True)
        if row is None:
            raise Conflict("There is no such person.")
        number = int(row[0])
        self._known.put(person_id, _Kept(None, number))
        return number

    def find(self, name: str) -> Person | None:
        """Return the canonical person with this verified user name or address."""
        key = name.strip().casefold()
        if "@" in key:
            row = self._db.one(_BY_ADDRESS, {"kind": "email", "key": key})
        else:
            row = self._db.one(_BY_USERNAME, {"key": key})
        return self.get(row[0]) if row else None

    def by_identity(self, kind: str, key: str) -> Person | None:
        """Return the canonical person of whom this identity is proven."""
        row = self._db.one(_BY_IDENTITY, {"kind": kind, "key": key})
        return self.get(row[0]) if row else None

    def rename(self, person_id: str, name: str) -> None:
        """Call a person by another name."""
        self._db.run(_RENAME, {"id": person_id, "name": name})

    def add_identity(self, kind: str, key: str, person_id: str, at: Micros) -> bool:
        """Keep a proven identity; False when another person has it already."""
        values = {"kind": kind, "key": key, "person_id": person_id, "verified_at": at}
        return self._db.run(_ADD_IDENTITY, values) > 0

    def identities(self, person_id: str) -> Sequence[Identity]:
        """Return what is proven of a person and of all their aliases, oldest first."""
        rows = self._db.all(_IDENTITIES, {"id": person_id})
        return [Identity(kind=kind, key=key) for kind, key in rows]

    def identities_of_kind(self, person_id: str, kind: str) -> Sequence[str]:
        """Return a person's proven addresses on one channel, their aliases' too, oldest first."""
        return [each.key for each in self.identities(person_id) if each.kind == kind]

    def allow_contact(self, session_id: str, person_id: str, at: Micros) -> None:
        """Let a session write to a person."""
        values = {"session_id": session_id, "person_id": person_id, "allowed_at": at}
        if (session_id, person_id) in self._db.waiting(_ALLOW):
            return
        self._db.later(_ALLOW, (session_id, person_id), values)

    def is_contact(self, session_id: str, person_id: str) -> bool:
        """Tell whether a session may write to a person."""
        values = {"session_id": session_id, "person_id": person_id}
        waiting = self._db.waiting(_ALLOW)
        if (session_id, person_id) in waiting:
            return True
        if any(row["session_id"] == session_id for row in waiting.values()):
            return bool(self._db.all(_IS_CONTACT, values))  # by another name of theirs, perhaps
        return bool(self._db.stored(_IS_CONTACT, values))

    def contacts_of(self, owner_id: str, start: str, limit: int) -> Sequence[Person]:
        """Return whom the sessions of `owner_id` may write to, latest first."""
        rows = self._db.all(_CONTACTS_OF, {"owner_id": owner_id, "limit": _REMEMBERED})
        # Not in SQL: SQLite folds the case of ASCII alone.
        key = start.casefold()
        people = (_person(row) for row in rows)
        found = (person for person in people if person and _begins(person.name, key))
        return list(islice(found, limit))

    def registered(self, start: str, limit: int) -> Sequence[tuple[str, Person]]:
        """Return people with their verified user names that begin with `start`, case-folded."""
        rows = self._db.all(_REGISTERED, {"start": start.casefold(), "limit": limit})
        return [(row[0], Person(**dict(zip(_FIELDS, row[1:], strict=True)))) for row in rows]


def _person(row: tuple[Any, ...] | None) -> Person | None:
    return None if row is None else Person(**dict(zip(_FIELDS, row, strict=True)))


def _begins(name: str, key: str) -> bool:
    folded = name.casefold()
    return folded.startswith(key) or f" {key}" in folded
