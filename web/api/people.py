"""People over REST: whom the caller may name, while they write a name."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from bot.domain.errors import RateLimited
from bot.domain.instants import Micros
from bot.domain.rates import Limit as Rate
from bot.service.ports.store import Transaction
from web.api.endpoint import Call, endpoint
from web.api.payload import Input
from web.keys import CLOCK, STORE

TAG = "people"
SHOWN = 8
SHORTEST = 2
"""Letters that find somebody one has never asked: nobody lists all who are here."""
PER_MINUTE = Rate(scope="people", per_minute=120)
"""A fast typist's names, not a crawl."""


class PeopleQuery(Input):
    """How the name begins; nothing means whom one asked last."""

    q: Annotated[str, Field(max_length=64)] = ""


class Namable(BaseModel):
    """Somebody who can be named: `handle` is what to write for them."""

    id: str
    name: str
    handle: str
    known: bool = Field(description="Whether a session of mine may write to them already.")


class PeopleFound(BaseModel):
    """Who fits, whom one knows first."""

    people: list[Namable]


@endpoint(
    "GET",
    "/api/people",
    summary="Find whom I may name",
    tag=TAG,
    query=PeopleQuery,
    answer=PeopleFound,
    errors=(RateLimited,),
)
async def find_people(call: Call) -> PeopleFound:
    """Return contacts of one's sessions, and from two letters on user names that begin so."""
    found: PeopleFound = await call.app[STORE].run(
        _found, call.principal.person_id, call.query.q, call.app[CLOCK].now()
    )
    return found


def _found(tx: Transaction, person_id: str, text: str, now: Micros) -> PeopleFound:
    _spend(tx, person_id, now)
    start = " ".join(text.removeprefix("@").split())
    people: dict[str, Namable] = {}
    for person in tx.people.contacts_of(person_id, start, SHOWN):
        handle = _handle(tx, person.id)
        if handle is not None:
            people[person.id] = Namable(id=person.id, name=person.name, handle=handle, known=True)
    if len(start) >= SHORTEST:
        for username, person in tx.people.registered(start, SHOWN):
            one = Namable(id=person.id, name=person.name, handle=username, known=False)
            people.setdefault(person.id, one)
    return PeopleFound(people=list(people.values())[:SHOWN])


def _handle(tx: Transaction, person_id: str) -> str | None:
    """Return what surely names a contact: a user name, an address; None for the shut out."""
    accounts = tx.accounts.of_person(person_id)
    for account in accounts:
        if account.verified_at is not None and account.disabled_at is None:
            return account.username
    if accounts:
        return None
    addresses = tx.people.identities_of_kind(person_id, "email")
    return addresses[0] if addresses else None


def _spend(tx: Transaction, person_id: str, now: Micros) -> None:
    wait = PER_MINUTE.wait(tx.rates.advance(f"people:{person_id}", now, PER_MINUTE.interval), now)
    if wait:
        raise RateLimited(
            f"Too many names looked up. Wait {wait} s and try again.",
            retry_after=wait,
            limit=PER_MINUTE.per_minute,
            scope=PER_MINUTE.scope,
        )


ENDPOINTS = (find_people,)
