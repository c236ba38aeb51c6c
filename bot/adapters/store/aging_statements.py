"""The statements that erase what grew old: whole sessions, what was set aside, the journal."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, select, update

from bot.adapters.store.personal_statements import BETWEEN, IS_ASIDE, landed_of
from bot.adapters.store.schema import (
    bindings,
    inbox,
    journal,
    messages,
    posts,
    requests,
    responses,
    sessions,
)
from bot.adapters.store.statements import Statement

_OF_SESSION: ColumnElement[Any] = bindparam("session")
_REQUESTS_OF_SESSION = select(requests.c.id).where(requests.c.session_id == _OF_SESSION)
ERASE_MESSAGES_OF = Statement(
    lambda: (
        update(messages)
        .where(messages.c.session_id == _OF_SESSION)
        .values(text=bindparam("erased"))
    )
)
ERASE_REQUESTS_OF = Statement(
    lambda: (
        update(requests)
        .where(requests.c.session_id == _OF_SESSION)
        .values(question=bindparam("erased"), context=bindparam("nothing"))
    )
)
OUTCOMES_OF = Statement(
    lambda: select(requests.c.id, requests.c.outcome).where(
        requests.c.session_id == _OF_SESSION, requests.c.outcome.is_not(None)
    )
)
ANSWERS_OF = Statement(
    lambda: select(responses.c.id, responses.c.answer).where(
        responses.c.request_id.in_(_REQUESTS_OF_SESSION)
    )
)
HEADS_OF_SESSION = Statement(
    lambda: select(bindings.c.place, bindings.c.head).where(bindings.c.session_id == _OF_SESSION)
)
ERASE_SESSION = Statement(
    lambda: (
        update(sessions)
        .where(sessions.c.id == _OF_SESSION)
        .values(title=bindparam("erased"), summary=bindparam("nothing"))
    )
)

LANDED_OF_SESSION = landed_of(lambda: _REQUESTS_OF_SESSION)
OLD_ENTRIES = Statement(
    lambda: (
        select(journal.c.number, journal.c.request_id, journal.c.chain_number, journal.c.at)
        .where(BETWEEN)
        .order_by(journal.c.number)
    )
)

DROP_RECEIVED = Statement(
    lambda: delete(inbox).where(
        inbox.c.key.in_(
            select(inbox.c.key)
            .where(IS_ASIDE, inbox.c.received_at < bindparam("before"))
            .limit(bindparam("limit"))
        )
    )
)
NOTICES = Statement(
    lambda: (
        select(posts.c.id, posts.c.created_at)
        .where(posts.c.id > bindparam("after"))
        .order_by(posts.c.id)
        .limit(bindparam("limit"))
    )
)
EMPTY_NOTICES = Statement(
    lambda: (
        update(posts)
        .where(
            posts.c.id > bindparam("after"),
            posts.c.id <= bindparam("upto"),
            posts.c.due_at.is_(None),
            posts.c.created_at < bindparam("before"),
        )
        .values(body=bindparam("nothing"))
    )
)
