"""Moments in the database: found by index, entered together, each taken by one server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Select, bindparam, delete, func, literal_column, select, update

from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import moments, requests, sessions
from bot.adapters.store.statements import Row, Statement, among, columns, names, portions, upsert
from bot.domain.instants import Micros
from bot.service.ports.moments import Moment, Subject

_FIELDS = names(Moment)
BROKEN = 3
"""Tries after which it is unlikely to mend by itself."""
_DUE = {Subject.QUESTION: requests.c.next_at, Subject.SESSION: sessions.c.idle_at}
"""By which index each kind is found."""


def _select_due(at: Column[Any], *wanted: Any) -> Select[Any]:
    """Select what is due and has no moment so far, longest due first.

    Looked up one by one: whether to join so small and changing a table, and how, PostgreSQL would
    decide by what it knew of it some time ago.
    """
    kept = (
        select(moments.c.due_at)
        .where(moments.c.subject_id == at.table.c.id)
        .correlate(at.table)
        .scalar_subquery()
    )
    return (
        select(*wanted)
        .where(at <= bindparam("now"), kept.is_(None))
        .order_by(at)
        .limit(bindparam("limit"))
    )


def _is_due(at: Column[Any]) -> Statement:
    return Statement(lambda: _select_due(at, at.table.c.id))


def _enter(subject: Subject, at: Column[Any]) -> Statement:
    values: tuple[Any, ...] = (
        at.table.c.id,
        literal_column(f"'{subject.value}'"),
        at,
        at,
        literal_column("0"),
    )
    return Statement(
        lambda: (
            upsert(moments)
            .from_select(_FIELDS, _select_due(at, *values), include_defaults=False)
            .on_conflict_do_nothing()
        )
    )


_FIND = [_is_due(at) for at in _DUE.values()]
_ENTER = [_enter(subject, at) for subject, at in _DUE.items()]
_WAITING = Statement(
    lambda: (
        columns(moments, _FIELDS)
        .where(moments.c.try_at <= bindparam("now"))
        .order_by(moments.c.try_at, moments.c.subject_id)
        .limit(bindparam("limit"))
    )
)


def _free() -> Select[Any]:
    """Select those of a portion that nobody else has in hand, or has put off since."""
    return (
        select(moments.c.subject_id)
        .where(among(moments.c.subject_id), moments.c.try_at <= bindparam("now"))
        .with_for_update(skip_locked=True)
    )


# Materialised: PostgreSQL may run a plain subquery again for each row, and wait after all.
_TAKE = Statement(
    lambda: (
        delete(moments)
        .where(
            among(moments.c.subject_id),  # by itself, so that nothing else is looked at
            moments.c.subject_id.in_(
                select(
                    _free()
                    .cte("free")
                    .prefix_with("MATERIALIZED", dialect="postgresql")
                    .c.subject_id
                )
            ),
        )
        .returning(*(moments.c[name] for name in _FIELDS))
    )
)
_BROKEN = Statement(
    lambda: select(func.count()).select_from(moments).where(moments.c.tries >= bindparam("tries"))
)
_POSTPONE = Statement(
    lambda: (
        update(moments)
        .where(moments.c.subject_id == bindparam("subject"))
        .values(try_at=bindparam("until"), tries=moments.c.tries + bindparam("step"))
    )
)


class Moments:
    """Implements the port `MomentTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def is_behind(self, now: Micros) -> bool:
        """Tell whether something is due by its index and has no moment yet."""
        return any(self._db.one(find, {"now": now, "limit": 1}) for find in _FIND)

    def enter(self, now: Micros, limit: int) -> int:
        """Keep a moment for what is due and has none, and return how many."""
        return sum(self._db.run(enter, {"now": now, "limit": limit}) for enter in _ENTER)

    def waiting(self, now: Micros, limit: int) -> Sequence[Moment]:
        """Return what may be taken, longest due first."""
        return [_moment(row) for row in self._db.all(_WAITING, {"now": now, "limit": limit})]

    def broken(self) -> int:
        """Return how many broke three times or more."""
        row = self._db.one(_BROKEN, {"tries": BROKEN})
        return int(row[0]) if row else 0

    def take(self, subject_ids: Sequence[str], now: Micros) -> Sequence[Moment]:
        """Take moments out, those excepted that another transaction has in hand or has put off."""
        taken = [
            _moment(row)
            for some in portions(subject_ids)
            for row in self._db.all(_TAKE, some | {"now": now})
        ]
        return sorted(taken, key=lambda moment: (moment.due_at, moment.subject_id))

    def postpone(self, subject_id: str, until: Micros) -> None:
        """Note that one broke, and when it is to be tried again."""
        self._db.run(_POSTPONE, {"subject": subject_id, "until": until, "step": 1})


def _moment(row: Row) -> Moment:
    subject_id, subject, due_at, try_at, tries = row
    return Moment(
        subject_id=subject_id,
        subject=Subject(subject),
        due_at=due_at,
        try_at=try_at,
        tries=tries,
    )
