"""Messages in the database."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam

from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import messages
from bot.adapters.store.sessions import ADD as NEW_SESSION
from bot.adapters.store.statements import (
    Row,
    Statement,
    columns,
    insert_into,
    members,
    names,
    where,
)
from bot.domain.planning import Role
from bot.domain.session import Message

_FIELDS = names(Message)
_ROLES = members(Role)
_ADD = insert_into(messages)
_GET = where(
    messages,
    _FIELDS,
    messages.c.session_id == bindparam("session_id"),
    messages.c.seq == bindparam("seq"),
)
_AFTER = Statement(
    lambda: (
        columns(messages, _FIELDS)
        .where(messages.c.session_id == bindparam("session_id"), messages.c.seq > bindparam("seq"))
        .order_by(messages.c.seq)
        .limit(bindparam("limit"))
    )
)
_BEFORE = Statement(
    lambda: (
        columns(messages, _FIELDS)
        .where(messages.c.session_id == bindparam("session_id"), messages.c.seq < bindparam("seq"))
        .order_by(messages.c.seq.desc())
        .limit(bindparam("limit"))
    )
)


class Messages:
    """Implements the port `MessageTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def add(self, message: Message) -> None:
        """Append a message; its seq was taken under the session's row."""
        self._db.later(
            _ADD,
            (message.session_id, message.seq),
            {
                "session_id": message.session_id,
                "seq": message.seq,
                "id": message.id,
                "role": message.role.value,
                "person_id": message.person_id,
                "channel": message.channel,
                "text": message.text,
                "at": message.at,
                "request_id": message.request_id,
                "turn_id": message.turn_id,
                "place": message.place,
            },
        )

    def get(self, session_id: str, seq: int) -> Message | None:
        """Return one message."""
        row = self._db.one(_GET, {"session_id": session_id, "seq": seq})
        return message_of(row) if row else None

    def after(self, session_id: str, seq: int, limit: int) -> Sequence[Message]:
        """Return messages above `seq`, oldest first."""
        rows: list[Row] = []
        if session_id not in self._db.waiting(NEW_SESSION):
            asked = {"session_id": session_id, "seq": seq, "limit": limit}
            rows = self._db.stored(_AFTER, asked)
        # What was said in this transaction is the newest of all, and need not be written first.
        for row in self._db.waiting(_ADD).values():
            if row["session_id"] == session_id and row["seq"] > seq:
                rows.append(_in_order(row))
        return [message_of(row) for row in rows[:limit]]

    def before(self, session_id: str, seq: int, limit: int) -> Sequence[Message]:
        """Return the newest `limit` messages below `seq`, oldest first."""
        rows = self._db.all(_BEFORE, {"session_id": session_id, "seq": seq, "limit": limit})
        return [message_of(row) for row in reversed(rows)]


_in_order = itemgetter(*_FIELDS)


def message_of(row: tuple[Any, ...]) -> Message:
    """Return a message of its columns."""
    session_id, seq, id_, role, person_id, channel, text, at, request_id, turn_id, place = row
    return Message(
        session_id=session_id,
        seq=seq,
        id=id_,
        role=_ROLES[role],
        person_id=person_id,
        channel=channel,
        text=text,
        at=at,
        request_id=request_id,
        turn_id=turn_id,
        place=place,
    )
