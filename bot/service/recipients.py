"""Who gets a question: names to people, whether they may be written to, and who stands in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from bot.domain.contacts import named_by_owner
from bot.domain.errors import Invalid
from bot.domain.feedback import Kind, Part, Route
from bot.domain.instants import Micros
from bot.domain.person import Person
from bot.service.ports.store import Transaction

STAND_INS = 3
"""How many stand-ins may be away themselves before nobody is asked in somebody's place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asker:
    """On whose behalf a question is asked: the session's owner, and their own words."""

    person_id: str
    words: Sequence[str]
    turn_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Addressee:
    """A person, and how they come to be asked or told."""

    person: Person
    part: Part
    route: Route
    by_id: str | None = None


def resolve(
    tx: Transaction, session_id: str, names: Iterable[str], asker: Asker, now: Micros
) -> list[Person]:
    """Return the people called `names`, each once; a plan proposes, only this decides.

    Raises `Invalid` with a question to the owner for who is unknown, or was not named by them.
    """
    found: dict[str, Person] = {}
    for name in names:
        bare = name.strip().lstrip("@")
        person = tx.people.find(bare)
        if person is None:
            raise Invalid(
                f"I do not know anybody called “{bare}”. Whom should I ask? They need an account "
                "here with a verified address; give me their user name or that address.",
                code="unknown_person",
            )
        if not tx.people.is_contact(session_id, person.id):
            if not named_by_owner(asker.words, bare):
                raise Invalid(
                    f"May I ask {person.name}? You have not named them in this session: write "
                    "their user name in a message, and I will.",
                    code="not_named",
                )
            tx.people.allow_contact(session_id, person.id, now)
        found[person.id] = person
    return list(found.values())


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
