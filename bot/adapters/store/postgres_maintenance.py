"""Maintenance of a PostgreSQL database beside its servers, which hear of what it writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import psycopg

from bot.adapters.store.connections import READS, WRITES, Connections, conninfo
from bot.adapters.store.journal import Heads
from bot.adapters.store.migration import check_postgres
from bot.adapters.store.notices import CHANNEL, payloads
from bot.adapters.store.transaction import StoreTransaction
from bot.domain.errors import Unavailable
from bot.service.identifiers import new_id

T = TypeVar("T")


class PostgresMaintenance:
    """Implements `Maintenance` on one connection."""

    def __init__(self, url: str, heads: Heads) -> None:
        self._name = new_id()
        self._connections = Connections(conninfo(url), heads)
        try:
            with psycopg.connect(conninfo(url)) as connection:
                check_postgres(connection)
        except psycopg.Error:  # its text can hold the URL's parts
            raise Unavailable(
                "PostgreSQL cannot be reached or used. Check DATABASE_URL, and that the server "
                "runs and lets this user in."
            ) from None

    def read(self, function: Callable[..., T], /, *args: Any) -> T:
        """Run a function that only reads, on one snapshot."""
        return self._connections.transact(READS, function, args)

    def write(self, function: Callable[..., T], /, *args: Any) -> T:
        """Run `function(transaction, *args)` and return its result after the commit."""
        return self._connections.transact(WRITES, function, args, self._notify)

    def close(self) -> None:
        """Close the connection."""
        self._connections.close()

    def _notify(self, transaction: StoreTransaction, cursor: psycopg.Cursor[Any]) -> None:
        for payload in payloads(self._name, transaction.announcements):
            cursor.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))
