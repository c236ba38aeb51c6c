"""The servers that `bench.chat` talks to: a bare aiohttp echo, and Handraise as it is served."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from bench.chat_people import furnish
from bench.lateness import Lateness, Pieces
from bench.server_process import rss_mib
from bot.domain.planning import Plan, PlanContext, Reply, Spoken
from bot.service.ports.planner import ShowText
from bot.settings import Settings
from web.app import build_app
from web.footprint import collect_briefly, give_back
from web.logs import configure_logging
from web.reception import FrontDoor

MANY = 100_000
PEOPLE_FILE = "people.json"
WORDS = " It is being looked into; what was found so far is **not** much, and more will come."


def answer_to(text: str) -> str:
    """Return what the agent answers: it names what it answers to."""
    return f"[{text}]{WORDS}"


class InstantPlanner:
    """Streams an answer in four pieces, and takes no time of its own."""

    name = "instant"

    async def plan(self, context: PlanContext, show: ShowText) -> Plan:
        texts = [answer_to(line.text) for line in context.new_lines]
        text = "\n".join(texts)
        for part in (1, 2, 3, 4):
            show(text[: len(text) * part // 4])
        return Plan(steps=(Reply(text=text),))

    async def summarise(self, summary: str, messages: Sequence[Spoken]) -> str:
        return (summary + " " + messages[-1].text)[-1000:]

    async def name_session(self, text: str) -> str | None:  # noqa: ARG002 - the port
        return None

    async def aclose(self) -> None:
        pass


def handraise(folder: Path) -> web.AppRunner:
    """Return Handraise as `python -m web` runs it, with nobody limited and an instant planner."""
    settings = Settings.load(
        env_file=None,
        data_dir=folder,
        secret_key="the secret key of a benchmark, long enough",
        log_level="WARNING",
        access_token_minutes=600,
        rate_limit_per_user=MANY,
        rate_limit_per_session=MANY,
        rate_limit_per_person_channel=MANY,
    )
    return FrontDoor(build_app(settings, planner=InstantPlanner()))


def echo() -> web.AppRunner:
    """Return the least that answers a frame."""

    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data)
        return socket

    app = web.Application()
    app.router.add_get("/ws", serve)
    return web.AppRunner(app, access_log=None)


async def serve(which: str, folder: Path) -> None:
    """Serve until the standard input ends; the port is written to the standard output."""
    configure_logging("WARNING")  # as in production, to the standard error
    runner = handraise(folder) if which == "handraise" else echo()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    give_back()
    if which == "handraise":
        collect_briefly()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    loop, lateness, pieces = asyncio.get_running_loop(), Lateness(), Pieces()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        told: Any = None
        match line.split():
            case ["people", number]:
                await furnish(runner.app, int(number), folder / PEOPLE_FILE)
                give_back()
            case ["cpu"]:
                told = time.process_time()
            case ["rss"]:
                gc.collect()
                told = rss_mib(os.getpid())
            case ["late"]:
                lateness.start()
            case ["how-late"]:
                told = lateness.stop()
            case ["pieces"]:
                pieces.start()
            case ["which-pieces"]:
                told = pieces.stop()
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2])))
