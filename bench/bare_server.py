"""The least aiohttp server, whose memory is what the real one is compared with."""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web


async def _hello(request: web.Request) -> web.Response:
    del request
    return web.json_response({"status": "ok"})


async def _serve(port: int) -> None:
    app = web.Application()
    app.router.add_get("/health", _hello)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
