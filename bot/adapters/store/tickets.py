"""One-use tickets in the database, by the hashes of their tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, select

from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import tickets
from bot.adapters.store.statements import Statement, columns, insert_into, names, where
from bot.domain.instants import Micros
from bot.service.ports.accounts import Purpose, Ticket

_FIELDS = names(Ticket)
_BY_HASH = tickets.c.token_hash == bindparam("token_hash")
_ADD = insert_into(tickets)
_GET = where(tickets, _FIELDS, _BY_HASH)
_TAKE = Statement(
    lambda: delete(tickets).where(_BY_HASH).returning(*(tickets.c[name] for name in _FIELDS))
)
_OF = Statement(
    lambda: (
        columns(tickets, _FIELDS)
        .where(tickets.c.purpose == bindparam("purpose"))
        .order_by(tickets.c.created_at.desc(), tickets.c.token_hash)
        .limit(bindparam("limit"))
    )
)
_DROP_FOR = Statement(
    lambda: delete(tickets).where(tickets.c.account_id == bindparam("account_id"))
)
_DROP_ALL = Statement(lambda: delete(tickets).where(tickets.c.purpose == bindparam("purpose")))
_PRUNE = Statement(
    lambda: delete(tickets).where(
        tickets.c.token_hash.in_(
            select(tickets.c.token_hash)
            .where(tickets.c.expires_at < bindparam("before"))
            .limit(bindparam("limit"))
        )
    )
)


class Tickets:
    """Implements the port `TicketTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def add(self, ticket: Ticket) -> None:
        """Keep a new ticket."""
        self._db.run(_ADD, {name: getattr(ticket, name) for name in _FIELDS})

    def get(self, token_hash: str) -> Ticket | None:
        """Return a ticket, expired or not."""
        return _ticket(self._db.one(_GET, {"token_hash": token_hash}))

    def take(self, token_hash: str) -> Ticket | None:
        """Return a ticket and forget it: of two who come at once one gets it."""
        return _ticket(self._db.one(_TAKE, {"token_hash": token_hash}))

    def of(self, purpose: Purpose, limit: int) -> Sequence[Ticket]:
        """Return tickets of a kind, newest first."""
        rows = self._db.all(_OF, {"purpose": purpose, "limit": limit})
        return [ticket for row in rows if (ticket := _ticket(row)) is not None]

    def drop_for(self, account_id: str) -> None:
        """Forget every ticket for an account."""
        self._db.run(_DROP_FOR, {"account_id": account_id})

    def drop_all(self, purpose: Purpose) -> None:
        """Forget every ticket of a kind."""
        self._db.run(_DROP_ALL, {"purpose": purpose})

    def prune(self, before: Micros, limit: int) -> int:
        """Forget tickets that expired before then; return how many went."""
        return self._db.run(_PRUNE, {"before": before, "limit": limit})


def _ticket(row: tuple[Any, ...] | None) -> Ticket | None:
    if row is None:
        return None
    values = dict(zip(_FIELDS, row, strict=True))
    return Ticket(**values | {"purpose": Purpose(values["purpose"])})
