"""Receipts in the database: which commands were applied, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, select

from bot.adapters.store.known import Known
from bot.adapters.store.packing import packed, unpacked
from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import receipts
from bot.adapters.store.statements import Statement, among, insert_into, portions
from bot.domain.commands import Offer, Outcome
from bot.domain.instants import Micros

_ADD = insert_into(receipts)
_FIND = Statement(
    lambda: select(receipts.c.outcome).where(receipts.c.external_key == bindparam("external_key"))
)
_AMONG = Statement(lambda: select(receipts.c.external_key).where(among(receipts.c.external_key)))
_PRUNE = Statement(
    lambda: delete(receipts).where(
        receipts.c.external_key.in_(
            select(receipts.c.external_key)
            .where(receipts.c.at < bindparam("before"))
            .limit(bindparam("limit"))
        )
    )
)


class Receipts:
    """Implements the port `ReceiptTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner
        self._missing: Known[str, bool] = Known(runner, "receipts")

    def expect(self, keys: Sequence[str]) -> None:
        """Find out at once which commands were not applied so far; what they act on is held."""
        found: set[str] = set()
        for portion in portions(keys):
            found.update(row[0] for row in self._db.all(_AMONG, portion))
        for key in keys:
            if key not in found:
                self._missing.put(key, True)

    def find(self, external_key: str) -> Outcome | None:
        """Return what a command's first arrival led to, marked as replayed."""
        if external_key in self._missing:
            return None
        row = self._db.row(_FIND, {"external_key": external_key}, external_key, _ADD)
        if row is None:
            return None
        status, session_id, request_id, seq, text, offer, of = unpacked(row[0])
        return Outcome(
            status=status,
            session_id=session_id,
            request_id=request_id,
            seq=seq,
            text=text,
            offer=tuple(Offer(session_id=s, title=t) for s, t in offer),
            replayed=True,
            of=of,
        )

    def add(self, external_key: str, outcome: Outcome, at: Micros) -> None:
        """Keep an outcome under its command's key; a second one is a constraint's error."""
        stored = packed(
            [
                outcome.status,
                outcome.session_id,
                outcome.request_id,
                outcome.seq,
                outcome.text,
                [(o.session_id, o.title) for o in outcome.offer],
                outcome.of,
            ],
        )
        self._missing.drop(external_key)
        row = {"external_key": external_key, "outcome": stored, "at": at}
        self._db.later(_ADD, external_key, row)

    def prune(self, before: Micros, limit: int) -> int:
        """Forget receipts older than `before`; return how many went."""
        return self._db.run(_PRUNE, {"before": before, "limit": limit})
