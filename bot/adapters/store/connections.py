"""One thread's PostgreSQL connection, and what a failed transaction on it means."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect

from bot.adapters.store.journal import Heads
from bot.adapters.store.runner import Runner
from bot.adapters.store.statements import Compiled, Statement
from bot.adapters.store.transaction import StoreTransaction
from bot.domain.errors import Conflict, HandraiseError, Invalid, Unavailable
from bot.service.ports.store import NOT_WRITABLE

T = TypeVar("T")
log = logging.getLogger(__name__)

TRIES = 6
"""How often a transaction is begun before its caller hears that it did not work."""

GIVE_UP = 12.0
"""Seconds after which it is not begun again."""

POSTGRES: Dialect = postgresql.psycopg.dialect(  # type: ignore[no-untyped-call]
    paramstyle="pyformat"
)
_PARAMETERS: Mapping[str, int | str] = {
    "application_name": "handraise",
    "connect_timeout": 5,
    # A peer that vanished without a word is noticed within half a minute.
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
# Whoever waits longer than this waits for something that is stuck; milliseconds.
_LIMITS = {
    "statement_timeout": "15000",
    "lock_timeout": "5000",
    "idle_in_transaction_session_timeout": "30000",
}
WRITES = "BEGIN ISOLATION LEVEL READ COMMITTED"
READS = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
"""One snapshot for the whole function, however many statements it runs."""

_BUSY = "The database is busy just now. Try again in a moment."
_DOWN = "The database cannot be reached just now. Try again in a moment."
_UNKNOWN = "The connection to the database broke while this was being stored. Send it again."


def conninfo(url: str) -> str:
    """Return libpq's connection string: what the URL says, and our defaults where it is silent."""
    try:
        return make_conninfo("", **{**_PARAMETERS, **conninfo_to_dict(url)})
    except psycopg.ProgrammingError:  # its text repeats the URL, with the password
        raise Invalid(
            "DATABASE_URL is not a PostgreSQL URL: postgresql://user:password@host/name."
        ) from None


class _Fate(Enum):
    """What a driver's error means for the transaction that met it."""

    AGAIN = "again"
    """Another transaction was in the way, or the connection: nothing was written, run it again."""
    REFUSED = "refused"
    """It will not work like this; nothing was written."""


class Connections:
    """Runs transactions on the calling thread's own connection, which is made when needed."""

    def __init__(self, conninfo: str, heads: Heads) -> None:
        self._conninfo = conninfo
        self._heads = heads
        self._compiled: dict[Statement, Compiled] = {}
        self._local = threading.local()
        self._open: set[_Connection] = set()
        self._guard = threading.Lock()

    def transact(
        self,
        begin: str,
        function: Callable[..., T],
        arguments: tuple[Any, ...],
        before_commit: Callable[[StoreTransaction, psycopg.Cursor[Any]], None] | None = None,
    ) -> T:
        """Run a function in a transaction, again where that can help.

        Raises what the function raises; `Unavailable`, `Conflict` or `Invalid` for the driver's
        errors. `Unavailable` with the code `outcome_unknown` when the connection broke during the
        commit: it is stored, or it is not.
        """
        end = time.monotonic() + GIVE_UP
        for attempt in range(TRIES):
            if attempt:
                # Spread, so that those who were in each other's way do not meet again.
                time.sleep(random.uniform(0.2, 1) * 0.01 * 2**attempt)  # noqa: S311
            try:
                return self._connection().transact(begin, function, arguments, before_commit)
            except psycopg.Error as error:
                # A server that only reads was the writing one before: look for that again.
                self._recover(drop=isinstance(error, errors.ReadOnlySqlTransaction))
                last = attempt == TRIES - 1 or time.monotonic() > end
                if last or _fate(error) is _Fate.REFUSED:
                    raise _translate(error) from None
            except BaseException:
                self._recover()
                raise
        raise Unavailable(_BUSY)

    def close(self) -> None:
        """Close every thread's connection; the threads have ended."""
        with self._guard:
            connections, self._open = self._open, set()
        for connection in connections:
            connection.close()

    def _connection(self) -> _Connection:
        connection: _Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = _Connection(
                self._conninfo, self._compiled, self._heads
            )
            with self._guard:
                self._open.add(connection)
        return connection

    def _recover(self, *, drop: bool = False) -> None:
        connection: _Connection | None = getattr(self._local, "connection", None)
        if connection is not None and (drop or not connection.recover()):
            del self._local.connection
            with self._guard:
                self._open.discard(connection)
            connection.close()


