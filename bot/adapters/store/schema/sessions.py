"""The tables of sessions: the conversations, who takes part, what was said."""

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

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner_id", Text, ForeignKey("persons.id"), nullable=False),
    Column("title", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("end_reason", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("last_active_at", BigInteger, nullable=False),
    Column("message_seq", BigInteger, nullable=False),
    Column("feed_seq", BigInteger, nullable=False),
    Column("wake_seq", BigInteger, nullable=False),
    Column("planned_seq", BigInteger, nullable=False),
    Column("summary", Text, nullable=False),
    Column("summary_seq", BigInteger, nullable=False),
    Column("open_questions", Integer, nullable=False),
    Column("turn_due_at", BigInteger),
    Column("claim_owner", Text),
    Column("claim_number", BigInteger, nullable=False),
    Column("claim_until", BigInteger),
    Column("idle_at", BigInteger),
    Column("warned", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("place", Text),
)

Index("ix_sessions_owner", sessions.c.owner_id, sessions.c.id)

Index(
    "ix_sessions_owner_active",
    sessions.c.owner_id,
    **only("state = 'active'"),
)

Index(
    "ix_sessions_turn_due",
    sessions.c.turn_due_at,
    **only("turn_due_at IS NOT NULL"),
)

Index(
    "ix_sessions_idle",
    sessions.c.idle_at,
    sessions.c.id,
    **only("idle_at IS NOT NULL"),
)

participants = Table(
    "participants",
    metadata,
    Column("session_id", Text, ForeignKey("sessions.id"), nullable=False),
    Column("person_id", Text, ForeignKey("persons.id"), nullable=False),
    Column("role", Text, nullable=False),
    PrimaryKeyConstraint("session_id", "person_id"),
    sqlite_with_rowid=False,
)

# Whom a session may write to: named by its owner, or approved by them.
contacts = Table(
    "contacts",
    metadata,
    Column("session_id", Text, ForeignKey("sessions.id"), nullable=False),
    Column("person_id", Text, ForeignKey("persons.id"), nullable=False),
    Column("allowed_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("session_id", "person_id"),
    sqlite_with_rowid=False,
)

messages = Table(
    "messages",
    metadata,
    Column("session_id", Text, ForeignKey("sessions.id"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("person_id", Text, ForeignKey("persons.id")),
    Column("channel", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("request_id", Text),
    Column("turn_id", Text),
    Column("place", Text),
    PrimaryKeyConstraint("session_id", "seq"),
)
