"""The statements on surfaces and on the attempts to show them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    update,
)

from bot.adapters.store.schema import attempts, persons, requests, surfaces
from bot.adapters.store.statements import (
    Statement,
    among,
    columns,
    insert_into,
    names,
    update_by_id,
)
from bot.domain.surface import Surface

FIELDS = names(Surface)
ADD = insert_into(surfaces)
ADD_ATTEMPT = insert_into(attempts)
_NEVER_CHANGED = {"id", "request_id", "person_id", "channel", "address", "lane"}
SAVE = update_by_id(surfaces, [name for name in FIELDS if name not in _NEVER_CHANGED])


def _held(condition: ColumnElement[bool]) -> Select[Any]:
    """Select surfaces by id, holding their rows until the commit."""
    return (
        columns(surfaces, FIELDS)
        .where(condition)
        .order_by(surfaces.c.id)
        .with_for_update(key_share=True)
    )


HOLD = Statement(lambda: _held(surfaces.c.id == bindparam("id")))
HOLD_OF = Statement(lambda: _held(surfaces.c.request_id == bindparam("request_id")))
HOLD_AMONG = Statement(lambda: _held(among(surfaces.c.request_id)))
OF_REQUEST = Statement(
    lambda: (
        columns(surfaces, FIELDS)
        .where(surfaces.c.request_id == bindparam("request_id"))
        .order_by(surfaces.c.id)
    )
)


def _dead() -> ColumnElement[bool]:
    return surfaces.c.state == bindparam("dead")


# A literal, so that the planner can use the partial index of what was given up.
_IS_DEAD = surfaces.c.state == literal_column("'dead'")
_IS_SHOWN = surfaces.c.shown_version > 0
# A try of which nobody knows what it left behind, or one that is being made.
_IS_UNCERTAIN = surfaces.c.attempts > surfaces.c.failures


def _due() -> CTE:
    """Select what can be claimed.

    Materialised: PostgreSQL may run a plain subquery again for each row, and so claim too many.
    """
    return (
        select(surfaces.c.id)
        .where(
            surfaces.c.due_at <= bindparam("now"),
            or_(surfaces.c.claim_until.is_(None), surfaces.c.claim_until <= bindparam("now")),
        )
        .order_by(surfaces.c.priority, surfaces.c.due_at)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True, key_share=True)
        .cte("due")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )


POSTPONE = Statement(
    lambda: (
        update(surfaces)
        .where(
            surfaces.c.request_id == bindparam("request_id"),
            surfaces.c.person_id == bindparam("person_id"),
            surfaces.c.due_at < bindparam("until"),
        )
        .values(due_at=bindparam("until"))
    )
)
CLAIM = Statement(
    lambda: (
        update(surfaces)
        .where(surfaces.c.id.in_(select(_due().c.id)))
        .values(
            claim_owner=bindparam("owner"),
            claim_until=bindparam("until"),
            claim_number=surfaces.c.claim_number + bindparam("step"),
            attempts=surfaces.c.attempts + bindparam("step"),
        )
        .returning(*(surfaces.c[name] for name in FIELDS))
    )
)
# The later of the two; the dialects name that function differently.
NEXT_DUE = Statement(
    lambda: select(
        func.min(
            case(
                (surfaces.c.claim_until > surfaces.c.due_at, surfaces.c.claim_until),
                else_=surfaces.c.due_at,
            )
        )
    ).where(surfaces.c.due_at.is_not(None))
)
PLAN = Statement(
    lambda: (
        update(surfaces)
        .where(
            surfaces.c.id == bindparam("id"),
            surfaces.c.attempts == bindparam("none"),
            surfaces.c.claim_until.is_(None),
        )
        .values(
            due_at=bindparam("due_at"),
            position=func.coalesce(bindparam("position"), surfaces.c.position),
        )
    )
)
REDRIVE = Statement(
    lambda: (
        update(surfaces)
        .where(surfaces.c.id == bindparam("id"), _dead())
        .values(
            state=case((_IS_SHOWN, bindparam("sent")), else_=bindparam("planned")),
            # That it may be there already is not forgotten.
            attempts=case((_IS_UNCERTAIN, bindparam("one")), else_=bindparam("zero")),
            failures=bindparam("zero"),
            due_at=bindparam("now"),
        )
    )
)
GET = Statement(lambda: columns(surfaces, FIELDS).where(surfaces.c.id == bindparam("id")))
GIVEN_UP = Statement(
    lambda: (
        columns(surfaces, FIELDS)
        .select_from(surfaces.join(requests, requests.c.id == surfaces.c.request_id))
        .where(
            _IS_DEAD,
            or_(
                bindparam("asker_id") == literal_column("''"),
                requests.c.asker_id.in_(
                    select(persons.c.id).where(
                        or_(
                            persons.c.id == bindparam("asker_id"),
                            persons.c.merged_into == bindparam("asker_id"),
                        )
                    )
                ),
            ),
        )
        .order_by(surfaces.c.id.desc())
        .limit(bindparam("limit"))
    )
)
COUNT_WAITING = Statement(
    lambda: (
        select(surfaces.c.channel, func.count())
        .where(surfaces.c.due_at.is_not(None))
        .group_by(surfaces.c.channel)
    )
)
COUNT_DEAD = Statement(
    lambda: select(surfaces.c.channel, func.count()).where(_IS_DEAD).group_by(surfaces.c.channel)
)
SEEN = Statement(
    lambda: (
        update(surfaces)
        .where(
            surfaces.c.request_id == bindparam("request_id"),
            surfaces.c.person_id == bindparam("person_id"),
            surfaces.c.channel == bindparam("channel"),
            surfaces.c.seen_version < bindparam("version"),
            surfaces.c.wanted_version >= bindparam("version"),
        )
        .values(
            seen_version=bindparam("version"),
            shown_version=case(
                (bindparam("version") > surfaces.c.shown_version, bindparam("version")),
                else_=surfaces.c.shown_version,
            ),
            state=bindparam("state"),
            sent_at=func.coalesce(surfaces.c.sent_at, bindparam("at")),
        )
    )
)
