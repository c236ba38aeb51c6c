"""Surfaces and the attempts on them in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, bindparam, case, func, null, or_, select, update

from bot.adapters.store.schema import attempts, surfaces
from bot.adapters.store.statements import Runner, Statement, columns, insert_into, names
from bot.domain.instants import Micros
from bot.domain.surface import Surface
from bot.service.ports.tables import Attempt, Recorded

_FIELDS = names(Surface)
_ADD = insert_into(surfaces)
_ADD_ATTEMPT = insert_into(attempts)
_OF_REQUEST = Statement(
    lambda: (
        columns(surfaces, _FIELDS)
        .where(surfaces.c.request_id == bindparam("request_id"))
        .order_by(surfaces.c.id)
    )
)
_WANT = Statement(
    lambda: (
        update(surfaces)
        .where(
            surfaces.c.request_id == bindparam("request_id"),
            surfaces.c.wanted_version < bindparam("version"),
        )
        .values(
            wanted_version=bindparam("version"),
            priority=bindparam("priority"),
            due_at=bindparam("due_at"),
        )
    )
)


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


_POSTPONE = Statement(
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
_CLAIM = Statement(
    lambda: (
        update(surfaces)
        .where(surfaces.c.id.in_(select(_due().c.id)))
        .values(
            claim_owner=bindparam("owner"),
            claim_until=bindparam("until"),
            claim_number=surfaces.c.claim_number + bindparam("step"),
            attempts=surfaces.c.attempts + bindparam("step"),
        )
        .returning(*(surfaces.c[name] for name in _FIELDS))
    )
)
_CLAIM_OF = Statement(
    lambda: (
        update(surfaces)
        .where(
            surfaces.c.request_id == bindparam("request_id"),
            surfaces.c.due_at <= bindparam("now"),
            or_(surfaces.c.claim_until.is_(None), surfaces.c.claim_until <= bindparam("now")),
        )
        .values(
            claim_owner=bindparam("owner"),
            claim_until=bindparam("until"),
            claim_number=surfaces.c.claim_number + bindparam("step"),
            attempts=surfaces.c.attempts + bindparam("step"),
        )
        .returning(*(surfaces.c[name] for name in _FIELDS))
    )
)
# The later of the two; the dialects name that function differently.
_NEXT_DUE = Statement(
    lambda: select(
        func.min(
            case(
                (surfaces.c.claim_until > surfaces.c.due_at, surfaces.c.claim_until),
                else_=surfaces.c.due_at,
            )
        )
    ).where(surfaces.c.due_at.is_not(None))
)
# What was wanted meanwhile stays due: only the version that was tried is settled.
_RECORD = Statement(
    lambda: (
        update(surfaces)
        .where(surfaces.c.id == bindparam("id"), surfaces.c.claim_number == bindparam("number"))
        .values(
            shown_version=case(
                (bindparam("shown") > surfaces.c.shown_version, bindparam("shown")),
                else_=surfaces.c.shown_version,
            ),
            due_at=case(
                (surfaces.c.wanted_version > bindparam("version"), surfaces.c.due_at),
                else_=bindparam("retry_at"),
            ),
            claim_owner=null(),
            claim_until=null(),
        )
        .returning(surfaces.c.due_at)
    )
)
_SEEN = Statement(
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
        )
    )
)


class Surfaces:
    """Implements the port `SurfaceTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def add(self, surface: Surface) -> None:
        """Keep a new surface."""
        self._db.run(_ADD, {name: getattr(surface, name) for name in _FIELDS})

    def of_request(self, request_id: str) -> Sequence[Surface]:
        """Return where a request is shown."""
        return [_surface(row) for row in self._db.all(_OF_REQUEST, {"request_id": request_id})]

    def want(self, request_id: str, version: int, priority: int, due_at: Micros) -> None:
        """Want every surface of a request to show `version`, newest wins."""
        self._db.run(
            _WANT,
            {
                "request_id": request_id,
                "version": version,
                "priority": priority,
                "due_at": due_at,
            },
        )

    def postpone(self, request_id: str, person_id: str, due_at: Micros) -> None:
        """Let what is due for one person wait until `due_at`."""
        self._db.run(_POSTPONE, {"request_id": request_id, "person_id": person_id, "until": due_at})

    def claim_due(self, owner: str, now: Micros, until: Micros, limit: int) -> Sequence[Surface]:
        """Claim what is due, urgent first, skipping what others hold."""
        rows = self._db.all(
            _CLAIM, {"owner": owner, "now": now, "until": until, "limit": limit, "step": 1}
        )
        return sorted((_surface(row) for row in rows), key=lambda s: (s.priority, s.due_at, s.id))

    def claim_of(
        self, request_id: str, owner: str, now: Micros, until: Micros
    ) -> Sequence[Surface]:
        """Claim what is due of one request."""
        values = {"request_id": request_id, "owner": owner, "now": now, "until": until, "step": 1}
        return [_surface(row) for row in self._db.all(_CLAIM_OF, values)]

    def next_due(self) -> Micros | None:
        """Return when the next surface can be claimed."""
        row = self._db.one(_NEXT_DUE, {})
        return row[0] if row else None

    def record(self, attempt: Attempt, shown: bool, retry_at: Micros | None) -> Recorded:
        """End an attempt; when its claim was lost, nothing is written."""
        row = self._db.one(
            _RECORD,
            {
                "id": attempt.surface_id,
                "number": attempt.claim_number,
                "version": attempt.version,
                "shown": attempt.version if shown else 0,
                "retry_at": retry_at,
            },
        )
        if row is None:
            return Recorded(written=False, due_at=None)
        self._db.run(
            _ADD_ATTEMPT,
            {
                "surface_id": attempt.surface_id,
                "claim_number": attempt.claim_number,
                "version": attempt.version,
                "outcome": attempt.outcome,
                "at": attempt.at,
            },
        )
        return Recorded(written=True, due_at=row[0])

    def seen(self, request_id: str, person_id: str, channel: str, version: int) -> bool:
        """Note that a version is visible; False when that was known."""
        values = {
            "request_id": request_id,
            "person_id": person_id,
            "channel": channel,
            "version": version,
        }
        return self._db.run(_SEEN, values) > 0


def _surface(row: tuple[Any, ...]) -> Surface:
    return Surface(**dict(zip(_FIELDS, row, strict=True)))
