"""The tables of questions: whom they went to, what came back, where they are shown."""

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
    UniqueConstraint,
)

from bot.adapters.store.schema.naming import metadata, only

requests = Table(
    "requests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("session_id", Text, ForeignKey("sessions.id"), nullable=False),
    Column("asker_id", Text, ForeignKey("persons.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("context", Text, nullable=False),
    Column("options", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("quorum", Integer, nullable=False),
    Column("risk", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("deadline", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("multiple", Integer, nullable=False),
    Column("fields", Text, nullable=False),
    Column("veto", Integer, nullable=False),
    Column("urgent", Integer, nullable=False),
    Column("action", Text),
    Column("timetable", Text, nullable=False),
    Column("reminders_done", Integer, nullable=False),
    Column("escalations_done", Integer, nullable=False),
    Column("next_at", BigInteger),
    Column("claimed_by", Text, ForeignKey("persons.id")),
    Column("replaces", Text, ForeignKey("requests.id")),
    Column("decided_at", BigInteger),
    Column("decided_by", Text, ForeignKey("persons.id")),
    Column("decided_via", Text),
    Column("outcome", Text),
    Column("place", Text),
    Index(None, "session_id"),
    Index(None, "asker_id", "id"),
)

# With the id, so that what is due is known without looking at rows that lie far apart.
Index(
    "ix_requests_next",
    requests.c.next_at,
    requests.c.id,
    **only("next_at IS NOT NULL"),
)

recipients = Table(
    "recipients",
    metadata,
    Column("request_id", Text, ForeignKey("requests.id"), nullable=False),
    Column("person_id", Text, ForeignKey("persons.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("part", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("by_id", Text, ForeignKey("persons.id")),
    PrimaryKeyConstraint("request_id", "person_id"),
    Index(None, "person_id", "request_id"),
    sqlite_with_rowid=False,
)

responses = Table(
    "responses",
    metadata,
    Column("id", Text, primary_key=True),
    Column("request_id", Text, ForeignKey("requests.id"), nullable=False),
    Column("person_id", Text, ForeignKey("persons.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("raw_text", Text, nullable=False),
    Column("answer", Text),
    Column("standing", Text, nullable=False),
    Column("agrees", Integer),
    Column("sent_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "request_id"),
)

surfaces = Table(
    "surfaces",
    metadata,
    Column("id", Text, primary_key=True),
    Column("request_id", Text, ForeignKey("requests.id"), nullable=False),
    Column("person_id", Text, ForeignKey("persons.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("wanted_version", Integer, nullable=False),
    Column("shown_version", Integer, nullable=False),
    Column("seen_version", Integer, nullable=False),
    Column("due_at", BigInteger),
    Column("claim_owner", Text),
    Column("claim_number", BigInteger, nullable=False),
    Column("claim_until", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("sent_at", BigInteger),
    Column("last_error", Text),
    Column("landed", Text),
    UniqueConstraint("request_id", "person_id", "channel", "address"),
)

Index(
    "ix_surfaces_due",
    surfaces.c.due_at,
    **only("due_at IS NOT NULL"),
)

Index(
    "ix_surfaces_dead",
    surfaces.c.request_id,
    **only("state = 'dead'"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("surface_id", Text, ForeignKey("surfaces.id"), nullable=False),
    Column("claim_number", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("surface_id", "claim_number"),
    sqlite_with_rowid=False,
)

# What was approved to run: written with the approval, ended by whoever ran it.
actions = Table(
    "actions",
    metadata,
    Column("request_id", Text, ForeignKey("requests.id"), primary_key=True),
    Column("tool", Text, nullable=False),
    Column("arguments", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("shown_digest", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("claim_owner", Text),
    Column("claim_number", BigInteger, nullable=False),
    Column("claim_until", BigInteger),
    Column("due_at", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("result", Text, nullable=False),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
)

Index(
    "ix_actions_due",
    actions.c.due_at,
    **only("due_at IS NOT NULL"),
)
