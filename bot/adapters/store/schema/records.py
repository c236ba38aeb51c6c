"""The tables of records: feeds, journal, receipts, moments, rates, how far channels were read."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from bot.adapters.store.schema.naming import metadata, only

# How far each channel that brings answers has been read.
inbound = Table(
    "inbound",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("read_until", BigInteger, nullable=False),
)

# One feed for each session and each person, numbered under that row's lock.
feed = Table(
    "feed",
    metadata,
    Column("feed_id", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("feed_id", "number"),
    sqlite_with_rowid=False,
)

journal = Table(
    "journal",
    metadata,
    # Orders a request's or a session's entries, since each is written under that row's lock; a
    # counter rather than a UUID, which would need a second tree in SQLite.
    Column(
        "number",
        BigInteger().with_variant(Integer(), "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("session_id", Text),
    Column("request_id", Text),
    Column("person_id", Text),
    Column("channel", Text),
    Column("data", Text, nullable=False),
    # A request's entries only: the salt, or the digest once the content was erased.
    Column("chain_number", Integer),
    Column("salt", LargeBinary),
    Column("content_digest", LargeBinary),
    Column("link", LargeBinary),
    Index(None, "session_id"),
)

Index(
    "ix_journal_request",
    journal.c.request_id,
    **only("request_id IS NOT NULL"),
)

# Where each request's chain ends, signed.
journal_heads = Table(
    "journal_heads",
    metadata,
    Column("request_id", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# The external key of each command that was applied, with what became of it.
receipts = Table(
    "receipts",
    metadata,
    Column("external_key", Text, primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index(None, "at"),
    sqlite_with_rowid=False,
)

# What time has made due and is not applied so far; one for each question or session.
moments = Table(
    "moments",
    metadata,
    Column("subject_id", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("try_at", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Index(None, "try_at"),
    sqlite_with_rowid=False,
)

rates = Table(
    "rates",
    metadata,
    Column("key", Text, primary_key=True),
    Column("tat", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
