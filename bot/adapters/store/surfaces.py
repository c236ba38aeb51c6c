"""Surfaces and the attempts on them in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    and_,
    bindparam,
    case,
    func,
    null,
    or_,
    select,
    text,
    update,
)

from bot.adapters.store.schema import attempts, requests, surfaces
from bot.adapters.store.statements import Runner, Statement, columns, insert_into, names
from bot.domain.instants import Micros
from bot.domain.surface import Surface, SurfaceState
from bot.service.ports.tables import Attempt, Recorded, Tally

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


def _dead() -> ColumnElement[bool]:
    return surfaces.c.state == bindparam("dead")


# Literals, so that the planner can use the partial index of what was given up.
_IS_DEAD = text("surfaces.state = 'dead'")
_IS_SHOWN = surfaces.c.shown_version > 0
# A try of which nobody knows what it left behind, or one that is being made.
_IS_UNCERTAIN = surfaces.c.attempts > surfaces.c.failures
_IS_SETTLED = bindparam("settled") == bindparam("yes")
_REPAINTED = or_(_IS_SHOWN, _IS_UNCERTAIN)
_WANT = Statement(
    lambda: (
        update(surfaces)
        .where(
            surfaces.c.request_id == bindparam("request_id"),
            surfaces.c.wanted_version < bindparam("version"),
        )
        .values(
            wanted_version=bindparam("version"),
            priority=case((_REPAINTED, bindparam("priority")), else_=surfaces.c.priority),
            # What was never sent is not sent once it is settled. What has parked looks again.
            due_at=case(
                (_IS_SHOWN, bindparam("due_at")),
                (and_(_IS_UNCERTAIN, or_(~_dead(), _IS_SETTLED)), bindparam("due_at")),
                (_IS_SETTLED, null()),
                (and_(~_dead(), surfaces.c.due_at.is_(None)), bindparam("due_at")),
                else_=surfaces.c.due_at,
            ),
            state=case((and_(_dead(), _IS_SHOWN), bindparam("sent")), else_=surfaces.c.state),
            # A new version may be tried as often as the first; what is uncertain stays so.
            attempts=case(
                (_IS_SHOWN, surfaces.c.attempts - surfaces.c.failures), else_=surfaces.c.attempts
            ),
            failures=case((_IS_SHOWN, bindparam("zero")), else_=surfaces.c.failures),
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
_NEXT = case(
    (surfaces.c.wanted_version > bindparam("version"), surfaces.c.due_at),
    else_=bindparam("retry_at"),
)
_OWN = and_(surfaces.c.id == bindparam("id"), surfaces.c.claim_number == bindparam("number"))
_RECORD_SHOWN = Statement(
    lambda: (
        update(surfaces)
        .where(_OWN)
        .values(
            shown_version=case(
                (bindparam("version") > surfaces.c.shown_version, bindparam("version")),
                else_=surfaces.c.shown_version,
            ),
            state=bindparam("state"),
            attempts=bindparam("zero"),
            failures=bindparam("zero"),
            sent_at=func.coalesce(surfaces.c.sent_at, bindparam("at")),
            landed=func.coalesce(bindparam("landed"), surfaces.c.landed),
            last_error=null(),
            due_at=_NEXT,
            claim_owner=null(),
            claim_until=null(),
        )
        .returning(surfaces.c.due_at)
    )
)
_RECORD_FAILED = Statement(
    lambda: (
        update(surfaces)
        .where(_OWN)
        .values(
            state=case(
                (bindparam("dead_now") == bindparam("yes"), bindparam("dead")),
                else_=surfaces.c.state,
            ),
            failures=surfaces.c.failures + bindparam("failed"),
            last_error=bindparam("error"),
            due_at=_NEXT,
            claim_owner=null(),
            claim_until=null(),
        )
        .returning(surfaces.c.due_at)
    )
)
# Nothing was tried, so the try is given back.
_RELEASE = Statement(
    lambda: (
        update(surfaces)
        .where(_OWN)
        .values(
            attempts=surfaces.c.attempts - bindparam("step"),
            due_at=case(
                (bindparam("waits") == bindparam("step"), bindparam("retry_at")), else_=_NEXT
            ),
            claim_owner=null(),
            claim_until=null(),
        )
        .returning(surfaces.c.due_at)
    )
)
_PLAN = Statement(
    lambda: (
        update(surfaces)
        .where(
            surfaces.c.id == bindparam("id"),
            surfaces.c.attempts == bindparam("none"),
            surfaces.c.claim_until.is_(None),
        )
        .values(due_at=bindparam("due_at"))
    )
)
_REDRIVE = Statement(
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
_GET = Statement(lambda: columns(surfaces, _FIELDS).where(surfaces.c.id == bindparam("id")))
_GIVEN_UP = Statement(
    lambda: (
        columns(surfaces, _FIELDS)
        .select_from(surfaces.join(requests, requests.c.id == surfaces.c.request_id))
        .where(_IS_DEAD, requests.c.asker_id == bindparam("asker_id"))
        .order_by(surfaces.c.id.desc())
        .limit(bindparam("limit"))
    )
)
_COUNT_WAITING = Statement(
    lambda: (
        select(surfaces.c.channel, func.count())
        .where(surfaces.c.due_at.is_not(None))
        .group_by(surfaces.c.channel)
    )
)
_COUNT_DEAD = Statement(
    lambda: select(surfaces.c.channel, func.count()).where(_IS_DEAD).group_by(surfaces.c.channel)
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
            state=bindparam("state"),
            sent_at=func.coalesce(surfaces.c.sent_at, bindparam("at")),
        )
    )
)


class Surfaces:
    """Implements the port `SurfaceTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def add(self, surface: Surface) -> None:
        """Keep a new surface."""
        values = {name: getattr(surface, name) for name in _FIELDS}
        self._db.run(_ADD, values | {"state": surface.state.value})

    def get(self, surface_id: str) -> Surface | None:
        """Return a surface."""
        row = self._db.one(_GET, {"id": surface_id})
        return None if row is None else _surface(row)

    def of_request(self, request_id: str) -> Sequence[Surface]:
        """Return where a request is shown."""
        return [_surface(row) for row in self._db.all(_OF_REQUEST, {"request_id": request_id})]

    def want(
        self,
        request_id: str,
        version: int,
        priority: int,
        due_at: Micros,
        *,
        settled: bool = False,
    ) -> None:
        """Want every surface of a request to show `version`; repaint where it may be shown."""
        self._db.run(
            _WANT,
            {
                "request_id": request_id,
                "version": version,
                "priority": priority,
                "due_at": due_at,
                "settled": int(settled),
                "yes": 1,
                "zero": 0,
                "dead": SurfaceState.DEAD.value,
                "sent": SurfaceState.SENT.value,
            },
        )

    def plan(self, surface_id: str, due_at: Micros) -> None:
        """Move when a surface is due that was not tried so far."""
        self._db.run(_PLAN, {"id": surface_id, "due_at": due_at, "none": 0})

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

    def record(
        self,
        attempt: Attempt,
        shown: bool,
        retry_at: Micros | None,
        *,
        landed: str | None = None,
        certain: bool = True,
        dead: bool = False,
    ) -> Recorded:
        """End an attempt; when its claim was lost, nothing is written."""
        values = {
            "id": attempt.surface_id,
            "number": attempt.claim_number,
            "version": attempt.version,
            "retry_at": retry_at,
        }
        if shown:
            sent = {"state": SurfaceState.SENT.value, "zero": 0, "at": attempt.at, "landed": landed}
            row = self._db.one(_RECORD_SHOWN, values | sent)
        else:
            failed = {
                "dead_now": int(dead),
                "yes": 1,
                "dead": SurfaceState.DEAD.value,
                "failed": int(certain),
                "error": attempt.detail,
            }
            row = self._db.one(_RECORD_FAILED, values | failed)
        return self._recorded(attempt, row)

    def release(self, attempt: Attempt, wait_until: Micros | None) -> Recorded:
        """End a claim under which nothing was tried; with `wait_until` it is due again then.

        When the claim was lost, nothing is written.
        """
        waits = wait_until is not None
        row = self._db.one(
            _RELEASE,
            {
                "id": attempt.surface_id,
                "number": attempt.claim_number,
                "version": attempt.version,
                "retry_at": wait_until,
                "waits": int(waits),
                "step": 1,
            },
        )
        if waits:
            return Recorded(written=row is not None, due_at=row[0] if row else None)
        return self._recorded(attempt, row)

    def _recorded(self, attempt: Attempt, row: tuple[Any, ...] | None) -> Recorded:
        if row is None:
            return Recorded(written=False, due_at=None)
        self._db.run(
            _ADD_ATTEMPT,
            {
                "surface_id": attempt.surface_id,
                "claim_number": attempt.claim_number,
                "version": attempt.version,
                "outcome": attempt.outcome,
                "detail": attempt.detail,
                "at": attempt.at,
            },
        )
        return Recorded(written=True, due_at=row[0])

    def seen(
        self, request_id: str, person_id: str, channel: str, version: int, at: Micros = 0
    ) -> bool:
        """Note that a version is visible; False when that was known."""
        values = {
            "request_id": request_id,
            "person_id": person_id,
            "channel": channel,
            "version": version,
            "state": SurfaceState.SENT.value,
            "at": at,
        }
        return self._db.run(_SEEN, values) > 0

    def redrive(self, surface_id: str, now: Micros) -> bool:
        """Have a surface that was given up tried again; False when it was not given up."""
        values = {
            "id": surface_id,
            "now": now,
            "dead": SurfaceState.DEAD.value,
            "sent": SurfaceState.SENT.value,
            "planned": SurfaceState.PLANNED.value,
            "one": 1,
            "zero": 0,
        }
        return self._db.run(_REDRIVE, values) > 0

    def given_up(self, asker_id: str, limit: int) -> Sequence[Surface]:
        """Return an asker's surfaces that were given up, newest first."""
        rows = self._db.all(_GIVEN_UP, {"asker_id": asker_id, "limit": limit})
        return [_surface(row) for row in rows]

    def tally(self) -> Sequence[Tally]:
        """Return, by channel, how many surfaces wait for something and how many were given up."""
        waiting: dict[str, int] = dict(self._db.all(_COUNT_WAITING, {}))
        dead: dict[str, int] = dict(self._db.all(_COUNT_DEAD, {}))
        return [
            Tally(channel=channel, waiting=waiting.get(channel, 0), failed=dead.get(channel, 0))
            for channel in sorted({*waiting, *dead})
        ]


def _surface(row: tuple[Any, ...]) -> Surface:
    values = dict(zip(_FIELDS, row, strict=True))
    return Surface(**values | {"state": SurfaceState(values["state"])})
