"""Small facts by name, in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Text, bindparam, delete, func, literal_column, select

from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import marks
from bot.adapters.store.statements import Statement, upsert
from bot.domain.instants import Micros

_BY_NAME = marks.c.name == bindparam("name")
_GET = Statement(lambda: select(marks.c.value).where(_BY_NAME))
_PUT = Statement(
    lambda: (
        upsert(marks)
        .values({c.name: bindparam(c.name) for c in marks.c})
        .on_conflict_do_update(
            index_elements=[marks.c.name],
            set_={"value": bindparam("value"), "at": bindparam("at")},
        )
    )
)
_DROP = Statement(lambda: delete(marks).where(_BY_NAME))
_PREFIX = bindparam("prefix", type_=Text())
# Not LIKE: SQLite's knows no case, and a prefix may hold its signs. Marks are few.
_LIKE = Statement(
    lambda: (
        select(marks.c.name, marks.c.value, marks.c.at)
        .where(func.substr(marks.c.name, literal_column("1"), func.length(_PREFIX)) == _PREFIX)
        .order_by(marks.c.name)
    )
)
_PRUNE = Statement(
    lambda: delete(marks).where(
        marks.c.name.in_(
            select(marks.c.name)
            .where(
                func.substr(marks.c.name, literal_column("1"), func.length(_PREFIX)) == _PREFIX,
                marks.c.at < bindparam("before"),
            )
            .limit(bindparam("limit"))
        )
    )
)


class Marks:
    """Implements the port `MarkTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def get(self, name: str) -> str | None:
        """Return a mark."""
        row = self._db.one(_GET, {"name": name})
        return str(row[0]) if row else None

    def put(self, name: str, value: str, at: Micros) -> None:
        """Keep a mark, in place of the one before."""
        self._db.run(_PUT, {"name": name, "value": value, "at": at})

    def drop(self, name: str) -> None:
        """Forget a mark."""
        self._db.run(_DROP, {"name": name})

    def like(self, prefix: str) -> Sequence[tuple[str, str, Micros]]:
        """Return name, value and time of the marks whose name begins so, by name."""
        return [(row[0], row[1], row[2]) for row in self._db.all(_LIKE, {"prefix": prefix})]

    def prune(self, prefix: str, before: Micros, limit: int) -> int:
        """Forget marks whose name begins so and that were put before then."""
        return self._db.run(_PRUNE, {"prefix": prefix, "before": before, "limit": limit})
