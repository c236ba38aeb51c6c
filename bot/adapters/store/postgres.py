"""The store that scales out: PostgreSQL, shared by several servers.

Transactions run on psycopg's synchronous connections in threads; announcements travel by NOTIFY
inside the transaction, so that other servers hear of what was committed and of nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg

from bot.adapters.store.announcements import Announcements, follow
from bot.adapters.store.connections import READS, WRITES, Connections, conninfo
from bot.adapters.store.journal import Heads
from bot.adapters.store.listening import Listening
from bot.adapters.store.migration import migrate_postgres
from bot.adapters.store.notices import CHANNEL, fits, payloads
from bot.adapters.store.previews import Previews
from bot.adapters.store.transaction import Announcement, StoreTransaction
from bot.domain.chain import Signer
from bot.domain.errors import HandraiseError, Unavailable
from bot.service.identifiers import new_id
from bot.service.ports.store import Listener, Topic

T = TypeVar("T")
log = logging.getLogger(__name__)

WRITERS = 8
READERS = 4
"""Their own threads: a row that is waited for must not hold up who only looks."""


class PostgresStore:
    """Implements the port `Store`; any number of servers may open the same database."""

    def __init__(
        self,
        url: str,
        *,
        journal_key: bytes = b"",
        former_journal_keys: Sequence[bytes] = (),
        writers: int = WRITERS,
        readers: int = READERS,
    ) -> None:
        """`journal_key` signs the journal's heads; without one they prove nothing."""
        self._conninfo = conninfo(url)
        self._server = new_id()
        signer = Signer(journal_key, former_journal_keys)
        self._connections = Connections(self._conninfo, Heads(signer))
        self._announcements = Announcements()
        self._listening = Listening(self._conninfo, self._server, self._announcements)
        self._previews = Previews(lambda key: fits(self._server, (Topic.EPHEMERAL, key)))
        self._offered = asyncio.Event()
        self._sending: asyncio.Task[None] | None = None
        self._writers = ThreadPoolExecutor(writers, thread_name_prefix="store-writer")
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="store-reader")
        self._is_open = False

    async def open(self) -> None:
        """Bring the schema up to date and listen; `Unavailable` when nothing answers."""
        try:
            await asyncio.to_thread(self._migrate)
            await self._listening.start()
        except psycopg.Error as error:
            log.error("PostgreSQL cannot be used: %s", error)  # noqa: TRY400 - no trace
            raise Unavailable(
                "PostgreSQL cannot be reached or used. Check DATABASE_URL, and that the server "
                "runs and lets this user create tables."
            ) from None
        self._sending = asyncio.create_task(self._send_previews(), name="store-previews")
        self._is_open = True

    async def close(self) -> None:
        """Finish what runs, then close."""
        self._is_open = False
        if self._sending is not None:
            self._sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sending
            self._sending = None
        await self._listening.stop()
        await asyncio.to_thread(self._writers.shutdown)
        await asyncio.to_thread(self._readers.shutdown)
        self._connections.close()

    async def run(
        self, function: Callable[..., T], /, *args: Any, then: Callable[[T], None] | None = None
    ) -> T:
        """Run `function(transaction, *args)`; return its result after the commit."""
        loop = asyncio.get_running_loop()
        return await self._hop(self._writers, self._write, loop, function, args, then)

    async def run_soon(
        self, function: Callable[..., T], /, *args: Any, then: Callable[[T], None] | None = None
    ) -> T:
        """Run as `run` does: commits are not shared here."""
        return await self.run(function, *args, then=then)

    async def read(self, function: Callable[..., T], /, *args: Any) -> T:
        """Run a function that only reads, on one snapshot."""
        return await self._hop(self._readers, self._connections.transact, READS, function, args)

    def listen(self, topic: Topic, listener: Listener) -> Callable[[], None]:
        """Call `listener` for each announcement of `topic`; return how to stop."""
        return self._announcements.listen(topic, listener)

    def broadcast(self, key: str) -> None:
        """Tell this server's listeners now, and the other servers' at most five times a second."""
        self._announcements.tell([(Topic.EPHEMERAL, key)])
        self._previews.offer(key)
        self._offered.set()

    async def check(self) -> None:
        """Raise `Unavailable` unless the database answers a read."""
        await self.read(lambda tx: tx.people.get(""))

    async def _hop(self, pool: ThreadPoolExecutor, call: Callable[..., T], *arguments: Any) -> T:
        if not self._is_open:
            raise Unavailable("The database is closed.")
        return await asyncio.get_running_loop().run_in_executor(pool, call, *arguments)

    def _migrate(self) -> None:
        with psycopg.connect(self._conninfo) as connection:
            migrate_postgres(connection)

    def _write(
        self,
        loop: asyncio.AbstractEventLoop,
        function: Callable[..., T],
        args: tuple[Any, ...],
        then: Callable[[T], None] | None,
    ) -> T:
        announcements: dict[Announcement, None] = {}

        def notify(transaction: StoreTransaction, cursor: psycopg.Cursor[Any]) -> None:
            nonlocal announcements
            announcements = transaction.announcements
            for payload in payloads(self._server, announcements):
                cursor.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))

        result = self._connections.transact(WRITES, function, args, notify)
        # From here and not from the waiter, who may be gone: it is committed all the same.
        with contextlib.suppress(RuntimeError):  # the loop was closed
            if announcements:
                loop.call_soon_threadsafe(self._announcements.tell, announcements)
            if then is not None:
                loop.call_soon_threadsafe(follow, then, result)
        return result

    async def _send_previews(self) -> None:
        """Send what was offered, for ever, at the pace that `Previews` sets."""
        loop = asyncio.get_running_loop()
        while True:
            keys, pause = self._previews.take(loop.time())
            if keys:
                # Best effort: who missed one waits for the message.
                with contextlib.suppress(HandraiseError):
                    await self._hop(self._readers, self._notify_all, keys)
                continue
            self._offered.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._offered.wait(), pause)

    def _notify_all(self, keys: list[str]) -> None:
        def notify(_: StoreTransaction, cursor: psycopg.Cursor[Any]) -> None:
            for payload in payloads(self._server, [(Topic.EPHEMERAL, key) for key in keys]):
                cursor.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))

        self._connections.transact(WRITES, lambda _: None, (), notify)