class _Connection:
    """A connection that says BEGIN and COMMIT itself: it must know when COMMIT was sent."""

    def __init__(self, conninfo: str, compiled: dict[Statement, Compiled], heads: Heads) -> None:
        self._connection = psycopg.connect(conninfo, autocommit=True)
        self._cursor = self._connection.cursor()
        for name, value in _LIMITS.items():
            self._cursor.execute("SELECT set_config(%s, %s, false)", (name, value))
        runner = Runner(self._cursor, POSTGRES, compiled, together=self._connection.pipeline)
        self._transaction = StoreTransaction(runner, heads)

    def transact(
        self,
        begin: str,
        function: Callable[..., T],
        arguments: tuple[Any, ...],
        before_commit: Callable[[StoreTransaction, psycopg.Cursor[Any]], None] | None,
    ) -> T:
        self._cursor.execute(begin)
        self._transaction.open()
        self._transaction.begin()
        result = function(self._transaction, *arguments)
        self._transaction.finish()
        self._transaction.end()
        if before_commit is not None:
            before_commit(self._transaction, self._cursor)
        try:
            self._cursor.execute("COMMIT")
        except psycopg.Error:
            if self._connection.closed:
                log.warning("the connection broke during a commit")
                raise Unavailable(_UNKNOWN, code="outcome_unknown") from None
            raise
        if self._cursor.statusmessage != "COMMIT":
            # The function went on after an error, and PostgreSQL made a ROLLBACK of the COMMIT.
            raise errors.InFailedSqlTransaction("a failed transaction was to be committed")
        return result

    def recover(self) -> bool:
        """Roll back what is open; False when the connection is of no use any more."""
        try:
            if self._connection.closed:
                return False
            self._cursor.execute("ROLLBACK")
        except psycopg.Error:
            return False
        return True

    def close(self) -> None:
        self._connection.close()


_AGAIN = (
    errors.SerializationFailure,
    errors.DeadlockDetected,
    # Two servers made the same thing at once: the next run finds it. (A receipt, above all.)
    errors.UniqueViolation,
    # The connection was lost, or led to a server that is going, coming or only reading.
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
    errors.TooManyConnections,
    errors.ReadOnlySqlTransaction,
    errors.IdleInTransactionSessionTimeout,
)


def _fate(error: psycopg.Error) -> _Fate:
    if isinstance(error, _AGAIN):
        return _Fate.AGAIN
    # Without a state it did not come from the server: the connection broke, or was not made.
    lost = isinstance(error, psycopg.OperationalError) and error.sqlstate is None
    return _Fate.AGAIN if lost else _Fate.REFUSED


def _translate(error: psycopg.Error) -> HandraiseError:
    """Return the error that leaves this adapter; the driver's text can hold people's data."""
    name = error.diag.constraint_name
    log.error("the database refused: %s %s %s", type(error).__name__, error.sqlstate, name or "")
    if isinstance(error, psycopg.IntegrityError):
        return Conflict("This clashes with what is stored already. Look at it again.")
    if isinstance(error, psycopg.DataError):
        return Invalid("This holds characters or numbers that cannot be stored.")
    if isinstance(error, (errors.DiskFull, errors.ReadOnlySqlTransaction)):
        return Unavailable(_BUSY, code=NOT_WRITABLE)
    if isinstance(error, (errors.LockNotAvailable, errors.QueryCanceled)) or error.sqlstate:
        return Unavailable(_BUSY)
    return Unavailable(_DOWN)
