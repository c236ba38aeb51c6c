"""People, their proven identities and sessions' contacts in the database."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from bot.adapters.store import people_statements as statements
from bot.adapters.store.known import Known
from bot.adapters.store.runner import Runner
from bot.adapters.store.statements import (
    portions,
)
from bot.domain.errors import Conflict
from bot.domain.instants import Micros
from bot.domain.person import Person
from bot.domain.record import changed
from bot.service.ports.tables import Identity


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
        self._called: Known[str, str] = Known(runner, "accounts", "persons.merged_into")
        """Who is meant by a user name."""
        self._active: dict[str, str] = {}

    def begin(self) -> None:
        """Forget where a function that was taken back saw people."""
        self._active = {}

    def add(self, person: Person) -> None:
        """Keep a new person."""
        self._db.run(statements.ADD, {name: getattr(person, name) for name in statements.FIELDS})

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
        person = _person(
            self._db.row(
                statements.GET, {"id": person_id}, person_id, statements.FEED, statements.CHANNEL
            )
        )
        if person is not None:
            self._known.put_read(person_id, _Kept(person, person.feed_seq))
        return person

    def lock(self, person_id: str) -> Person | None:
        """Return a person, holding the row until the commit."""
        kept = self._known.get(person_id)
        if kept is not None and kept.person is not None:
            return kept.person
        person = _person(
            self._db.row(
                statements.LOCK, {"id": person_id}, person_id, statements.FEED, statements.CHANNEL
            )
        )
        if person is not None:
            self._known.put(person_id, _Kept(person, person.feed_seq))
        return person

    def expect(self, ids: Sequence[str]) -> None:
        """Read several at once, without holding them: `get` finds them as they are now."""
        for portion in portions(id_ for id_ in ids if id_ not in self._known):
            for row in self._db.all(statements.AMONG, portion):
                person = _person(row)
                if person is None:
                    continue
                if self._db.is_exclusive:
                    self._known.put(person.id, _Kept(person, person.feed_seq))
                else:
                    self._seen.put(person.id, person)

    def hold(self, ids: Sequence[str]) -> None:
        """Lock several at once, in the order of their ids."""
        for portion in portions(id_ for id_ in ids if id_ not in self._known):
            for row in self._db.all(statements.HOLD, portion):
                person = _person(row)
                if person is not None:
                    self._known.put(person.id, _Kept(person, person.feed_seq))

    def save(self, person: Person) -> None:
        """Write back how a person can be reached, and nothing else."""
        self._db.run(statements.SAVE, {name: getattr(person, name) for name in statements.FIELDS})

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
            self._db.run(statements.NOTE_CHANNEL, {"id": person_id, "channel": channel})
        elif kept.person.last_channel != channel:
            self._db.later(
                statements.CHANNEL, person_id, {"id": person_id, "last_channel": channel}
            )
            kept.person = changed(kept.person, last_channel=channel)

    def merge(self, person_id: str, into: str) -> None:
        """Make one person an alias of another, and all who were its aliases too."""
        self._db.write()  # whose rows wait is told by their canonical ids
        self._db.run(statements.MERGE, {"id": person_id, "into": into})

    def next_feed_number(self, person_id: str) -> int:
        """Take the next number of a person's feed."""
        kept = self._known.get(person_id)
        if kept is not None:
            kept.feed_seq += 1
            self._db.later(statements.FEED, person_id, {"id": person_id, "feed_seq": kept.feed_seq})
            return kept.feed_seq
        row = self._db.one(statements.NEXT, {"id": person_id, "step": 1}, keeps=True)
        if row is None:
            raise Conflict("There is no such person.")
        number = int(row[0])
        self._known.put(person_id, _Kept(None, number))
        return number

    def find(self, name: str) -> Person | None:
        """Return the canonical person with this verified user name or address."""
        key = name.strip().casefold()
        if "@" in key:
            row = self._db.one(statements.BY_ADDRESS, {"kind": "email", "key": key})
            return self.get(row[0]) if row else None
        person_id = self._called.get(key)
        if person_id is None:
            row = self._db.one(statements.BY_USERNAME, {"key": key})
            if row is None:
                return None
            person_id = str(row[0])
            self._called.put_read(key, person_id)
        return self.get(person_id)

    def by_identity(self, kind: str, key: str) -> Person | None:
        """Return the canonical person of whom this identity is proven."""
        row = self._db.one(statements.BY_IDENTITY, {"kind": kind, "key": key})
        return self.get(row[0]) if row else None

    def rename(self, person_id: str, name: str) -> None:
        """Call a person by another name."""
        self._db.run(statements.RENAME, {"id": person_id, "name": name})

    def add_identity(self, kind: str, key: str, person_id: str, at: Micros) -> bool:
        """Keep a proven identity; False when another person has it already."""
        values = {"kind": kind, "key": key, "person_id": person_id, "verified_at": at}
        return self._db.run(statements.ADD_IDENTITY, values) > 0

    def identities(self, person_id: str) -> Sequence[Identity]:
        """Return what is proven of a person and of all their aliases, oldest first."""
        rows = self._db.all(statements.IDENTITIES, {"id": person_id})
        return [Identity(kind=kind, key=key) for kind, key in rows]

    def identities_of_kind(self, person_id: str, kind: str) -> Sequence[str]:
        """Return a person's proven addresses on one channel, their aliases' too, oldest first."""
        return [each.key for each in self.identities(person_id) if each.kind == kind]

    def allow_contact(self, session_id: str, person_id: str, at: Micros) -> None:
        """Let a session write to a person."""
        values = {"session_id": session_id, "person_id": person_id, "allowed_at": at}
        if (session_id, person_id) in self._db.waiting(statements.ALLOW):
            return
        self._db.later(statements.ALLOW, (session_id, person_id), values)

    def is_contact(self, session_id: str, person_id: str) -> bool:
        """Tell whether a session may write to a person."""
        values = {"session_id": session_id, "person_id": person_id}
        waiting = self._db.waiting(statements.ALLOW)
        if (session_id, person_id) in waiting:
            return True
        if any(row["session_id"] == session_id for row in waiting.values()):
            return bool(
                self._db.all(statements.IS_CONTACT, values)
            )  # by another name of theirs, perhaps
        return bool(self._db.stored(statements.IS_CONTACT, values))

    def contacts_of(self, owner_id: str, start: str, limit: int) -> Sequence[Person]:
        """Return whom the sessions of `owner_id` may write to, latest first."""
        rows = self._db.all(
            statements.CONTACTS_OF, {"owner_id": owner_id, "limit": statements.REMEMBERED}
        )
        # Not in SQL: SQLite folds the case of ASCII alone.
        key = start.casefold()
        people = (_person(row) for row in rows)
        found = (person for person in people if person and _begins(person.name, key))
        return list(islice(found, limit))

    def registered(self, start: str, limit: int) -> Sequence[tuple[str, Person]]:
        """Return people with their verified user names that begin with `start`, case-folded."""
        rows = self._db.all(statements.REGISTERED, {"start": start.casefold(), "limit": limit})
        return [
            (row[0], Person(**dict(zip(statements.FIELDS, row[1:], strict=True)))) for row in rows
        ]


def _person(row: tuple[Any, ...] | None) -> Person | None:
    return None if row is None else Person(**dict(zip(statements.FIELDS, row, strict=True)))


def _begins(name: str, key: str) -> bool:
    folded = name.casefold()
    return folded.startswith(key) or f" {key}" in folded
