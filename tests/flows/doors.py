"""The application behind its real door, and bytes to knock with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from web.reception import FrontDoor


@dataclass
class Door:
    """A served application, to which raw bytes can be sent."""

    port: int

    async def says(self, sent: bytes, *more: bytes, pause: float = 0.0) -> bytes:
        """Return all that comes back until the other side closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            async with asyncio.timeout(20):
                for piece in (sent, *more):
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(pause)
                return await reader.read()
        except ConnectionError:
            return b""
        finally:
            writer.close()


@asynccontextmanager
async def opened(app: web.Application) -> AsyncIterator[Door]:
    runner = FrontDoor(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Door(port=runner.addresses[0][1])
    finally:
        await runner.cleanup()
