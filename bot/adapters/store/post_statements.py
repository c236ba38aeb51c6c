"""The statements on what is said outside, and on where streamed text stands until then."""

from __future__ import annotations

from sqlalchemy import (
    CTE,
    ColumnElement,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    text,
    update,
)

from bot.adapters.store.schema import persons, posts, previews, sessions
from bot.adapters.store.statements import Statement, columns, insert_into, names, upsert
from bot.domain.post import Post

FIELDS = names(Post)
ADD = insert_into(posts, without=("sent_at",))
GET = Statement(lambda: columns(posts, FIELDS).where(posts.c.id == bindparam("id")))


def _is_next() -> ColumnElement[bool]:
    """Tell that nothing older is still to be said at the same place; the dead are not waited for.

    Only what waits has a time at which it is due.
    """
    older = posts.alias("older")
    return ~exists(
        select(older.c.id).where(
            older.c.place == posts.c.place, older.c.id < posts.c.id, older.c.due_at.is_not(None)
        )
    )


def _due() -> CTE:
    """Select what can be claimed.

    Materialised: PostgreSQL may run a plain subquery again for each row, and so claim too many.
    """
    return (
        select(posts.c.id)
        .where(
            posts.c.due_at <= bindparam("now"),
            or_(posts.c.claim_until.is_(None), posts.c.claim_until <= bindparam("now")),
            _is_next(),
        )
        .order_by(posts.c.due_at, posts.c.id)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True, key_share=True)
        .cte("due")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )


CLAIM = Statement(
    lambda: (
        update(posts)
        .where(posts.c.id.in_(select(_due().c.id)))
        .values(
            claim_owner=bindparam("owner"),
            claim_until=bindparam("until"),
            claim_number=posts.c.claim_number + bindparam("step"),
            attempts=posts.c.attempts + bindparam("step"),
        )
        .returning(*(posts.c[name] for name in FIELDS))
    )
)
# The later of the two; the dialects name that function differently.
NEXT_DUE = Statement(
    lambda: select(
        func.min(
            case(
                (posts.c.claim_until > posts.c.due_at, posts.c.claim_until),
                else_=posts.c.due_at,
            )
        )
    ).where(posts.c.due_at.is_not(None), _is_next())
)
NEXT_AT = Statement(
    lambda: (
        select(posts.c.due_at)
        .where(posts.c.place == bindparam("at_place"), posts.c.due_at.is_not(None))
        .order_by(posts.c.id)
        .limit(bindparam("limit"))
    )
)
_OWN = and_(posts.c.id == bindparam("id"), posts.c.claim_number == bindparam("number"))
SENT = Statement(
    lambda: (
        update(posts)
        .where(_OWN)
        .values(
            state=bindparam("state"),
            sent_at=bindparam("at"),
            landed=func.coalesce(bindparam("landed"), posts.c.landed),
            # A notice may carry a code: it is kept no longer than it takes to send it.
            body=bindparam("emptied"),
            last_error=null(),
            due_at=null(),
            claim_owner=null(),
            claim_until=null(),
        )
        .returning(posts.c.place)
    )
)
FAILED = Statement(
    lambda: (
        update(posts)
        .where(_OWN)
        .values(
            state=bindparam("state"),
            failures=posts.c.failures + bindparam("failed"),
            last_error=bindparam("error"),
            due_at=bindparam("retry_at"),
            claim_owner=null(),
            claim_until=null(),
        )
        .returning(posts.c.place)
    )
)
# Nothing was tried, so the try is given back.
RELEASE = Statement(
    lambda: (
        update(posts)
        .where(_OWN)
        .values(
            attempts=posts.c.attempts - bindparam("step"),
            due_at=bindparam("retry_at"),
            claim_owner=null(),
            claim_until=null(),
        )
        .returning(posts.c.place)
    )
)
REDRIVE = Statement(
    lambda: (
        update(posts)
        .where(posts.c.id == bindparam("id"), posts.c.state == bindparam("dead"))
        .values(
            state=bindparam("waiting"),
            # That it may be there already is not forgotten.
            attempts=case(
                (posts.c.attempts > posts.c.failures, bindparam("one")), else_=bindparam("zero")
            ),
            failures=bindparam("zero"),
            due_at=bindparam("now"),
        )
    )
)
GIVEN_UP = Statement(
    lambda: (
        columns(posts, FIELDS)
        .select_from(posts.outerjoin(sessions, sessions.c.id == posts.c.session_id))
        .where(
            # A literal, so that the planner can use the partial index.
            text("posts.state = 'dead'"),
            or_(
                bindparam("owner_id") == literal_column("''"),
                sessions.c.owner_id == bindparam("owner_id"),
            ),
        )
        .order_by(posts.c.id.desc())
        .limit(bindparam("limit"))
    )
)
# A literal, so that the planner can use the partial index.
_OPENS = text("posts.kind = 'opening'")
OPENINGS = Statement(
    lambda: (
        columns(posts, FIELDS)
        .where(_OPENS, posts.c.session_id == bindparam("session_id"))
        .order_by(posts.c.id)
    )
)
OPENING_FOR = Statement(
    lambda: (
        columns(posts, FIELDS)
        .where(
            _OPENS,
            posts.c.due_at.is_not(None),
            # Whoever was merged into them since wanted it for them.
            posts.c.person_id.in_(
                select(persons.c.id).where(
                    or_(
                        persons.c.id == bindparam("person_id"),
                        persons.c.merged_into == bindparam("person_id"),
                    )
                )
            ),
        )
        .order_by(posts.c.id)
    )
)
SENT_TO = Statement(
    lambda: (
        select(func.count())
        .select_from(posts)
        .where(posts.c.place == bindparam("at_place"), posts.c.sent_at >= bindparam("since"))
    )
)
_AFRESH = ("place", "landed", "at")
NOTE_PREVIEW = Statement(
    lambda: (
        upsert(previews)
        .values({c.name: bindparam(c.name) for c in previews.c})
        .on_conflict_do_update(
            index_elements=[previews.c.turn_id],
            set_={name: bindparam(name) for name in _AFRESH},
        )
    )
)
PREVIEW_OF = Statement(
    lambda: select(previews.c.landed).where(previews.c.turn_id == bindparam("turn_id"))
)
STALE_PREVIEWS = Statement(
    lambda: (
        columns(previews, ("turn_id", "place", "landed"))
        .where(previews.c.at < bindparam("before"))
        .order_by(previews.c.at)
        .limit(bindparam("limit"))
    )
)
DROP_PREVIEW = Statement(lambda: delete(previews).where(previews.c.turn_id == bindparam("turn_id")))
