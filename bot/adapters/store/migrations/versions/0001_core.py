"""The first tables: people and accounts, sessions, questions, surfaces, feeds, the journal.

Written out rather than made from `schema`, which moves on while a migration must not.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_people()
    _create_conversations()
    _create_questions()
    _create_records()


def _where(condition: str) -> dict[str, Any]:
    """Make an index partial, on either database."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _create_people() -> None:
    op.create_table(
        "persons",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("feed_seq", sa.BigInteger(), nullable=False),
        sa.Column("merged_into", sa.Text()),
        sa.Column("working_hours", sa.Text()),
        sa.Column("away_from", sa.BigInteger()),
        sa.Column("away_until", sa.BigInteger()),
        sa.Column("delegate_id", sa.Text()),
        sa.Column("preferred_channel", sa.Text()),
        sa.Column("last_channel", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["delegate_id"], ["persons.id"], name="fk_persons_delegate_id"),
        sa.ForeignKeyConstraint(["merged_into"], ["persons.id"], name="fk_persons_merged_into"),
        sa.PrimaryKeyConstraint("id", name="pk_persons"),
    )
    op.create_index(
        "ix_persons_merged_into", "persons", ["merged_into"], **_where("merged_into IS NOT NULL")
    )
    op.create_table(
        "identities",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("verified_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_identities_person_id"),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_identities"),
    )
    op.create_index("ix_identities_person_id", "identities", ["person_id"])
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("username_key", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("verified_at", sa.BigInteger()),
        sa.Column("disabled_at", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_accounts_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("username_key", name="uq_accounts_username_key"),
    )
    op.create_index("ix_accounts_email_key", "accounts", ["email_key"])
    op.create_index("ix_accounts_person_id", "accounts", ["person_id"])
    op.create_table(
        "verification_codes",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts_left", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_verification_codes_account_id"
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_verification_codes"),
    )
    op.create_table(
        "token_families",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_token_families_account_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_token_families"),
    )
    op.create_index("ix_token_families_account_id", "token_families", ["account_id"])
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("family_id", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["family_id"], ["token_families.id"], name="fk_refresh_tokens_family_id"
        ),
        sa.PrimaryKeyConstraint("token_hash", name="pk_refresh_tokens"),
    )
    op.create_index("ix_refresh_tokens_family_id", "refresh_tokens", ["family_id"])


