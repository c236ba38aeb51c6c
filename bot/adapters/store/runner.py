"""Runs statements on one cursor, and keeps back what can be written later.

A function's new rows, and its changes of whole rows, wait here until it ends: two changes of one
row are then one statement, and rows of one table go together. Whatever else is run first has
written what it depends on, so that nobody can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from contextlib import AbstractContextManager, nullcontext
from operator import attrgetter
from typing import Any, Protocol

from sqlalchemy.engine import Dialect

from bot.adapters.store.statements import Compiled, Parameters, Row, Statement, bits_of

Waiting = dict[Hashable, Parameters]
"""Rows that wait for one statement, by their keys."""


class Cursor(Protocol):
    """What both drivers' cursors can do."""

    @property
    def rowcount(self) -> int: ...
    def execute(self, sql: Any, parameters: Any = ..., /) -> Any: ...
    def executemany(self, sql: Any, parameters: Any, /) -> Any: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> Any: ...


class Runner:
    """One connection's statements, those that wait, and who must hear of a table's changes."""

    __slots__ = (
        "_changes",
        "_compiled",
        "_cursor",
        "_dialect",
        "_forgetters",
        "_mark",
        "_together",
        "_waiting",
        "is_exclusive",
    )

    def __init__(
        self,
        cursor: Cursor,
        dialect: Dialect,
        compiled: dict[Statement, Compiled],
        *,
        is_exclusive: bool = False,
        together: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """`is_exclusive` says that nobody else writes while a transaction is open.

        `compiled` is shared by all connections of a dialect. What is written `together` may go to
        the database in one round trip.
        """
        self._cursor = cursor
        self._dialect = dialect
        self._compiled = compiled
        self._together = together
        self._waiting: dict[Compiled, Waiting] = {}
        self._changes = 0
        self._forgetters: list[tuple[int, Callable[[], None]]] = []
        self._mark: Callable[[], None] | None = None
        self.is_exclusive = is_exclusive

    def begin(self, mark: Callable[[], None] | None = None) -> None:
        """Begin a function; `mark` is called before anything is written that it may take back."""
        self._drop()
        self._mark = mark

    def end(self) -> None:
        """Write what waits: the function has done all that it will do."""
        self._mark = None
        if self._waiting:
            self._flush()

    def fail(self) -> None:
        """Drop what waits, and all that is known: the function is taken back."""
        self._drop()
        self.forget()

    def watch(self, name: str, forget: Callable[[], None]) -> None:
        """Call `forget` whenever what is known of a table or a column may be true no more."""
        self._forgetters.append((bits_of(name), forget))

    def forget(self) -> None:
        """Forget all that is known of any table."""
        for _, forget in self._forgetters:
            forget()

    def later(self, statement: Statement, key: Hashable, row: Parameters) -> None:
        """Write a row when the function ends, in place of one that waits under this key."""
        compiled = self._compiled.get(statement) or self._ready(statement)
        try:
            self._waiting[compiled][key] = row
        except KeyError:
            self._waiting[compiled] = {key: row}
            self._changes |= compiled.changes

    def waiting(self, statement: Statement) -> Mapping[Hashable, Parameters]:
        """Return the rows that wait for a statement."""
        return self._waiting.get(self._ready(statement), _NOTHING)

    def run(self, statement: Statement, parameters: Parameters) -> int:
        """Run a write now and return how many rows it touched."""
        self._execute(statement, parameters)
        return self._cursor.rowcount

    def one(
        self, statement: Statement, parameters: Parameters, *, keeps: bool = False
    ) -> Row | None:
        """Return the first row, or None; what `keeps` leaves all that is known true."""
        self._execute(statement, parameters, keeps=keeps)
        row: Row | None = self._cursor.fetchone()
        return row

    def all(self, statement: Statement, parameters: Parameters) -> list[Row]:
        """Return every row."""
        self._execute(statement, parameters)
        rows: list[Row] = self._cursor.fetchall()
        return rows

    def stored(self, statement: Statement, parameters: Parameters) -> list[Row]:
        """Return every row that is stored; the caller looks for those that wait."""
        compiled = self._ready(statement)
        self._cursor.execute(compiled.text, compiled.pick(parameters))
        rows: list[Row] = self._cursor.fetchall()
        return rows

    def _execute(
        self, statement: Statement, parameters: Parameters, *, keeps: bool = False
    ) -> None:
        compiled = self._ready(statement)
        if self._changes & compiled.touches:
            self._set_mark()
            self._flush()
        if compiled.table is not None:
            self._set_mark()
            if not keeps:
                for columns, forget in self._forgetters:
                    if columns & compiled.changes:
                        forget()
        self._cursor.execute(compiled.text, compiled.pick(parameters))

    def _ready(self, statement: Statement) -> Compiled:
        compiled = self._compiled.get(statement)
        if compiled is None:
            compiled = self._compiled[statement] = statement.compile(self._dialect)
        return compiled

    def _set_mark(self) -> None:
        if self._mark is not None:
            self._mark()
            self._mark = None

    def _drop(self) -> None:
        self._waiting = {}
        self._changes = 0

    def _flush(self) -> None:
        waiting, cursor = self._waiting, self._cursor
        self._drop()
        with self._together():
            for compiled in sorted(waiting, key=_rank):
                rows = [*map(compiled.pick, waiting[compiled].values())]
                if len(rows) == 1:
                    cursor.execute(compiled.text, rows[0])
                else:
                    cursor.executemany(compiled.text, rows)


_rank = attrgetter("rank")
_NOTHING: Waiting = {}
