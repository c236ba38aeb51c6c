"""Feeds in the database: what changed, numbered by whoever holds the feed's row."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select

from bot.adapters.store.people import People
from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import feed
from bot.adapters.store.statements import Statement, columns, insert_into
from bot.domain.instants import Micros
from bot.service.ports.tables import FeedEntry

_ADD = insert_into(feed)
_AFTER = Statement(
    lambda: (
        columns(feed, ["number", "kind", "ref", "at"])
        .where(feed.c.feed_id == bindparam("feed_id"), feed.c.number > bindparam("number"))
        .order_by(feed.c.number)
        .limit(bindparam("limit"))
    )
)
_LAST = Statement(
    lambda: select(func.max(feed.c.number)).where(feed.c.feed_id == bindparam("feed_id"))
)


class Feeds:
    """Implements the port `FeedTable`."""

    def __init__(self, runner: Runner, people: People) -> None:
        self._db = runner
        self._people = people
        self._told: dict[str, list[tuple[str, str, Micros]]] = {}

    def begin(self) -> None:
        """Forget whom a function that was taken back wanted to tell."""
        self._told = {}

    def end(self) -> None:
        """Give numbers to what people are told: their rows come last, and in one order.

        So two transactions cannot wait for each other.
        """
        told, self._told = self._told, {}
        active = self._people.take_active()
        if not told and not active:
            return
        concerned = sorted({*told, *active})
        if len(concerned) > 1:
            self._people.hold(concerned)
        for person_id in concerned:
            if person_id in active:
                self._people.set_channel(person_id, active[person_id])
            for kind, ref, at in told.get(person_id, ()):
                number = self._people.next_feed_number(person_id)
                self.add(person_id, [FeedEntry(number=number, kind=kind, ref=ref, at=at)])

    def tell(self, person_id: str, kind: str, ref: str, at: Micros) -> None:
        """Append an entry to a person's feed; it is numbered when the transaction ends."""
        self._told.setdefault(person_id, []).append((kind, ref, at))

    def add(self, feed_id: str, entries: Sequence[FeedEntry]) -> None:
        """Append entries."""
        for e in entries:
            row = {"feed_id": feed_id, "number": e.number, "kind": e.kind, "ref": e.ref, "at": e.at}
            self._db.later(_ADD, (feed_id, e.number), row)

    def after(self, feed_id: str, number: int, limit: int) -> Sequence[FeedEntry]:
        """Return entries above `number`, oldest first."""
        rows = self._db.all(_AFTER, {"feed_id": feed_id, "number": number, "limit": limit})
        return [FeedEntry(number=n, kind=k, ref=r, at=a) for n, k, r, a in rows]

    def last(self, feed_id: str) -> int:
        """Return the newest number, 0 when there is none."""
        row = self._db.one(_LAST, {"feed_id": feed_id})
        return int(row[0]) if row and row[0] is not None else 0