def _create_conversations() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("end_reason", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_active_at", sa.BigInteger(), nullable=False),
        sa.Column("message_seq", sa.BigInteger(), nullable=False),
        sa.Column("feed_seq", sa.BigInteger(), nullable=False),
        sa.Column("wake_seq", sa.BigInteger(), nullable=False),
        sa.Column("planned_seq", sa.BigInteger(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("summary_seq", sa.BigInteger(), nullable=False),
        sa.Column("open_questions", sa.Integer(), nullable=False),
        sa.Column("turn_due_at", sa.BigInteger()),
        sa.Column("claim_owner", sa.Text()),
        sa.Column("claim_number", sa.BigInteger(), nullable=False),
        sa.Column("claim_until", sa.BigInteger()),
        sa.Column("idle_at", sa.BigInteger()),
        sa.Column("warned", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["persons.id"], name="fk_sessions_owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
    )
    op.create_index("ix_sessions_idle", "sessions", ["idle_at"], **_where("idle_at IS NOT NULL"))
    op.create_index("ix_sessions_owner", "sessions", ["owner_id", "id"])
    op.create_index(
        "ix_sessions_owner_active", "sessions", ["owner_id"], **_where("state = 'active'")
    )
    op.create_index(
        "ix_sessions_turn_due", "sessions", ["turn_due_at"], **_where("turn_due_at IS NOT NULL")
    )
    op.create_table(
        "bindings",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_bindings_session_id"),
        sa.PrimaryKeyConstraint("channel", "place", name="pk_bindings"),
    )
    op.create_index("ix_bindings_session_id", "bindings", ["session_id"])
    op.create_table(
        "participants",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_participants_person_id"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_participants_session_id"),
        sa.PrimaryKeyConstraint("session_id", "person_id", name="pk_participants"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "contacts",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("allowed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_contacts_person_id"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_contacts_session_id"),
        sa.PrimaryKeyConstraint("session_id", "person_id", name="pk_contacts"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "messages",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text()),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.Text()),
        sa.Column("turn_id", sa.Text()),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_messages_person_id"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_messages_session_id"),
        sa.PrimaryKeyConstraint("session_id", "seq", name="pk_messages"),
    )


def _create_questions() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("asker_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("risk", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("multiple", sa.Integer(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("veto", sa.Integer(), nullable=False),
        sa.Column("urgent", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text()),
        sa.Column("timetable", sa.Text(), nullable=False),
        sa.Column("reminders_done", sa.Integer(), nullable=False),
        sa.Column("escalations_done", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger()),
        sa.Column("claimed_by", sa.Text()),
        sa.Column("replaces", sa.Text()),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_via", sa.Text()),
        sa.Column("outcome", sa.Text()),
        sa.ForeignKeyConstraint(["asker_id"], ["persons.id"], name="fk_requests_asker_id"),
        sa.ForeignKeyConstraint(["claimed_by"], ["persons.id"], name="fk_requests_claimed_by"),
        sa.ForeignKeyConstraint(["replaces"], ["requests.id"], name="fk_requests_replaces"),
        sa.ForeignKeyConstraint(["decided_by"], ["persons.id"], name="fk_requests_decided_by"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_requests_session_id"),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
    )
    op.create_index("ix_requests_asker_id_id", "requests", ["asker_id", "id"])
    op.create_index("ix_requests_next", "requests", ["next_at"], **_where("next_at IS NOT NULL"))
    op.create_index("ix_requests_session_id", "requests", ["session_id"])
    op.create_table(
        "recipients",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Text()),
        sa.ForeignKeyConstraint(["by_id"], ["persons.id"], name="fk_recipients_by_id"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_recipients_person_id"),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_recipients_request_id"),
        sa.PrimaryKeyConstraint("request_id", "person_id", name="pk_recipients"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_recipients_person_id_request_id", "recipients", ["person_id", "request_id"])
    op.create_table(
        "responses",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("raw_text", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text()),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("agrees", sa.Integer()),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_responses_person_id"),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_responses_request_id"),
        sa.PrimaryKeyConstraint("id", name="pk_responses"),
    )
    op.create_index("ix_responses_request_id", "responses", ["request_id"])
    op.create_table(
        "inbound",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("read_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_inbound"),
    )
    op.create_table(
        "surfaces",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("wanted_version", sa.Integer(), nullable=False),
        sa.Column("shown_version", sa.Integer(), nullable=False),
        sa.Column("seen_version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("claim_owner", sa.Text()),
        sa.Column("claim_number", sa.BigInteger(), nullable=False),
        sa.Column("claim_until", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.BigInteger()),
        sa.Column("last_error", sa.Text()),
        sa.Column("landed", sa.Text()),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_surfaces_person_id"),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_surfaces_request_id"),
        sa.PrimaryKeyConstraint("id", name="pk_surfaces"),
        sa.UniqueConstraint(
            "request_id",
            "person_id",
            "channel",
            "address",
            name="uq_surfaces_request_id_person_id_channel_address",
        ),
    )
    op.create_index("ix_surfaces_due", "surfaces", ["due_at"], **_where("due_at IS NOT NULL"))
    op.create_index("ix_surfaces_dead", "surfaces", ["request_id"], **_where("state = 'dead'"))
    op.create_table(
        "attempts",
        sa.Column("surface_id", sa.Text(), nullable=False),
        sa.Column("claim_number", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["surface_id"], ["surfaces.id"], name="fk_attempts_surface_id"),
        sa.PrimaryKeyConstraint("surface_id", "claim_number", name="pk_attempts"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "actions",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("tool", sa.Text(), nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("shown_digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("claim_owner", sa.Text()),
        sa.Column("claim_number", sa.BigInteger(), nullable=False),
        sa.Column("claim_until", sa.BigInteger()),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("finished_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_actions_request_id"),
        sa.PrimaryKeyConstraint("request_id", name="pk_actions"),
    )
    op.create_index("ix_actions_due", "actions", ["due_at"], **_where("due_at IS NOT NULL"))


def _create_records() -> None:
    op.create_table(
        "feed",
        sa.Column("feed_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "number", name="pk_feed"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "journal",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text()),
        sa.Column("request_id", sa.Text()),
        sa.Column("person_id", sa.Text()),
        sa.Column("channel", sa.Text()),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("chain_number", sa.Integer()),
        sa.Column("salt", sa.LargeBinary()),
        sa.Column("content_digest", sa.LargeBinary()),
        sa.Column("link", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("number", name="pk_journal"),
    )
    op.create_index("ix_journal_session_id", "journal", ["session_id"])
    op.create_index(
        "ix_journal_request", "journal", ["request_id"], **_where("request_id IS NOT NULL")
    )
    op.create_table(
        "journal_heads",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", name="pk_journal_heads"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "receipts",
        sa.Column("external_key", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("external_key", name="pk_receipts"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_receipts_at", "receipts", ["at"])
    op.create_table(
        "rates",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("tat", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_rates"),
        sqlite_with_rowid=False,
    )
