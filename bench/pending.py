"""Any number of pending questions in a database, copied by SQL from one that was really asked."""

from __future__ import annotations

import asyncio
import cProfile
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import gcd
from typing import Any, Protocol

import psycopg

from bot.adapters.store.opening import make_store
from bot.adapters.store.schema import metadata
from bot.domain.commands import CHAT, Actor, StartSession
from bot.domain.feedback import Kind
from bot.domain.instants import DAY, HOUR, Micros
from bot.domain.journal import Entry
from bot.domain.person import Person
from bot.domain.planning import AskHuman
from bot.service.asking import Terms, ask
from bot.service.conversation import Conversation
from bot.service.identifiers import new_id
from bot.service.intake import Intake
from bot.service.limits import RateLimits
from bot.service.ports.accounts import Account
from bot.service.ports.store import Transaction
from bot.service.recipients import Asker
from bot.service.sweeper import Sweeper
from tests.clock import FakeClock

HOURS_TO_REMINDER = 24
"""Half of the 48 hours that a question waits."""
QUESTIONS_OF_A_SESSION = 10
PROFILED = 200
TABLES = ("requests", "recipients", "surfaces")


class _Connection(Protocol):
    def execute(self, sql: Any, /) -> Any: ...
    def commit(self) -> None: ...


class Pending:
    """The database, and the parts that sweep it; only the clock is not the product's."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._is_sqlite = url.startswith("sqlite")
        self.clock = FakeClock()
        self._next_due = 0
        self._count = 0

    async def open(self) -> None:
        """Open the store, and make the parts over it."""
        self._store = make_store(self._url)
        limits = RateLimits(per_user=10**6, per_session=10**6, per_person_channel=10**6)
        self._intake = Intake(store=self._store, clock=self.clock, limits=limits)
        self.sweeper = Sweeper(store=self._store, clock=self.clock, intake=self._intake)
        await self._store.open()

    async def close(self) -> None:
        """Close the store."""
        await self._store.close()

    async def fill(self, count: int) -> None:
        """Ask one question by the product's own code, and copy it `count` times."""
        await self.open()
        try:
            session_id, request_id = await self._asked()
        finally:
            await self.close()
        await asyncio.to_thread(self._copy, session_id, request_id, count)
        self._count = count

    async def _asked(self) -> tuple[str, str]:
        now = self.clock.now()
        people = [
            Person(id=new_id(), name=name, zone="UTC", feed_seq=0, merged_into=None, created_at=now)
            for name in ("ann", "bob")
        ]
        await self._store.run(_keep, people)
        started = await self._intake.submit(
            StartSession(external_key="start", actor=Actor(person_id=people[0].id, channel=CHAT))
        )
        assert started.session_id is not None
        request_id = await self._store.run(_ask, started.session_id, people[0].id, now)
        return started.session_id, request_id

    def _copy(self, session_id: str, request_id: str, count: int) -> None:
        """Copy a session and a question with its rows; only ids and times differ."""
        later = self.clock.now() + (HOURS_TO_REMINDER + 6) * HOUR
        number = "printf('%012d', n.i)" if self._is_sqlite else "lpad(n.i::text, 12, '0')"
        group = f"CAST(n.i / {QUESTIONS_OF_A_SESSION} AS text)"
        new = {
            "requests": {
                "id": number,
                "session_id": f"'s' || {group}",
                # Each at its own moment, all of them later than what will be due.
                "next_at": f"{later} + n.i",
            },
            "recipients": {"request_id": number},
            "surfaces": {"id": f"'f' || {number}", "request_id": number, "due_at": "NULL"},
        }
        with self._connection() as connection:
            sessions = count // QUESTIONS_OF_A_SESSION + 1
            changed = {"id": "'s' || CAST(n.i AS text)"}
            _insert(connection, "sessions", changed, f"id = '{session_id}'", sessions)
            for table in TABLES:
                key = "id" if table == "requests" else "request_id"
                _insert(connection, table, new[table], f"{key} = '{request_id}'", count)
            # The one they were copied from is not to be swept.
            connection.execute(f"UPDATE requests SET next_at = {later} WHERE id = '{request_id}'")
            connection.commit()
            connection.execute("ANALYZE")
            connection.commit()

    async def make_due(self, due: int) -> None:
        """Let `due` questions be due now that were not before, spread over the whole table."""
        # No divisor in common, so that no number comes twice; near the golden section, so that
        # they lie far apart.
        step = int(self._count * 0.618)
        while gcd(step, self._count) != 1:
            step += 1
        first, self._next_due = self._next_due, self._next_due + due
        ids = [f"{i * step % self._count:012d}" for i in range(first, first + due)]
        now = self.clock.now()
        await self._store.run(_begin_journals, ids, now)
        listed = ", ".join(f"'{id_}'" for id_ in ids)
        await asyncio.to_thread(
            self._run, f"UPDATE requests SET next_at = {now} WHERE id IN ({listed})"
        )

    def _run(self, sql: str) -> None:
        with self._connection() as connection:
            connection.execute(sql)
            connection.commit()
            if not self._is_sqlite:
                # As its autovacuum does within a minute: without it, a table that was empty when
                # it was looked at last is read from end to end.
                connection.execute("ANALYZE")
                connection.commit()

    async def find(self) -> bool:
        """Tell whether anything is due, as a sweep finds out."""
        return await self._store.read(lambda tx: tx.moments.is_behind(self.clock.now()))

    async def profiled(self, profiler: cProfile.Profile) -> None:
        """Apply what is due in the calls of one transaction, under a profiler."""
        await self.sweeper.enter()
        moments = await self._store.read(lambda tx: tx.moments.waiting(self.clock.now(), PROFILED))

        def apply(tx: Transaction) -> None:
            profiler.enable()
            self._intake._apply_all(tx, moments)
            profiler.disable()

        await self._store.run(apply)

    @contextmanager
    def _connection(self) -> Iterator[_Connection]:
        """Open a connection of our own, which does not check foreign keys."""
        connection: Any
        if self._is_sqlite:
            connection = sqlite3.connect(self._url.removeprefix("sqlite:///"))
            connection.execute("PRAGMA cache_size = -200000")
        else:
            connection = psycopg.connect(self._url)
            connection.execute("SET session_replication_role = replica")
        try:
            yield connection
        finally:
            connection.close()


