"""How keys and indexes are called, so that migrations can name them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import MetaData, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_WHERE = "where"


def only(where: str) -> dict[str, Any]:
    """Return what limits an index to some rows, on both databases."""
    return {"sqlite_where": text(where), "info": {_WHERE: where}}


def for_postgres() -> None:
    """Tell SQLAlchemy of PostgreSQL's limits: what is named for a dialect loads it at once."""
    for table in metadata.tables.values():
        for index in table.indexes:
            if _WHERE in index.info:
                index.dialect_options["postgresql"]["where"] = text(index.info[_WHERE])
