"""The tables of people: who they are, how they sign in, how they can be reached."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from bot.adapters.store.schema.naming import metadata, only

persons = Table(
    "persons",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("feed_seq", BigInteger, nullable=False),
    Column("merged_into", Text, ForeignKey("persons.id")),
    Column("working_hours", Text),
    Column("away_from", BigInteger),
    Column("away_until", BigInteger),
    Column("delegate_id", Text, ForeignKey("persons.id")),
    Column("preferred_channel", Text),
    Column("last_channel", Text),
    Column("created_at", BigInteger, nullable=False),
)

Index(
    "ix_persons_merged_into",
    persons.c.merged_into,
    **only("merged_into IS NOT NULL"),
)

# Only proven ones: an address or a Slack user stands here once, for one person.
identities = Table(
    "identities",
    metadata,
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("person_id", Text, ForeignKey("persons.id"), nullable=False),
    Column("verified_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("kind", "key"),
    Index(None, "person_id"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person_id", Text, ForeignKey("persons.id"), nullable=False),
    Column("username", Text, nullable=False),
    Column("username_key", Text, nullable=False, unique=True),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("verified_at", BigInteger),
    Column("disabled_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("is_admin", Integer, nullable=False, server_default="0"),
    Index(None, "email_key"),
    Index(None, "person_id"),
)

Index(
    "ix_accounts_admin",
    accounts.c.id,
    **only("is_admin = 1"),
)

verification_codes = Table(
    "verification_codes",
    metadata,
    Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True),
    Column("code_hash", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("attempts_left", Integer, nullable=False),
    Column("sent_at", BigInteger, nullable=False),
)

# A sign-in: every refresh token that came of it belongs to its family.
token_families = Table(
    "token_families",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("seen_at", BigInteger),
    Column("user_agent", Text, nullable=False, server_default=""),
    Index(None, "account_id"),
)

# What lets whoever holds it do one thing once: join, set a password, become an administrator.
tickets = Table(
    "tickets",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("account_id", Text, ForeignKey("accounts.id")),
    Column("email", Text),
    Column("made_by", Text, ForeignKey("persons.id")),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index(None, "account_id"),
    Index(None, "expires_at"),
    Index("ix_tickets_purpose", "purpose", "created_at"),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("family_id", Text, ForeignKey("token_families.id"), nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Index(None, "family_id"),
)
