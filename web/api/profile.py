"""The caller's own profile over REST: when, where and in whose place they can be asked."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from bot.domain.commands import UNCHANGED, ChangeProfile
from bot.domain.errors import Invalid, NotFound, RateLimited
from bot.domain.instants import Micros, iso, to_micros
from bot.service.ports.store import Transaction
from web.api import models
from web.api.endpoint import Call, endpoint
from web.api.payload import Input
from web.api.sessions import actor_of, submit
from web.keys import INTAKE, STORE
from web.views.people import People

TAG = "profile"

Hours = dict[str, tuple[str, str]]
"""Days (`mon` to `sun`) that have working hours, each with its start and its end."""


class NewAbsence(Input):
    """From when until when somebody is away: RFC 3339 with an offset."""

    from_: str = Field(alias="from", max_length=40)
    until: str = Field(max_length=40)


class ProfileChange(Input):
    """What to change; what is null is cleared, what is left out stays."""

    zone: str | None = None
    working_hours: dict[str, Any] | None = Field(
        default=None, examples=[{"mon": ["09:00", "17:00"]}]
    )
    away: NewAbsence | None = None
    delegate: str | None = Field(default=None, description="A user name or an address.")
    preferred_channel: str | None = None


class Absence(BaseModel):
    """From when until when somebody is away."""

    model_config = ConfigDict(serialize_by_alias=True)

    from_: models.Instant = Field(serialization_alias="from")
    until: models.Instant


class Identity(BaseModel):
    """A proven address of the caller's on one channel; `name` is what they are called there."""

    channel: str
    key: str
    name: str


class Profile(BaseModel):
    """How the caller can be reached.

    `channels` are those that this deployment has, in the order in which they are tried.
    """

    id: str
    name: str
    zone: str
    working_hours: Hours | None
    away: Absence | None
    delegate: models.Named | None
    preferred_channel: str | None
    last_channel: str | None
    """Where they were last active, which comes right after the preferred one."""
    channels: list[str]
    identities: list[Identity]


@endpoint("GET", "/api/profile", summary="Read my profile", tag=TAG, answer=Profile)
async def read_profile(call: Call) -> Profile:
    """Return how the caller can be reached."""
    return await _read(call)


@endpoint(
    "PATCH",
    "/api/profile",
    summary="Change my profile",
    tag=TAG,
    body=ProfileChange,
    answer=Profile,
    idempotent=True,
    errors=(NotFound, RateLimited),
)
async def change_profile(call: Call) -> Profile:
    """Change what is given; when some of it is wrong, nothing is changed."""
    body: ProfileChange = call.body
    given = body.model_fields_set
    if "zone" in given and body.zone is None:
        wrong = "The time zone cannot be cleared. Name another one, such as UTC."
        raise Invalid(wrong, details={"fields": {"zone": wrong}})
    await submit(
        call,
        ChangeProfile(
            external_key=call.external_key,
            actor=actor_of(call),
            zone=body.zone,
            working_hours=body.working_hours if "working_hours" in given else UNCHANGED,
            away=_absence(body.away) if "away" in given else UNCHANGED,
            delegate=body.delegate if "delegate" in given else UNCHANGED,
            preferred_channel=(
                body.preferred_channel if "preferred_channel" in given else UNCHANGED
            ),
        ),
    )
    return await _read(call)


async def _read(call: Call) -> Profile:
    profile: Profile = await call.app[STORE].read(
        _profile, call.principal.person_id, call.app[INTAKE].channels
    )
    return profile


def _absence(away: NewAbsence | None) -> tuple[Micros, Micros] | None:
    return None if away is None else (_instant("from", away.from_), _instant("until", away.until))


def _instant(name: str, text: str) -> Micros:
    try:
        return to_micros(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        wrong = (
            f"“{text[:40]}” is not a moment with its offset. Write one such as "
            "2026-03-14T09:00:00+01:00."
        )
        field = f"away.{name}"
        raise Invalid(f"{field}: {wrong}", details={"fields": {field: wrong}}) from None


def _profile(tx: Transaction, person_id: str, channels: tuple[str, ...]) -> Profile:
    person = tx.people.get(person_id)
    if person is None:
        raise NotFound("There is no such person.")
    away = None
    if person.away_until is not None:
        away = Absence(from_=iso(person.away_from or 0), until=iso(person.away_until))
    return Profile(
        id=person.canonical_id,
        name=person.name,
        zone=person.zone,
        working_hours=json.loads(person.working_hours) if person.working_hours else None,
        away=away,
        delegate=People(tx).named(person.delegate_id) if person.delegate_id else None,
        preferred_channel=person.preferred_channel,
        last_channel=person.last_channel,
        channels=list(channels),
        identities=_identities(tx, person_id),
    )


def _identities(tx: Transaction, person_id: str) -> list[Identity]:
    shown = []
    for each in tx.people.identities(person_id):
        listed = tx.directory.get(each.kind, each.key)
        name = "" if listed is None else listed.name or listed.handle
        shown.append(Identity(channel=each.kind, key=each.key, name=name))
    return shown


ENDPOINTS = (read_profile, change_profile)