def _insert(
    connection: _Connection, table: str, changed: dict[str, str], where: str, count: int
) -> None:
    columns = [column.name for column in metadata.tables[table].columns]
    values = ", ".join(changed.get(name, f"t.{name}") for name in columns)
    connection.execute(
        f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {count}) "
        f"INSERT INTO {table} ({', '.join(columns)}) "
        f"SELECT {values} FROM n, {table} AS t WHERE t.{where}"
    )


def _begin_journals(tx: Transaction, ids: Sequence[str], now: Micros) -> None:
    """Give copied questions the journal that a question has from the moment it is asked."""
    for id_ in ids:
        request = tx.requests.get(id_)
        assert request is not None
        entry = Entry(kind="request.asked", at=now, session_id=request.session_id, request_id=id_)
        tx.journal.add(entry)


def _keep(tx: Transaction, people: Sequence[Person]) -> None:
    for person in people:
        tx.people.add(person)
        tx.accounts.add(
            Account(
                id=person.id,
                person_id=person.id,
                username=person.name,
                email=f"{person.name}@example.org",
                password_hash="x",
                verified_at=person.created_at,
                disabled_at=None,
                created_at=person.created_at,
            )
        )
        tx.people.add_identity("email", f"{person.name}@example.org", person.id, person.created_at)


def _ask(tx: Transaction, session_id: str, owner_id: str, now: Micros) -> str:
    session = tx.sessions.lock(session_id)
    assert session is not None
    conversation = Conversation(tx, session, now, DAY)
    step = AskHuman(people=("bob",), question="Ship it?", kind=Kind.APPROVAL)
    asker = Asker(person_id=owner_id, words=["ask bob"], turn_id="turn")
    request = ask(tx, conversation, step, asker, now, Terms(feedback_timeout=2 * DAY))
    conversation.save()
    return request.id
