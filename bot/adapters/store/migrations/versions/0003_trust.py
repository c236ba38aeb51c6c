"""Administrators, what a sign-in looks like to its owner, and tickets that let one thing happen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "accounts", sa.Column("is_admin", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("token_families", sa.Column("seen_at", sa.BigInteger()))
    op.create_index(
        "ix_accounts_admin",
        "accounts",
        ["id"],
        sqlite_where=sa.text("is_admin = 1"),
        postgresql_where=sa.text("is_admin = 1"),
    )
    op.add_column(
        "token_families", sa.Column("user_agent", sa.Text(), nullable=False, server_default="")
    )
    op.create_table(
        "tickets",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("made_by", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_tickets_account_id"),
        sa.ForeignKeyConstraint(["made_by"], ["persons.id"], name="fk_tickets_made_by"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_tickets"),
    )
    op.create_index("ix_tickets_account_id", "tickets", ["account_id"])
    op.create_index("ix_tickets_expires_at", "tickets", ["expires_at"])
    op.create_index("ix_tickets_purpose", "tickets", ["purpose", "created_at"])
