"""Hears other servers' announcements over one asynchronous PostgreSQL connection."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random

import psycopg

from bot.adapters.store.announcements import Announcements
from bot.adapters.store.notices import CHANNEL, received
from bot.service.ports.store import EVERYTHING, Topic

log = logging.getLogger(__name__)

HEARTBEAT = 30.0
"""Seconds of silence after which the connection is asked whether it still lives."""
LONGEST_PAUSE = 10.0


class Listening:
    """Keeps one LISTEN going; what was missed while it was down is told as `EVERYTHING`."""

    def __init__(self, conninfo: str, server: str, announcements: Announcements) -> None:
        self._conninfo = conninfo
        self._server = server
        self._announcements = announcements
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Return once announcements are heard; raises psycopg's errors when they cannot be."""
        connection = await self._connect()
        self._task = asyncio.create_task(self._keep(connection), name="store-listening")

    async def stop(self) -> None:
        """Stop hearing."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _connect(self) -> psycopg.AsyncConnection:
        connection = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
        try:
            await connection.execute(f"LISTEN {CHANNEL}")
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _keep(self, connection: psycopg.AsyncConnection) -> None:
        """Hear until cancelled, over one connection after the other."""
        while True:
            try:
                await self._hear(connection)
            except (psycopg.Error, TimeoutError) as error:
                log.warning("announcements are not heard any more: %s", type(error).__name__)
            finally:
                await connection.close()
            connection = await self._reconnect()
            topics = [topic for topic in Topic if topic is not Topic.EPHEMERAL]
            self._announcements.tell((topic, EVERYTHING) for topic in topics)

    async def _hear(self, connection: psycopg.AsyncConnection) -> None:
        while True:
            async for notice in connection.notifies(timeout=HEARTBEAT):
                self._announcements.tell(received(self._server, notice.payload))
            # Silence for a while: a peer that vanished says nothing either.
            async with asyncio.timeout(HEARTBEAT):
                await connection.execute("SELECT 1")

    async def _reconnect(self) -> psycopg.AsyncConnection:
        pause = 0.1
        while True:
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - not a secret
            try:
                connection = await self._connect()
            except (psycopg.Error, OSError):
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                log.info("announcements are heard again")
                return connection
