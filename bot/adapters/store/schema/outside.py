"""The tables of dealing with other services: what came in, secrets, leases, links, who is there."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from bot.adapters.store.schema.naming import metadata, only

inbox = Table(
    "inbox",
    metadata,
    Column("key", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("due_at", BigInteger),
    Column("claim_owner", Text),
    Column("claim_number", BigInteger, nullable=False),
    Column("claim_until", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text),
    Column("received_at", BigInteger, nullable=False),
    Column("done", Integer, nullable=False),
)

Index(
    "ix_inbox_due",
    inbox.c.due_at,
    **only("due_at IS NOT NULL"),
)

Index(
    "ix_inbox_aside",
    inbox.c.received_at,
    **only("due_at IS NULL AND done = 0"),
)

Index(
    "ix_inbox_done",
    inbox.c.received_at,
    **only("done = 1"),
)

vault = Table(
    "vault",
    metadata,
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", BigInteger),
    Column("updated_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("kind", "key"),
)

Index(
    "ix_vault_expires",
    vault.c.expires_at,
    **only("expires_at IS NOT NULL"),
)

marks = Table(
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# A row stays when its lease was given back, so that the number never starts anew.
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

links = Table(
    "links",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("request_id", Text, ForeignKey("requests.id"), nullable=False),
    Column("person_id", Text, ForeignKey("persons.id"), nullable=False),
    Column("address", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Index(None, "expires_at"),
    sqlite_with_rowid=False,
)

# The last four are what is searched for: folded, and NULL where there is nothing to find.
directory = Table(
    "directory",
    metadata,
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("handle", Text, nullable=False),
    Column("email", Text),
    Column("zone", Text),
    Column("is_person", Integer, nullable=False),
    Column("why_not", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("name_key", Text),
    Column("handle_key", Text),
    Column("first_key", Text),
    Column("email_key", Text),
    PrimaryKeyConstraint("kind", "key"),
    Index(None, "name_key"),
    Index(None, "handle_key"),
    Index(None, "first_key"),
    Index(None, "email_key"),
)
