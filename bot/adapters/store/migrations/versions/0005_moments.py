"""What time has made due is entered before it is applied, and known by its index alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "moments",
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("try_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", name="pk_moments"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_moments_try_at", "moments", ["try_at"])
    _cover("ix_requests_next", "requests", "next_at")
    _cover("ix_sessions_idle", "sessions", "idle_at")


def _cover(index: str, table: str, column: str) -> None:
    """Have an index hold the ids of its rows too."""
    has_one = sa.text(f"{column} IS NOT NULL")
    op.drop_index(index, table)
    op.create_index(index, table, [column, "id"], sqlite_where=has_one, postgresql_where=has_one)
