"""What came in and waits to be dealt with, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, and_, bindparam, case, delete, func, null, or_, select, text, update

from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import inbox
from bot.adapters.store.statements import Statement, columns, names, upsert, where
from bot.domain.instants import Micros
from bot.service.ports.inbox import Received

_FIELDS = names(Received)
_ADD = Statement(
    lambda: (
        upsert(inbox)
        .values({name: bindparam(name) for name in (*_FIELDS, "done")})
        .on_conflict_do_nothing()
    )
)
_GET = where(inbox, _FIELDS, inbox.c.key == bindparam("key"))


def _due() -> CTE:
    """Select what can be claimed.

    Materialised: PostgreSQL may run a plain subquery again for each row, and so claim too many.
    """
    return (
        select(inbox.c.key)
        .where(
            inbox.c.due_at <= bindparam("now"),
            or_(inbox.c.claim_until.is_(None), inbox.c.claim_until <= bindparam("now")),
        )
        .order_by(inbox.c.due_at, inbox.c.received_at, inbox.c.key)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True, key_share=True)
        .cte("due")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )


_CLAIM = Statement(
    lambda: (
        update(inbox)
        .where(inbox.c.key.in_(select(_due().c.key)))
        .values(
            claim_owner=bindparam("owner"),
            claim_until=bindparam("until"),
            claim_number=inbox.c.claim_number + bindparam("step"),
            attempts=inbox.c.attempts + bindparam("step"),
        )
        .returning(*(inbox.c[name] for name in _FIELDS))
    )
)
# The later of the two; the dialects name that function differently.
_NEXT_DUE = Statement(
    lambda: select(
        func.min(
            case((inbox.c.claim_until > inbox.c.due_at, inbox.c.claim_until), else_=inbox.c.due_at)
        )
    ).where(inbox.c.due_at.is_not(None))
)
_OWN = and_(inbox.c.key == bindparam("of_key"), inbox.c.claim_number == bindparam("number"))
_FREE = {"claim_owner": null(), "claim_until": null()}
_DONE = Statement(
    lambda: (
        update(inbox)
        .where(_OWN)
        .values(
            done=bindparam("yes"),
            payload=bindparam("nothing"),
            due_at=null(),
            last_error=null(),
            **_FREE,
        )
    )
)
_POSTPONE = Statement(
    lambda: (
        update(inbox)
        .where(_OWN)
        .values(due_at=bindparam("later"), last_error=bindparam("error"), **_FREE)
    )
)
# Literals, so that the planner can use the partial indexes.
_IS_ASIDE = text("inbox.due_at IS NULL AND inbox.done = 0")
_IS_DONE = text("inbox.done = 1")
_SET_ASIDE = Statement(
    lambda: (
        columns(inbox, _FIELDS)
        .where(_IS_ASIDE)
        .order_by(inbox.c.received_at.desc(), inbox.c.key.desc())
        .limit(bindparam("limit"))
    )
)
_PRUNE = Statement(
    lambda: delete(inbox).where(
        inbox.c.key.in_(
            select(inbox.c.key)
            .where(_IS_DONE, inbox.c.received_at < bindparam("before"))
            .limit(bindparam("limit"))
        )
    )
)


class Inbox:
    """Implements the port `InboxTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def add(self, received: Received) -> bool:
        """Keep it; False when it was kept before, also when it was dealt with meanwhile."""
        values: dict[str, Any] = {name: getattr(received, name) for name in _FIELDS}
        return self._db.run(_ADD, values | {"done": 0}) > 0

    def get(self, key: str) -> Received | None:
        """Return what is kept under a key; of what was dealt with the payload is gone."""
        row = self._db.one(_GET, {"key": key})
        return None if row is None else _received(row)

    def claim_due(self, owner: str, now: Micros, until: Micros, limit: int) -> Sequence[Received]:
        """Claim what is due, oldest first, skipping what others hold."""
        rows = self._db.all(
            _CLAIM, {"owner": owner, "now": now, "until": until, "limit": limit, "step": 1}
        )
        claimed = [_received(row) for row in rows]
        return sorted(claimed, key=lambda r: (r.due_at, r.received_at, r.key))

    def next_due(self) -> Micros | None:
        """Return when the next can be claimed, claims of others included."""
        row = self._db.one(_NEXT_DUE, {})
        return row[0] if row else None

    def done(self, key: str, claim_number: int) -> bool:
        """Note that it was dealt with; False when the claim was lost."""
        values = {"of_key": key, "number": claim_number, "yes": 1, "nothing": ""}
        return self._db.run(_DONE, values) > 0

    def postpone(self, key: str, claim_number: int, due_at: Micros | None, error: str) -> bool:
        """Deal with it later, or set it aside; False when the claim was lost."""
        values = {"of_key": key, "number": claim_number, "later": due_at, "error": error}
        return self._db.run(_POSTPONE, values) > 0

    def set_aside(self, limit: int) -> Sequence[Received]:
        """Return what was set aside, newest first."""
        return [_received(row) for row in self._db.all(_SET_ASIDE, {"limit": limit})]

    def prune(self, before: Micros, limit: int) -> int:
        """Forget the keys of what was dealt with and received before then."""
        return self._db.run(_PRUNE, {"before": before, "limit": limit})


def _received(row: tuple[Any, ...]) -> Received:
    return Received(**dict(zip(_FIELDS, row, strict=True)))
