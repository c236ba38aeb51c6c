"""The tables: the one description of what is stored, for both databases."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

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
    sqlite_where=text("merged_into IS NOT NULL"),
    postgresql_where=text("merged_into IS NOT NULL"),
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
    Index(None, "email_key"),
    Index(None, "person_id"),
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
    Index(None, "account_id"),
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
)
Index("ix_sessions_owner", sessions.c.owner_id, sessions.c.id)
Index(
    "ix_sessions_owner_active",
    sessions.c.owner_id,
    sqlite_where=text("state = 'active'"),
    postgresql_where=text("state = 'active'"),
)
Index(
    "ix_sessions_turn_due",
    sessions.c.turn_due_at,
    sqlite_where=text("turn_due_at IS NOT NULL"),
    postgresql_where=text("turn_due_at IS NOT NULL"),
)
Index(
    "ix_sessions_idle",
    sessions.c.idle_at,
    sqlite_where=text("idle_at IS NOT NULL"),
    postgresql_where=text("idle_at IS NOT NULL"),
)

# Where a session lives outside the web; one place belongs to one session.
bindings = Table(
    "bindings",
    metadata,
    Column("channel", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("session_id", Text, ForeignKey("sessions.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("channel", "place"),
    Index(None, "session_id"),
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
    PrimaryKeyConstraint("session_id", "seq"),
)

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
    Index(None, "session_id"),
    Index(None, "asker_id", "id"),
)
Index(
    "ix_requests_next",
    requests.c.next_at,
    sqlite_where=text("next_at IS NOT NULL"),
    postgresql_where=text("next_at IS NOT NULL"),
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
    sqlite_where=text("due_at IS NOT NULL"),
    postgresql_where=text("due_at IS NOT NULL"),
)
Index(
    "ix_surfaces_dead",
    surfaces.c.request_id,
    sqlite_where=text("state = 'dead'"),
    postgresql_where=text("state = 'dead'"),
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
    sqlite_where=text("due_at IS NOT NULL"),
    postgresql_where=text("due_at IS NOT NULL"),
)

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
    sqlite_where=text("request_id IS NOT NULL"),
    postgresql_where=text("request_id IS NOT NULL"),
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

rates = Table(
    "rates",
    metadata,
    Column("key", Text, primary_key=True),
    Column("tat", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
