"""The tables of places outside the web: whose they are, what is said there, where it landed."""

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

# One place belongs to one session.
bindings = Table(
    "bindings",
    metadata,
    Column("place", Text, primary_key=True),
    Column("session_id", Text, ForeignKey("sessions.id"), nullable=False),
    Column("lane", Text, nullable=False),
    Column("head", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "session_id"),
)

landings = Table(
    "landings",
    metadata,
    Column("channel", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("request_id", Text),
    Column("session_id", Text),
    Column("person_id", Text),
    Column("post_id", Text),
    Column("surface_id", Text),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("channel", "key"),
    sqlite_with_rowid=False,
)

Index(
    "ix_landings_surface",
    landings.c.surface_id,
    **only("surface_id IS NOT NULL"),
)

posts = Table(
    "posts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("session_id", Text, ForeignKey("sessions.id")),
    Column("seq", BigInteger),
    Column("person_id", Text, ForeignKey("persons.id")),
    Column("body", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("due_at", BigInteger),
    Column("claim_owner", Text),
    Column("claim_number", BigInteger, nullable=False),
    Column("claim_until", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("last_error", Text),
    Column("landed", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
)

Index(
    "ix_posts_due",
    posts.c.due_at,
    **only("due_at IS NOT NULL"),
)

# What is still to be said of a place, in its order, however much was said before.
Index(
    "ix_posts_waiting",
    posts.c.place,
    posts.c.id,
    **only("due_at IS NOT NULL"),
)

Index(
    "ix_posts_sent",
    posts.c.place,
    posts.c.sent_at,
    **only("sent_at IS NOT NULL"),
)

Index(
    "ix_posts_dead",
    posts.c.id,
    **only("state = 'dead'"),
)

Index(
    "ix_posts_opening",
    posts.c.session_id,
    **only("kind = 'opening'"),
)

# Where a turn's streamed text stands until its message takes that place.
previews = Table(
    "previews",
    metadata,
    Column("turn_id", Text, primary_key=True),
    Column("place", Text, nullable=False),
    Column("landed", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index(None, "at"),
    sqlite_with_rowid=False,
)
