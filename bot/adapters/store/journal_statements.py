"""The statements on the journal and on the heads of its chains."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select, union, update

from bot.adapters.store.schema import journal, journal_heads, requests
from bot.adapters.store.statements import (
    Statement,
    among,
    columns,
    insert_into,
    locked,
    names,
    upsert,
    where,
)
from bot.domain.chain import Head

ADD = insert_into(journal, without=("number",))
FIELDS = ["kind", "at", "session_id", "request_id", "person_id", "channel", "data"]
REFERENCES = ["session_id", "request_id", "person_id", "channel"]
CHAINING = ["chain_number", "salt", "content_digest", "link"]
UNCHAINED = dict.fromkeys(CHAINING)
RECORD_FIELDS = ["number", *FIELDS, *CHAINING]
OF_REQUEST = Statement(
    lambda: (
        columns(journal, FIELDS)
        .where(journal.c.request_id == bindparam("request_id"))
        .order_by(journal.c.number)
    )
)
OF_SESSION = Statement(
    lambda: (
        columns(journal, FIELDS)
        .where(journal.c.session_id == bindparam("session_id"))
        .order_by(journal.c.number)
    )
)
CHAINED = Statement(
    lambda: (
        columns(journal, RECORD_FIELDS)
        .where(journal.c.request_id == bindparam("request_id"))
        .order_by(journal.c.chain_number, journal.c.number)
    )
)
RECORDS = Statement(
    lambda: (
        columns(journal, RECORD_FIELDS)
        .where(
            journal.c.number > bindparam("after"),
            journal.c.at >= bindparam("since"),
            journal.c.at < bindparam("until"),
        )
        .order_by(journal.c.number)
        .limit(bindparam("limit"))
    )
)
ERASE = Statement(
    lambda: (
        update(journal)
        .where(
            journal.c.request_id == bindparam("of_request"),
            journal.c.chain_number == bindparam("of_number"),
        )
        .values({name: bindparam(name) for name in ("data", "salt", "content_digest")})
    )
)
LAST_LINK = Statement(
    lambda: (
        select(journal.c.link)
        .where(
            journal.c.request_id == bindparam("request_id"),
            journal.c.chain_number == bindparam("number"),
        )
        .order_by(journal.c.number.desc())
        .limit(bindparam("limit"))
    )
)

HEAD_FIELDS = names(Head)
OF_HEAD = journal_heads.c.request_id == bindparam("request_id")
HEAD = where(journal_heads, HEAD_FIELDS, OF_HEAD)
LOCK_HEAD = locked(journal_heads, HEAD_FIELDS, OF_HEAD)
HOLD = Statement(
    lambda: (
        select(
            journal_heads.c.request_id,
            *(journal_heads.c[name] for name in HEAD_FIELDS),
            journal.c.link,
        )
        .select_from(
            journal_heads.join(
                journal,
                (journal.c.request_id == journal_heads.c.request_id)
                & (journal.c.chain_number == journal_heads.c.count),
            )
        )
        .where(among(journal_heads.c.request_id))
        .order_by(journal_heads.c.request_id)
        .with_for_update(of=journal_heads, key_share=True)
    )
)
BEGIN = Statement(
    lambda: (
        upsert(journal_heads)
        .values({c.name: bindparam(c.name) for c in journal_heads.c})
        .on_conflict_do_nothing()
    )
)
# Only from where the caller thinks it is: what it remembers may have been rolled back.
PUT_HEAD = Statement(
    lambda: (
        upsert(journal_heads)
        .values({c.name: bindparam(c.name) for c in journal_heads.c})
        .on_conflict_do_update(
            index_elements=[journal_heads.c.request_id],
            set_={name: bindparam(name) for name in HEAD_FIELDS},
        )
    )
)
MOVE = Statement(
    lambda: (
        update(journal_heads)
        .where(
            journal_heads.c.request_id == bindparam("of_request"),
            journal_heads.c.count == bindparam("from_count"),
            journal_heads.c.signature == bindparam("from_signature"),
        )
        .values({name: bindparam(name) for name in HEAD_FIELDS})
    )
)


def _ids(table: Any, column: Any) -> Any:
    return select(column.label("id")).select_from(table).where(column > bindparam("after"))


def _known() -> Any:
    """Select the requests that have a chain or should have one: a lost one is looked for too."""
    found = union(
        _ids(requests, requests.c.id),
        _ids(journal_heads, journal_heads.c.request_id),
        _ids(journal, journal.c.request_id),
    ).subquery()
    return select(found.c.id).order_by(found.c.id).limit(bindparam("limit"))


KNOWN = Statement(_known)
SIGNED_BEFORE = Statement(
    lambda: (
        select(journal_heads.c.request_id)
        .where(
            journal_heads.c.request_id > bindparam("after"),
            journal_heads.c.key_id != bindparam("key_id"),
        )
        .order_by(journal_heads.c.request_id)
        .limit(bindparam("limit"))
    )
)
