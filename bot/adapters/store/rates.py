"""Rates in the database: one theoretical arrival time for each thing that is limited."""

from __future__ import annotations

from sqlalchemy import bindparam, case, delete, select

from bot.adapters.store.known import Known
from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import rates
from bot.adapters.store.statements import Statement, upsert
from bot.domain.instants import MINUTE, Micros

_ADVANCE = Statement(
    lambda: (
        upsert(rates)
        .values(key=bindparam("key"), tat=bindparam("first"))
        .on_conflict_do_update(
            index_elements=[rates.c.key],
            set_={
                # Further ahead than any burst can be, it was noted before the clock was set back.
                "tat": case(
                    (rates.c.tat > bindparam("latest"), bindparam("now")),
                    (rates.c.tat > bindparam("now"), rates.c.tat),
                    else_=bindparam("now"),
                )
                + bindparam("interval")
            },
        )
        .returning(rates.c.tat)
    )
)
_GET = Statement(lambda: select(rates.c.tat).where(rates.c.key == bindparam("key")))
_PUT = Statement(
    lambda: (
        upsert(rates)
        .values(key=bindparam("key"), tat=bindparam("tat"))
        .on_conflict_do_update(index_elements=[rates.c.key], set_={"tat": bindparam("tat")})
    )
)
_PRUNE = Statement(
    lambda: delete(rates).where(
        rates.c.key.in_(
            select(rates.c.key)
            .where(rates.c.tat < bindparam("before"))
            .limit(bindparam("limit"))
            # One that is used just now is not worth waiting for, here or there.
            .with_for_update(skip_locked=True)
        )
    )
)


class Rates:
    """Implements the port `RateTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner
        self._known: Known[str, Micros] = Known(runner, "rates")

    def advance(
        self, key: str, now: Micros, interval: Micros, longest: Micros = 2 * MINUTE
    ) -> Micros:
        """Add one cell of `interval` and return the new theoretical arrival time."""
        known = self._known.get(key)
        if known is None and self._db.is_exclusive:
            row = self._db.row(_GET, {"key": key}, key, _PUT)
            known = row[0] if row else now
        if known is not None:
            # As the statement does it: what is beyond any burst was noted by another clock.
            tat = (known if now < known <= now + longest else now) + interval
            self._db.later(_PUT, key, {"key": key, "tat": tat})
        else:
            # Others may advance it at this moment: the database adds, and holds the row.
            added = {
                "key": key,
                "first": now + interval,
                "now": now,
                "latest": now + longest,
                "interval": interval,
            }
            row = self._db.one(_ADVANCE, added, keeps=True)
            assert row is not None, "an upsert returns its row"  # noqa: S101
            tat = int(row[0])
        self._known.put(key, tat)
        return tat

    def prune(self, before: Micros, limit: int) -> int:
        """Forget keys whose arrival time is before `before`; return how many went."""
        return self._db.run(_PRUNE, {"before": before, "limit": limit})
