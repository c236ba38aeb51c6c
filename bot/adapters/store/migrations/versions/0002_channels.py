"""Channels outside the web: their places, what is said there, what came in, secrets, a directory.

No table of bindings was ever written to before this, so it is made anew.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("sessions", "messages", "requests"):
        op.add_column(table, sa.Column("place", sa.Text()))
    op.drop_table("bindings")
    _create_places()
    _create_posts()
    _create_inbox()
    _create_vault()
    _create_directory()


def _where(condition: str) -> dict[str, Any]:
    """Make an index partial, on either database."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _create_places() -> None:
    op.create_table(
        "bindings",
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_bindings_session_id"),
        sa.PrimaryKeyConstraint("place", name="pk_bindings"),
    )
    op.create_index("ix_bindings_session_id", "bindings", ["session_id"])
    op.create_table(
        "landings",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text()),
        sa.Column("session_id", sa.Text()),
        sa.Column("person_id", sa.Text()),
        sa.Column("post_id", sa.Text()),
        sa.Column("surface_id", sa.Text()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "key", name="pk_landings"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_landings_surface", "landings", ["surface_id"], **_where("surface_id IS NOT NULL")
    )
    op.create_table(
        "previews",
        sa.Column("turn_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("landed", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("turn_id", name="pk_previews"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_previews_at", "previews", ["at"])


def _create_posts() -> None:
    op.create_table(
        "posts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text()),
        sa.Column("seq", sa.BigInteger()),
        sa.Column("person_id", sa.Text()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("claim_owner", sa.Text()),
        sa.Column("claim_number", sa.BigInteger(), nullable=False),
        sa.Column("claim_until", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("landed", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_posts_person_id"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_posts_session_id"),
        sa.PrimaryKeyConstraint("id", name="pk_posts"),
    )
    op.create_index("ix_posts_due", "posts", ["due_at"], **_where("due_at IS NOT NULL"))
    op.create_index("ix_posts_waiting", "posts", ["place", "id"], **_where("due_at IS NOT NULL"))
    op.create_index("ix_posts_sent", "posts", ["place", "sent_at"], **_where("sent_at IS NOT NULL"))
    op.create_index("ix_posts_dead", "posts", ["id"], **_where("state = 'dead'"))


def _create_inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("claim_owner", sa.Text()),
        sa.Column("claim_number", sa.BigInteger(), nullable=False),
        sa.Column("claim_until", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_inbox"),
    )
    op.create_index("ix_inbox_due", "inbox", ["due_at"], **_where("due_at IS NOT NULL"))
    op.create_index(
        "ix_inbox_aside", "inbox", ["received_at"], **_where("due_at IS NULL AND done = 0")
    )
    op.create_index("ix_inbox_done", "inbox", ["received_at"], **_where("done = 1"))


def _create_vault() -> None:
    op.create_table(
        "vault",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_vault"),
    )
    op.create_index("ix_vault_expires", "vault", ["expires_at"], **_where("expires_at IS NOT NULL"))
    op.create_table(
        "marks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_marks"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "links",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_links_person_id"),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_links_request_id"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_links"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_links_expires_at", "links", ["expires_at"])


def _create_directory() -> None:
    op.create_table(
        "directory",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("zone", sa.Text()),
        sa.Column("is_person", sa.Integer(), nullable=False),
        sa.Column("why_not", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("name_key", sa.Text()),
        sa.Column("handle_key", sa.Text()),
        sa.Column("first_key", sa.Text()),
        sa.Column("email_key", sa.Text()),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_directory"),
    )
    for column in ("name_key", "handle_key", "first_key", "email_key"):
        op.create_index(f"ix_directory_{column}", "directory", [column])
