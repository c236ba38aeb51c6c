"""Chooses the store by its URL; the PostgreSQL driver is imported only when it is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from bot.adapters.store.sqlite import SqliteStore
from bot.domain.errors import Invalid

if TYPE_CHECKING:
    from bot.adapters.store.postgres import PostgresStore

SQLITE_URL = "sqlite:///"
_POSTGRES = ("postgresql://", "postgres://")


def make_store(
    url: str, *, journal_key: bytes = b"", former_journal_keys: Sequence[bytes] = ()
) -> SqliteStore | PostgresStore:
    """Return the store, not yet open; `journal_key` signs the heads of the journal's chains.

    What the former keys signed still verifies.

    `sqlite:///x.db` is relative to the working directory and `sqlite:////x.db` absolute, as in
    SQLAlchemy's URLs; `postgresql://…` is libpq's.
    """
    if url.startswith(SQLITE_URL) and len(url) > len(SQLITE_URL):
        path = Path(unquote(url.removeprefix(SQLITE_URL)))
        return SqliteStore(path, journal_key=journal_key, former_journal_keys=former_journal_keys)
    if url.startswith(_POSTGRES):
        from bot.adapters.store.postgres import PostgresStore

        return PostgresStore(url, journal_key=journal_key, former_journal_keys=former_journal_keys)
    raise Invalid(
        "DATABASE_URL must be sqlite:///path/to/file.db or postgresql://user:password@host/name."
    )
