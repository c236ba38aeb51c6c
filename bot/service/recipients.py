"""Who gets a question: names to people, whether they may be written to, and who stands in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from bot.domain.contacts import is_address, named_by_owner
from bot.domain.errors import Invalid
from bot.domain.feedback import Kind, Part, Route
from bot.domain.instants import Micros
from bot.domain.person import Person
from bot.service.directory import EMAIL, people_called, person_at
from bot.service.ports.store import Transaction

STAND_INS = 3
"""How many stand-ins may be away themselves before nobody is asked in somebody's place."""


class NotNamed(Invalid):
    """The owner has not named somebody whom a plan would ask."""

    code = "not_named"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asker:
    """On whose behalf a question is asked: the session's owner, and their own words."""

    person_id: str
    words: Sequence[str]
    turn_id: str
    spoke: bool = True
    """Whether any of these words is what is reacted to, and not somebody else's or a fact."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Addressee:
    """A person, and how they come to be asked or told."""

    person: Person
    part: Part
    route: Route
    by_id: str | None = None


def resolve(
    tx: Transaction,
    session_id: str,
    names: Iterable[str],
    asker: Asker,
    now: Micros,
    *,
    by_mail: bool = False,
) -> list[Person]:
    """Return the people called `names`, each once; a plan proposes, only this decides.

    `by_mail` says whether somebody who is known by nothing but an address can be written to.
    Raises `Invalid` with a question to the owner for who is unknown, is one of several of that
    name, or was not named by them.
    """
    found: dict[str, Person] = {}
    for name in names:
        person, allowed = _allowed(tx, session_id, name, asker, now, by_mail=by_mail)
        if not allowed:
            raise NotNamed(
                f"You have not named {person.name} in this session. Write their user name in a "
                "message, and I will ask them."
            )
        found[person.id] = person
    return list(found.values())


def strangers(
    tx: Transaction,
    session_id: str,
    names: Iterable[str],
    asker: Asker,
    now: Micros,
    *,
    by_mail: bool = False,
) -> dict[str, Person]:
    """Return those called `names`, by name, to whom this session may not write so far.

    Raises `Invalid` as `resolve` does.
    """
    found: dict[str, Person] = {}
    for name in names:
        person, allowed = _allowed(tx, session_id, name, asker, now, by_mail=by_mail)
        if not allowed and all(person.id != known.id for known in found.values()):
            found[name] = person
    return found


def _allowed(
    tx: Transaction, session_id: str, name: str, asker: Asker, now: Micros, *, by_mail: bool
) -> tuple[Person, bool]:
    """Return who is meant by a name, and whether this session may write to them.

    Whom the owner has named is a contact from then on.
    """
    bare = name.strip().lstrip("@")
    named = named_by_owner(asker.words, bare)
    person = _meant(tx, session_id, bare, now, by_mail=by_mail and named)
    if person.id == asker.person_id or tx.people.is_contact(session_id, person.id):
        return person, True
    if named:
        tx.people.allow_contact(session_id, person.id, now)
    return person, named


def _meant(tx: Transaction, session_id: str, name: str, now: Micros, *, by_mail: bool) -> Person:
    """Return the one person who is meant by a name; of several, one whom the session knows."""
    people = people_called(tx, name, now)
    if len(people) > 1:
        known = [person for person in people if tx.people.is_contact(session_id, person.id)]
        people = known if len(known) == 1 else people
    if len(people) == 1:
        return people[0]
    if people:
        raise Invalid(
            f"I know {len(people)} people called “{name}”: "
            + "; ".join(_told_apart(tx, person) for person in people)
            + ". Which of them should I ask? Name them by address or user name.",
            code="ambiguous_person",
        )
    if by_mail and is_address(name):
        return person_at(tx, name, "", now)
    where = "an account here with a verified address"
    if by_mail:
        where += ", or a mail address that I can write to"
    raise Invalid(
        f"I do not know anybody called “{name}”. Whom should I ask? They need {where}; give me "
        "their user name or that address.",
        code="unknown_person",
    )


def _told_apart(tx: Transaction, person: Person) -> str:
    """Return a person's name with an address that no other has."""
    identities = tx.people.identities(person.id)
    address = next((i.key for i in identities if i.kind == EMAIL), None)
    return f"{person.name} ({address})" if address else person.name


def refuse_self_approval(kind: Kind, people: Iterable[Person], asker_id: str) -> None:
    """Raise `Invalid` when an approval would go to the person whose request it is."""
    if kind is Kind.APPROVAL and any(person.id == asker_id for person in people):
        raise Invalid(
            "You cannot approve your own request. Name somebody else to ask.",
            code="self_approval",
        )


def is_away(person: Person, now: Micros) -> bool:
    """Tell whether a person is away now."""
    return person.away_until is not None and (person.away_from or 0) <= now < person.away_until


def with_stand_ins(
    tx: Transaction,
    people: Sequence[Person],
    barred: str | None,
    now: Micros,
    already: Collection[str] = (),
) -> list[Addressee]:
    """Return the deciders: who is away is told, and their delegate is asked in their place.

    `barred` may not stand in for anybody, nor those who are asked `already`. Who is away and has
    no delegate stays asked.
    """
    chosen: dict[str, Addressee] = {}
    asked = {*already, *(person.id for person in people)}
    for person in people:
        stand_in = _stand_in(tx, person, asked, barred, now)
        part = Part.DECIDER if stand_in is None else Part.NOTIFIED
        chosen[person.id] = Addressee(person=person, part=part, route=Route.ASKED)
        if stand_in is not None and stand_in.id not in asked:
            chosen[stand_in.id] = Addressee(
                person=stand_in, part=Part.DECIDER, route=Route.AWAY, by_id=person.id
            )
    return list(chosen.values())


def _stand_in(
    tx: Transaction, person: Person, asked: set[str], barred: str | None, now: Micros
) -> Person | None:
    """Follow the delegates of who is away to somebody who is there."""
    seen = {person.id}
    current = person
    for _ in range(STAND_INS):
        if not is_away(current, now):
            break
        if current.delegate_id is None:
            return None
        found = tx.people.get(current.delegate_id)
        if found is not None and found.merged_into is not None:
            found = tx.people.get(found.merged_into)
        if found is None or found.id in seen or found.id == barred:
            return None
        seen.add(found.id)
        current = found
    if current.id == person.id or is_away(current, now):
        return None
    return current if current.id not in asked else None
