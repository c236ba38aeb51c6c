"""Statements: written once in SQLAlchemy Core, compiled once per dialect, run on the driver."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Protocol, TypeVar

from sqlalchemy import Select, Table, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.expression import ClauseElement, ColumnElement

R = TypeVar("R")

Row = tuple[Any, ...]
Parameters = Mapping[str, Any]

SQLITE: Dialect = sqlite.dialect(paramstyle="named")
POSTGRES: Dialect = postgresql.psycopg.dialect(  # type: ignore[no-untyped-call]
    paramstyle="pyformat"
)


class Statement:
    """One statement; its Core form is built on first use, for either dialect."""

    __slots__ = ("_build",)

    def __init__(self, build: Callable[[], ClauseElement]) -> None:
        self._build = build

    def compile(self, dialect: Dialect) -> str:
        """Return the SQL text; every value in it is a named parameter or a literal."""
        compiled = self._build().compile(dialect=dialect)
        text = str(compiled)
        for name, value in compiled.params.items():
            if value is None:
                continue
            if not isinstance(value, int):  # a value slipped in where a bindparam belongs
                raise ValueError(f"statement binds a value of its own: {name}")
            # Core's own constants, such as the OFFSET 0 that it adds to SQLite's LIMIT.
            mark = re.escape(dialect_mark(dialect, name)) + r"(?!\w)"
            text = re.sub(mark, str(value), text)
        return text


def dialect_mark(dialect: Dialect, name: str) -> str:
    """Return how a parameter is written in a dialect's SQL."""
    return f":{name}" if dialect.paramstyle == "named" else f"%({name})s"


class Cursor(Protocol):
    """What both drivers' cursors can do."""

    @property
    def rowcount(self) -> int: ...
    def execute(self, sql: Any, parameters: Any = ..., /) -> Any: ...
    def executemany(self, sql: Any, parameters: Any, /) -> Any: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> Any: ...


class Runner:
    """Runs statements on one cursor; holds the compiled texts of its dialect."""

    __slots__ = ("_cursor", "_dialect", "_texts")

    def __init__(self, cursor: Cursor, dialect: Dialect, texts: dict[Statement, str]) -> None:
        self._cursor = cursor
        self._dialect = dialect
        self._texts = texts

    def _text(self, statement: Statement) -> str:
        text = self._texts.get(statement)
        if text is None:
            text = self._texts[statement] = statement.compile(self._dialect)
        return text

    def run(self, statement: Statement, parameters: Parameters) -> int:
        """Run a write and return how many rows it touched."""
        self._cursor.execute(self._text(statement), parameters)
        return self._cursor.rowcount

    def run_each(self, statement: Statement, rows: Sequence[Parameters]) -> None:
        """Run a write for each row."""
        self._cursor.executemany(self._text(statement), rows)

    def one(self, statement: Statement, parameters: Parameters) -> Row | None:
        """Return the first row, or None."""
        self._cursor.execute(self._text(statement), parameters)
        row: Row | None = self._cursor.fetchone()
        return row

    def all(self, statement: Statement, parameters: Parameters) -> list[Row]:
        """Return every row."""
        self._cursor.execute(self._text(statement), parameters)
        rows: list[Row] = self._cursor.fetchall()
        return rows


def insert_into(table: Table, *, without: tuple[str, ...] = ()) -> Statement:
    """Insert one row, a parameter for each column by its name, but those the database sets."""
    return Statement(
        lambda: (
            insert(table)
            .inline()
            .values({c.name: bindparam(c.name) for c in table.c if c.name not in without})
        )
    )


def names(record: type[Any]) -> list[str]:
    """Return a record's field names, which are its columns'."""
    return [field.name for field in fields(record)]


def columns(table: Table, wanted: Iterable[str]) -> Select[Any]:
    """Select these columns, in this order."""
    return select(*(table.c[name] for name in wanted))


def update_by_id(table: Table, changed: Iterable[str]) -> Statement:
    """Set these columns of the row with parameter `id`."""
    return Statement(
        lambda: (
            update(table)
            .where(table.c.id == bindparam("id"))
            .values({name: bindparam(name) for name in changed})
        )
    )


def where(table: Table, wanted: Iterable[str], *conditions: ColumnElement[bool]) -> Statement:
    """Select columns by conditions."""
    return Statement(lambda: columns(table, wanted).where(*conditions))


def locked(table: Table, wanted: Iterable[str], *conditions: ColumnElement[bool]) -> Statement:
    """Select columns by conditions, holding the rows until the commit.

    FOR NO KEY UPDATE, so that rows which refer to these can still be inserted. SQLite has one
    writer at a time and leaves it out.
    """
    return Statement(
        lambda: columns(table, wanted).where(*conditions).with_for_update(key_share=True)
    )
