"""Statements: written once in SQLAlchemy Core, compiled once per dialect."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import (
    Alias,
    Column,
    Delete,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    insert,
    select,
)
from sqlalchemy import update as update_of
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import visitors
from sqlalchemy.sql.expression import ClauseElement, ColumnElement

from bot.adapters.store.schema import metadata

E = TypeVar("E", bound=StrEnum)
Row = tuple[Any, ...]
Parameters = Mapping[str, Any]

SQLITE: Dialect = sqlite.dialect(paramstyle="named")
_TABLES = list(metadata.sorted_tables)
_BITS = {(t.name, c.name): 1 << n for n, (t, c) in enumerate((t, c) for t in _TABLES for c in t.c)}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Compiled:
    """A statement in one dialect's words, and which columns it has to do with, as sets of bits."""

    text: str
    pick: Callable[[Parameters], Row]
    """Puts named values into the order of the text's marks."""
    table: str | None
    """What it writes to; None when it only reads."""
    adds: bool
    """Whether it cannot be run twice with one key."""
    touches: int
    """The columns whose values it depends on."""
    changes: int
    rank: int
    """Where it comes among others that write: new rows first, parents before their children."""


class Statement:
    """One statement; its Core form is built on first use, for either dialect."""

    __slots__ = ("_build", "_changed")

    def __init__(
        self, build: Callable[[], ClauseElement], *, changed: Iterable[str] | None = None
    ) -> None:
        """Take how to build it; `changed` narrows which columns an update sets, None means any."""
        self._build = build
        self._changed = None if changed is None else tuple(changed)

    def compile(self, dialect: Dialect) -> Compiled:
        """Return its SQL; every value in it is a parameter, by its position, or a literal."""
        element = self._build()
        conflict: Any = getattr(element, "_post_values_clause", None)
        if conflict is not None:
            conflict.constraint_target = None  # what PostgreSQL's compiler asks an upsert for
        compiled = element.compile(dialect=dialect)
        order: list[str] = []

        def mark(match: re.Match[str]) -> str:
            name = match[1]
            value = compiled.params[name]
            if value is not None:
                # Core's own constants, such as the OFFSET 0 that it adds to SQLite's LIMIT.
                if not isinstance(value, int):  # a value slipped in where a bindparam belongs
                    raise ValueError(f"statement binds a value of its own: {name}")
                return str(value)
            order.append(name)
            return "?" if dialect.paramstyle == "named" else "%s"

        marks = r":({})(?!\w)" if dialect.paramstyle == "named" else r"%\(({})\)s"
        names = "|".join(sorted(map(re.escape, compiled.params), key=len, reverse=True))
        text = re.sub(marks.format(names), mark, str(compiled)) if names else str(compiled)
        table: Any = element.table if isinstance(element, Insert | Update | Delete) else None
        return Compiled(
            text=text,
            pick=_picker(order),
            table=None if table is None else str(table.name),
            adds=isinstance(element, Insert) and "ON CONFLICT" not in text,
            touches=_touched(element),
            changes=self._changes(table),
            rank=_rank(element, table),
        )

    def _changes(self, table: Any) -> int:
        if table is None:
            return 0
        changed = self._changed if self._changed is not None else [c.name for c in table.c]
        return _bits((table.name, name) for name in changed)


def _rank(element: ClauseElement, table: Any) -> int:
    after = 0 if isinstance(element, Insert) else len(_TABLES)
    return after if table is None else after + _TABLES.index(table)


def _picker(order: list[str]) -> Callable[[Parameters], Row]:
    match order:
        case []:
            return lambda _: ()
        case [name]:
            return lambda values: (values[name],)
    return itemgetter(*order)


def _bits(names: Iterable[tuple[str, str]]) -> int:
    bits = 0
    for name in names:
        bits |= _BITS[name]
    return bits


def bits_of(name: str) -> int:
    """Return a table's columns, or the one that is called `table.column`, as a set of bits."""
    table, _, column = name.partition(".")
    return _bits(key for key in _BITS if key[0] == table and column in ("", key[1]))


def _touched(element: ClauseElement) -> int:
    """Return which columns matter to a statement: what it names, and what its rows refer to."""
    if isinstance(element, Delete):
        return (1 << len(_BITS)) - 1  # and whatever refers to its rows
    found: set[tuple[str, str]] = set()
    for part in visitors.iterate(element):
        if isinstance(part, Column):
            table = part.table.element if isinstance(part.table, Alias) else part.table
            if isinstance(table, Table):  # else a subquery's, whose own columns come by themselves
                found.add((table.name, part.name))
        elif isinstance(part, Table):
            found.update((part.name, column.name) for column in part.primary_key)
    if isinstance(element, Insert | Update) and isinstance(element.table, Table):
        for column in element.table.c:
            found.add((element.table.name, column.name))
            found.update((key.column.table.name, key.column.name) for key in column.foreign_keys)
    return _bits(found)


def upsert(table: Table) -> sqlite.Insert:
    """Begin an INSERT … ON CONFLICT, which reads the same in both dialects.

    SQLite's construct compiles for PostgreSQL too, whose own would cost 2 MiB where it is not used.
    """
    return sqlite.insert(table)


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


def members(kind: type[E]) -> dict[str, E]:
    """Return an enumeration's members by their values: a third of the time that calling it takes.

    What is none of its values is a `KeyError`, where calling it is a `ValueError`.
    """
    return {str(member.value): member for member in kind}


def columns(table: Table, wanted: Iterable[str]) -> Select[Any]:
    """Select these columns, in this order."""
    return select(*(table.c[name] for name in wanted))


def update_by_id(table: Table, changed: Sequence[str]) -> Statement:
    """Set these columns of the row with parameter `id`."""
    return Statement(
        lambda: (
            update_of(table)
            .where(table.c.id == bindparam("id"))
            .values({name: bindparam(name) for name in changed})
        ),
        changed=changed,
    )


PORTION = 50
"""Keys that one statement looks for at once."""
_AMONG = tuple(f"among_{n}" for n in range(PORTION))


def among(column: Column[Any]) -> ColumnElement[bool]:
    """Match a portion of keys, as `portions` makes them."""
    return column.in_([bindparam(name) for name in _AMONG])


def portions(keys: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the parameters of `among`, in the order of the keys; the last one fills up."""
    wanted = sorted(set(keys))
    for start in range(0, len(wanted), PORTION):
        portion = wanted[start : start + PORTION]
        portion += portion[-1:] * (PORTION - len(portion))
        yield dict(zip(_AMONG, portion, strict=True))


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
