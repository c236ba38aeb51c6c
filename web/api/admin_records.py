"""Administration over REST: who there is, the journal, and the limits in force."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field

from bot.domain.errors import Invalid
from bot.domain.instants import Micros, iso, to_micros
from bot.service.limits import PLACES
from bot.service.ports.administration import Sought
from bot.service.ports.store import Transaction
from bot.settings import Settings
from web.api import models
from web.api.admin_deliveries import TAG, PageQuery
from web.api.admin_people import ShownAccount, shown_account
from web.api.endpoint import Call, endpoint
from web.api.payload import Input
from web.api.sessions import Limit
from web.auth import attempts
from web.keys import SETTINGS, STORE
from web.views.people import People


class PeopleQuery(PageQuery):
    """Which page, of whom: `q` is a part of a name, a user name or an address."""

    q: Annotated[str, Field(max_length=200)] = ""


class ShownIdentity(BaseModel):
    """A proven address of a person on a channel."""

    channel: str
    address: str


class ShownPerson(BaseModel):
    """A person as administrators see them."""

    id: str
    name: str
    zone: str
    identities: list[ShownIdentity]
    accounts: list[ShownAccount]
    last_channel: str | None
    created_at: models.Instant


class ShownPeople(BaseModel):
    """A page of people, newest first; `next` is null on the last page."""

    people: list[ShownPerson]
    next: str | None


class EntriesQuery(Input):
    """Which page, of what; `before` is the `next` of an earlier one."""

    before: Annotated[int, Field(ge=1, le=2**53)] | None = None
    limit: Limit = 50
    kind: Annotated[str, Field(max_length=64, description="How it begins.")] | None = None
    question: Annotated[str, Field(max_length=64)] | None = None
    session: Annotated[str, Field(max_length=64)] | None = None
    person: Annotated[str, Field(max_length=64)] | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    """The first moment that is too late."""

    @property
    def sought(self) -> Sought:
        """Return what is looked for."""
        return Sought(
            kind=self.kind or None,
            request_id=self.question,
            session_id=self.session,
            person_id=self.person,
            since=_micros("since", self.since),
            until=_micros("until", self.until),
        )


class ShownEntry(BaseModel):
    """One transition, whatever it belongs to."""

    position: int
    kind: str
    at: models.Instant
    session_id: str | None
    question_id: str | None
    person: models.Named | None
    channel: str | None
    data: dict[str, Any]


class ShownEntries(BaseModel):
    """A page of the journal, newest first; `next` is null on the last page.

    A search looks through a long journal in portions: a page may be empty and not be the last.
    """

    entries: list[ShownEntry]
    next: int | None


class LimitInForce(BaseModel):
    """A limit: `number` within `window`; 0 is no limit."""

    name: str
    number: int
    window: str


class LimitsInForce(BaseModel):
    """What is counted, and how much of it is allowed."""

    limits: list[LimitInForce]


@endpoint(
    "GET",
    "/api/admin/people",
    summary="List people",
    tag=TAG,
    query=PeopleQuery,
    answer=ShownPeople,
    admin_only=True,
)
async def list_admin_people(call: Call) -> ShownPeople:
    """Return a page of everybody the deployment knows, merged people once."""
    query: PeopleQuery = call.query
    text = " ".join(query.q.split())
    page: ShownPeople = await call.app[STORE].read(_people, query.before, query.limit, text)
    return page


@endpoint(
    "GET",
    "/api/admin/journal",
    summary="Read the journal",
    tag=TAG,
    query=EntriesQuery,
    answer=ShownEntries,
    admin_only=True,
    errors=(Invalid,),
)
async def list_admin_journal(call: Call) -> ShownEntries:
    """Return a page of everything that happened, or of what is asked for."""
    query: EntriesQuery = call.query
    page: ShownEntries = await call.app[STORE].read(
        _entries, query.before, query.limit, query.sought
    )
    return page


@endpoint(
    "GET",
    "/api/admin/limits",
    summary="The limits in force",
    tag=TAG,
    answer=LimitsInForce,
    admin_only=True,
)
async def list_admin_limits(call: Call) -> LimitsInForce:
    """Return what is limited, and how."""
    return LimitsInForce(limits=_limits(call.app[SETTINGS]))


def _people(tx: Transaction, before: str | None, limit: int, text: str) -> ShownPeople:
    found = tx.administration.people(before, limit + 1, text)
    shown = [
        ShownPerson(
            id=person.id,
            name=person.name,
            zone=person.zone,
            identities=[
                ShownIdentity(channel=each.kind, address=each.key)
                for each in tx.people.identities(person.id)
            ],
            accounts=[shown_account(tx, each) for each in tx.accounts.of_person(person.id)],
            last_channel=person.last_channel,
            created_at=iso(person.created_at),
        )
        for person in found[:limit]
    ]
    return ShownPeople(people=shown, next=shown[-1].id if len(found) > limit else None)


def _entries(tx: Transaction, before: int | None, limit: int, sought: Sought) -> ShownEntries:
    found, people = tx.administration.entries(before, limit, sought), People(tx)
    shown = [
        ShownEntry(
            position=record.position,
            kind=record.entry.kind,
            at=iso(record.entry.at),
            session_id=record.entry.session_id,
            question_id=record.entry.request_id,
            person=None if record.entry.person_id is None else people.named(record.entry.person_id),
            channel=record.entry.channel,
            data=dict(record.entry.data),
        )
        for record in found.records
    ]
    return ShownEntries(entries=shown, next=found.next)


def _micros(name: str, moment: datetime | None) -> Micros | None:
    try:
        return None if moment is None else to_micros(moment)
    except (OverflowError, ValueError):
        raise Invalid(f"{name}: There is no such moment.") from None


def _limits(settings: Settings) -> list[LimitInForce]:
    found = [
        ("acts of one person", settings.rate_limit_per_user, "minute"),
        ("decisions of one person", settings.rate_limit_per_user, "minute"),
        ("messages in one session", settings.rate_limit_per_session, "minute"),
        ("messages of one person over a channel", settings.rate_limit_per_person_channel, "minute"),
        ("places opened by one person", PLACES, "minute"),
        ("questions of one session", settings.asks_per_session_day, "day"),
        ("questions to one person", settings.asks_per_recipient_day, "day"),
        ("sessions of one person", settings.max_concurrent_sessions, "at once"),
        ("mails in one thread", settings.mail_per_thread_hour, "hour"),
        ("letters to one address", attempts.PER_LETTER.per_hour, "hour"),
        ("sign-in tries from one address", attempts.PER_ADDRESS.per_minute, "minute"),
        ("sign-in tries for one name", attempts.PER_NAME.per_minute, "minute"),
    ]
    found += [
        (f"tries from one address: {door}", limit.per_minute, "minute")
        for door, limit in attempts.DOORS.items()
    ]
    return [LimitInForce(name=name, number=number, window=window) for name, number, window in found]


ENDPOINTS = (list_admin_people, list_admin_journal, list_admin_limits)
