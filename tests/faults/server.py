"""The second composition root: the real server with a place to die between any two writes.

Everything that tests need and production must not have is here: a trigger that ends or pauses the
process at a named point, a planner that takes its time, and leases of a second for the courier.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from aiohttp.web import Application

import web.__main__
import web.agent
import web.app
from bot.adapters.planner.rules import RulesPlanner
from bot.adapters.store import postgres, sqlite
from bot.domain.card import Card
from bot.domain.feedback import FeedbackRequest
from bot.domain.instants import SECOND, Micros
from bot.domain.planning import Plan, PlanContext
from bot.domain.surface import Surface
from bot.service import courier
from bot.service.breakers import Breakers
from bot.service.ports.channel import Delivery
from bot.service.ports.planner import ShowText
from bot.settings import Settings
from tests.faults.side_channel import SideChannel
from web.chat.channel import ChatChannel

T = TypeVar("T")

CONTROL = "control.json"
"""In the data folder: `{"point", "occurrence", "signal"}`; read once, when it is there."""
CLOCK = "clock.txt"
"""In the data folder: by how many microseconds the server's clock is ahead."""
TRAIL = "trail.txt"
"""In the data folder: the points that were passed since the control file was read."""

_WRITE = re.compile(
    r"(?:WITH .*?\) )?\s*(INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)", re.IGNORECASE | re.DOTALL
)


class Trigger:
    """Counts the points that are passed, and ends or pauses this process at one of them."""

    def __init__(self, folder: Path) -> None:
        self._control = folder / CONTROL
        self._trail = folder / TRAIL
        self._counts: Counter[str] = Counter()
        self._aim: Mapping[str, Any] | None = None
        self._guard = threading.Lock()

    def hit(self, point: str) -> None:
        """Pass a point."""
        with self._guard:
            if self._aim is None:
                if not self._control.exists():
                    return
                self._aim = json.loads(self._control.read_text())
            self._counts[point] += 1
            with self._trail.open("a") as trail:
                trail.write(f"{point}\n")
            aim = self._aim
            if aim["point"] == point and aim["occurrence"] == self._counts[point]:
                os.kill(os.getpid(), signal.Signals[aim["signal"]])


class JumpingClock:
    """The machine's clock, ahead by as many microseconds as a file in the data folder says."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / CLOCK
        self._ahead = 0
        self._read_at = 0.0

    def now(self) -> Micros:
        """Return UTC microseconds."""
        if time.monotonic() - self._read_at > 0.05:
            self._read_at = time.monotonic()
            text = self._file.read_text() if self._file.exists() else ""
            self._ahead = int(text) if text else self._ahead
        return time.time_ns() // 1_000 + self._ahead


class Watch:
    """What one cursor has written, and the points that it passes: between any two writes, and
    around each commit.
    """

    def __init__(self, trigger: Trigger) -> None:
        self._trigger = trigger
        self._wrote = ""

    def run(self, call: Callable[[], T], sql: object) -> T:
        """Run a statement by `call`."""
        text = str(sql)
        if text.startswith(("BEGIN", "ROLLBACK")) and "TO one" not in text:
            self._wrote = ""
        if text == "COMMIT" and self._wrote:
            wrote, self._wrote = self._wrote, ""
            self._trigger.hit(f"before the commit that ends with {wrote}")
            result = call()
            self._trigger.hit(f"after the commit that ends with {wrote}")
            return result
        write = _WRITE.match(text)
        if write is None:
            return call()
        what = f"{write[1].split()[0].lower()} {write[2]}"
        if not self._wrote:
            self._trigger.hit(f"before {what}, the first")
        result = call()
        self._wrote = what
        self._trigger.hit(f"after {what}")
        return result


def watch_drivers(trigger: Trigger) -> None:
    """Let every cursor that either driver makes from now on pass the trigger's points."""
    watches = WeakKeyDictionary[object, Watch]()

    def watch(cursor: object) -> Watch:
        return watches.setdefault(cursor, Watch(trigger))

    class LiteCursor(sqlite3.Cursor):
        def execute(self, sql: str, *rest: Any) -> Any:
            return watch(self).run(lambda: super(LiteCursor, self).execute(sql, *rest), sql)

        def executemany(self, sql: str, *rest: Any) -> Any:
            return watch(self).run(lambda: super(LiteCursor, self).executemany(sql, *rest), sql)

    class LiteConnection(sqlite3.Connection):
        def cursor(self, factory: Any = LiteCursor) -> Any:
            return super().cursor(factory)

    class PostgresCursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, *rest: Any, **named: Any) -> Any:
            return watch(self).run(
                lambda: super(PostgresCursor, self).execute(query, *rest, **named), query
            )

        def executemany(self, query: Any, *rest: Any, **named: Any) -> None:
            watch(self).run(
                lambda: super(PostgresCursor, self).executemany(query, *rest, **named), query
            )

    driver: Any = sqlite3
    driver.connect = partial(sqlite3.connect, factory=LiteConnection)
    driver = psycopg
    driver.connect = partial(psycopg.connect, cursor_factory=PostgresCursor)


class SlowPlanner(RulesPlanner):
    """The rules, after `seconds`, with a point on either side."""

    def __init__(self, trigger: Trigger, seconds: float) -> None:
        super().__init__()
        self._trigger = trigger
        self._seconds = seconds

    async def plan(self, context: PlanContext, show: ShowText) -> Plan:
        """Plan as the rules do."""
        self._trigger.hit("before the planner")
        await asyncio.sleep(self._seconds)
        plan = await super().plan(context, show)
        self._trigger.hit("after the planner")
        return plan


def install(folder: Path, planner_seconds: float) -> None:
    """Put the trigger into everything that writes, plans or delivers in this process."""
    trigger = Trigger(folder)
    build_app = web.app.build_app

    class WatchedChannel(ChatChannel):
        async def deliver(
            self, surface: Surface, request: FeedbackRequest, card: Card | None = None
        ) -> Delivery:
            trigger.hit("before the delivery")
            delivery = await super().deliver(surface, request, card)
            trigger.hit("after the delivery")
            return delivery

    def build(settings: Settings) -> Application:
        planner = SlowPlanner(trigger, planner_seconds)
        return build_app(settings, clock=JumpingClock(folder), planner=planner, password_cost=4)

    watch_drivers(trigger)
    web.agent.ChatChannel = WatchedChannel  # type: ignore[misc]
    web.app.build_app = build  # type: ignore[assignment]
    courier.LEASE = SECOND
    if os.environ.get("FAULTS_CHANNEL"):
        web.app.outlets_of = lambda _: [SideChannel(folder)]
        courier.LEASE = 3 * SECOND
        courier.DELIVERY_TIMEOUT = 1.0
        courier.Breakers = partial(Breakers, rest=2 * SECOND)  # type: ignore[misc,assignment]


def serve() -> int:
    """Serve as `python -m web` does; return the exit code."""
    install(Path(os.environ["DATA_DIR"]), float(os.environ.get("FAULTS_PLANNER_SECONDS", "0")))
    return web.__main__.main()


def run(environment: Mapping[str, str], log: str) -> None:
    """Serve in a process that was forked for it."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(environment["DATA_DIR"])
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    sys.exit(serve())


NEEDED: Sequence[Any] = (postgres, sqlite)
"""Imported before the fork, so that each server starts in a tenth of a second."""


if __name__ == "__main__":
    sys.exit(serve())
