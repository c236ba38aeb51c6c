"""Runs statements on one cursor, and keeps back what can be written later.

New rows, and changes of whole rows, wait here until the transaction ends: two changes of one row
are then one statement, and rows of one table go together, also those of several functions that
share a commit. Whatever else is run first has written what it depends on, so that nobody can tell.
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


class Entangled(Exception):
    """A function cannot be kept apart from what others left to be written before it.

    It changed what they add, or what they left cannot be written. Each is to have a transaction
    of its own.
    """


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
        "_undo",
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
        self._waiting: dict[Statement, Waiting] = {}
        self._changes = 0
        self._forgetters: list[tuple[int, Callable[[], None]]] = []
        self._mark: Callable[[], None] | None = None
        self._undo: list[tuple[Statement, Hashable, Parameters | None]] = []
        self.is_exclusive = is_exclusive

    def open(self) -> None:
        """Begin a transaction: whatever waits is of none."""
        self._drop()

    def begin(self, mark: Callable[[], None] | None = None) -> None:
        """Begin a function; `mark` is called before anything is written that it may take back.

        Without a mark it is the only function of its transaction, which is taken back with it.
        """
        self._mark = mark
        self._undo = []

    def end(self) -> None:
        """Write what waits: the transaction has done all that it will do."""
        self._mark = None
        if self._waiting:
            self._flush()

    def write(self) -> None:
        """Write what waits now: what follows may matter to it in a way that no column shows."""
        if self._waiting:
            self._set_mark()
            self._flush()

    def undo(self) -> None:
        """Drop what the function left to be written, and all that is known: it is taken back."""
        if self._mark is None:  # whatever came before it is written
            self._drop()
        else:
            self._take_back()
        self.forget()

    def fail(self) -> None:
        """Drop what waits, and all that is known: the transaction is taken back."""
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
        """Write a row when the transaction ends, in place of one that waits under this key."""
        rows = self._waiting.get(statement)
        if rows is None:
            rows = self._waiting[statement] = {}
            self._changes |= self._ready(statement).changes
        if self._mark is not None:
            self._undo.append((statement, key, rows.get(key)))
        rows[key] = row

    def waiting(self, statement: Statement) -> Mapping[Hashable, Parameters]:
        """Return the rows that wait for a statement."""
        return self._waiting.get(statement, _NOTHING)

    def row(
        self, statement: Statement, parameters: Parameters, key: Hashable, *writers: Statement
    ) -> Row | None:
        """Return the first row of a query that depends on nothing but the row with this key.

        Only when that very row waits for one of its `writers` is anything written first.
        """
        waiting = self._waiting
        for writer in writers:
            if writer in waiting and key in waiting[writer]:
                return self.one(statement, parameters)
        compiled = self._ready(statement)
        self._cursor.execute(compiled.text, compiled.pick(parameters))
        row: Row | None = self._cursor.fetchone()
        return row

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
        """Have what this function writes from now on apart from what others left to be written."""
        if self._mark is None:
            return
        before = {(statement, key): row for statement, key, row in reversed(self._undo)}
        if any(
            row is not None and self._ready(statement).adds
            for (statement, _), row in before.items()
        ):
            raise Entangled
        mine = self._take_back()
        if any(self._waiting.values()):
            try:
                self._flush()
            except Exception as error:
                # What was refused is others' and is gone from what waits, so they must run again.
                raise Entangled from error
        self._mark()
        self._mark = None
        for (statement, key), row in mine.items():
            self._waiting.setdefault(statement, {})[key] = row
            self._changes |= self._ready(statement).changes

    def _take_back(self) -> dict[tuple[Statement, Hashable], Parameters]:
        """Take out what this function left to be written, and return it."""
        waiting = self._waiting
        mine = {(statement, key): waiting[statement][key] for statement, key, _ in self._undo}
        while self._undo:
            statement, key, before = self._undo.pop()
            if before is None:
                del waiting[statement][key]
            else:
                waiting[statement][key] = before
        return mine

    def _drop(self) -> None:
        self._waiting = {}
        self._changes = 0
        self._undo = []

    def _flush(self) -> None:
        waiting = {self._ready(statement): rows for statement, rows in self._waiting.items()}
        cursor = self._cursor
        self._drop()
        with self._together():
            for compiled in sorted(waiting, key=_rank):
                rows = [*map(compiled.pick, waiting[compiled].values())]
                if len(rows) == 1:
                    cursor.execute(compiled.text, rows[0])
                elif rows:
                    cursor.executemany(compiled.text, rows)


_rank = attrgetter("rank")
_NOTHING: Waiting = {}
