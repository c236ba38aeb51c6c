"""The statements on people, their identities and whom sessions may write to."""

from __future__ import annotations

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

from bot.adapters.store.schema import accounts, contacts, identities, persons, sessions
from bot.adapters.store.statements import (
    Statement,
    among,
    columns,
    insert_into,
    locked,
    names,
    update_by_id,
    upsert,
    where,
)
from bot.domain.person import Person

FIELDS = names(Person)
ADD = insert_into(persons)
_BY_ID = persons.c.id == bindparam("id")
GET = where(persons, FIELDS, _BY_ID)
LOCK = locked(persons, FIELDS, _BY_ID)
HOLD = Statement(
    lambda: (
        columns(persons, FIELDS)
        .where(among(persons.c.id))
        .order_by(persons.c.id)
        .with_for_update(key_share=True)
    )
)
AMONG = Statement(lambda: columns(persons, FIELDS).where(among(persons.c.id)))
SAVE = update_by_id(
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
MERGE = Statement(
    lambda: (
        update(persons)
        .where(or_(_BY_ID, persons.c.merged_into == bindparam("id")))
        .values(merged_into=bindparam("into"))
    ),
    changed=["merged_into"],
)
_SELF = persons.alias("self")
NOTE_CHANNEL = Statement(
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
NEXT = Statement(
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


BY_USERNAME = _by(accounts.c.username_key == bindparam("key"))
BY_IDENTITY = Statement(
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
BY_ADDRESS = Statement(
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
ADD_IDENTITY = Statement(
    lambda: (
        upsert(identities)
        .values({c.name: bindparam(c.name) for c in identities.c})
        .on_conflict_do_nothing()
    )
)
RENAME = update_by_id(persons, ["name"])
IDENTITIES = Statement(
    lambda: (
        select(identities.c.kind, identities.c.key)
        .select_from(identities.join(persons, persons.c.id == identities.c.person_id))
        .where(or_(_BY_ID, persons.c.merged_into == bindparam("id")))
        .order_by(identities.c.verified_at, identities.c.kind, identities.c.key)
    )
)
FEED = update_by_id(persons, ["feed_seq"])
CHANNEL = update_by_id(persons, ["last_channel"])
ALLOW = Statement(
    lambda: (
        upsert(contacts)
        .values({c.name: bindparam(c.name) for c in contacts.c})
        .on_conflict_do_nothing()
    )
)
IS_CONTACT = Statement(
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
REMEMBERED = 500
"""Contacts of one owner that names are looked for among, the latest."""
CONTACTS_OF = Statement(
    lambda: (
        select(*(_CANONICAL.c[name] for name in FIELDS))
        .select_from(
            contacts.join(sessions, sessions.c.id == contacts.c.session_id)
            .join(persons, persons.c.id == contacts.c.person_id)
            .join(_CANONICAL, _CANONICAL.c.id == func.coalesce(persons.c.merged_into, persons.c.id))
        )
        .where(
            sessions.c.owner_id == bindparam("owner_id"),
            _CANONICAL.c.id != bindparam("owner_id"),
        )
        .group_by(*(_CANONICAL.c[name] for name in FIELDS))
        .order_by(func.max(contacts.c.allowed_at).desc(), _CANONICAL.c.id)
        .limit(bindparam("limit"))
    )
)
REGISTERED = Statement(
    lambda: (
        select(accounts.c.username, *(_CANONICAL.c[name] for name in FIELDS))
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
