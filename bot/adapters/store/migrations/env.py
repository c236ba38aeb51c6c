"""Alembic's environment: runs migrations on the connection and in the transaction it is given."""

from __future__ import annotations

from alembic import context

from bot.adapters.store.schema import metadata
from bot.adapters.store.schema.naming import for_postgres

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("Migrations run when the server starts; there is nothing to run by hand.")

if connection.dialect.name == "postgresql":
    for_postgres()
context.configure(
    connection=connection,
    target_metadata=metadata,
    # SQLite changes little of a table in place: alembic then copies it.
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
