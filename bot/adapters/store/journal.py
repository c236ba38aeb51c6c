"""The journal in the database: transitions, append-only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam

from bot.adapters.store.packing import packed, unpacked
from bot.adapters.store.schema import journal
from bot.adapters.store.statements import Runner, Statement, columns, insert_into
from bot.domain.journal import Entry

_ADD = insert_into(journal, without=("number",))
_FIELDS = ["kind", "at", "session_id", "request_id", "person_id", "channel", "data"]
_OF_REQUEST = Statement(
    lambda: (
        columns(journal, _FIELDS)
        .where(journal.c.request_id == bindparam("request_id"))
        .order_by(journal.c.number)
    )
)
_OF_SESSION = Statement(
    lambda: (
        columns(journal, _FIELDS)
        .where(journal.c.session_id == bindparam("session_id"))
        .order_by(journal.c.number)
    )
)


class Journal:
    """Implements the port `JournalTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def add(self, entry: Entry) -> None:
        """Append an entry."""
        self._db.run(
            _ADD,
            {
                "at": entry.at,
                "kind": entry.kind,
                "session_id": entry.session_id,
                "request_id": entry.request_id,
                "person_id": entry.person_id,
                "channel": entry.channel,
                "data": packed(entry.data) if entry.data else "{}",
            },
        )

    def of_request(self, request_id: str) -> Sequence[Entry]:
        """Return a request's story, oldest first."""
        return [_entry(row) for row in self._db.all(_OF_REQUEST, {"request_id": request_id})]

    def of_session(self, session_id: str) -> Sequence[Entry]:
        """Return a session's story, oldest first."""
        return [_entry(row) for row in self._db.all(_OF_SESSION, {"session_id": session_id})]


def _entry(row: tuple[Any, ...]) -> Entry:
    values = dict(zip(_FIELDS, row, strict=True))
    return Entry(**{**values, "data": unpacked(values["data"])})
