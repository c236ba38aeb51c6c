"""Who is who: a channel's users become people, and names become the people who are meant."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.domain.person import Person
from bot.service.identifiers import new_id
from bot.service.joining import merge_soon
from bot.service.ports.directory import Listed
from bot.service.ports.store import Transaction

EMAIL = "email"
ALIKE = 6
"""People of one name that are told apart in one sentence."""


def person_listed(tx: Transaction, listed: Listed, now: Micros) -> Person:
    """Return the person an entry stands for, who is made when nobody is known by it.

    A confirmed address of theirs links them to whoever has proven the same one: they are one human,
    and merged soon. Two who both have accounts are left for an administrator to judge.
    """
    known = tx.people.by_identity(listed.kind, listed.key)
    email = listed.email.casefold() if listed.email else None
    owner = tx.people.by_identity(EMAIL, email) if email else None
    if known is None:
        known = owner or _new_person(tx, listed, now)
        tx.people.add_identity(listed.kind, listed.key, known.id, now)
        _journal(tx, "identity.linked", known, listed, now)
    elif owner is not None and owner.id != known.id and not _both_sign_in(tx, known, owner):
        merge_soon(tx, known.id, owner.id, f"{listed.kind} has confirmed {email}", now)
    if email and owner is None:
        tx.people.add_identity(EMAIL, email, known.id, now)
    return known


def person_at(tx: Transaction, email: str, name: str, now: Micros) -> Person:
    """Return the person with this mail address, who is made when nobody is known by it.

    Whoever acts by mail proves the address each time, and an account that verifies it is theirs.
    """
    key = email.casefold()
    return person_listed(
        tx, Listed(kind=EMAIL, key=key, name=name or key.partition("@")[0], updated_at=now), now
    )


def people_called(tx: Transaction, name: str, now: Micros) -> Sequence[Person]:
    """Return the people who may be meant by a name; one of them is certain, several are asked for.

    A user name or a proven address names one; else a handle, a whole name or a first name on any
    channel.
    """
    found = tx.people.find(name)
    if found is not None:
        return [found]
    people: dict[str, Person] = {}
    for listed in tx.directory.search(name, ALIKE):
        person = person_listed(tx, listed, now)
        people.setdefault(person.id, person)
    return [person for person in people.values() if not tx.accounts.is_shut_out(person.id)]


def _both_sign_in(tx: Transaction, one: Person, other: Person) -> bool:
    return all(tx.accounts.of_person(person.id) for person in (one, other))


def _new_person(tx: Transaction, listed: Listed, now: Micros) -> Person:
    person = Person(
        id=new_id(),
        name=listed.name,
        zone=listed.zone or "UTC",
        feed_seq=0,
        merged_into=None,
        created_at=now,
    )
    tx.people.add(person)
    return person


def _journal(tx: Transaction, kind: str, person: Person, listed: Listed, now: Micros) -> None:
    tx.journal.add(
        Entry(kind=kind, at=now, person_id=person.id, channel=listed.kind, data={"key": listed.key})
    )
