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
import sys
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aiohttp.web import Application

import web.__main__
import web.agent
import web.app
from bot.adapters.planner.rules import RulesPlanner
from bot.adapters.store import connections, postgres, sqlite
from bot.adapters.store.statements import POSTGRES, SQLITE, Statement
from bot.adapters.store.transaction import StoreTransaction
from bot.domain.feedback import FeedbackRequest
from bot.domain.instants import SECOND
from bot.domain.planning import Plan, PlanContext
from bot.domain.surface import Surface
from bot.service import courier
from bot.service.ports.channel import Delivery
from bot.service.ports.planner import ShowText
from bot.settings import Settings
from web.chat.channel import ChatChannel

CONTROL = "control.json"
"""In the data folder: `{"point", "occurrence", "signal"}`; read once, when it is there."""
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


class WatchedCursor:
    """A driver's cursor that passes a point between any two writes, and around each commit."""

    def __init__(self, cursor: Any, trigger: Trigger) -> None:
        self._cursor = cursor
        self._trigger = trigger
        self._wrote = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def execute(self, sql: Any, *parameters: Any) -> Any:
        """Run a statement."""
        return self._pass(self._cursor.execute, sql, *parameters)

    def executemany(self, sql: Any, *parameters: Any) -> Any:
        """Run a statement for several rows."""
        return self._pass(self._cursor.executemany, sql, *parameters)

    def _pass(self, call: Any, sql: Any, *parameters: Any) -> Any:
        text = str(sql)
        if text.startswith(("BEGIN", "ROLLBACK")) and "TO one" not in text:
            self._wrote = ""
        if text == "COMMIT" and self._wrote:
            wrote, self._wrote = self._wrote, ""
            self._trigger.hit(f"before the commit that ends with {wrote}")
            result = call(sql, *parameters)
            self._trigger.hit(f"after the commit that ends with {wrote}")
            return result
        write = _WRITE.match(text)
        if write is None:
            return call(sql, *parameters)
        what = f"{write[1].split()[0].lower()} {write[2]}"
        if not self._wrote:
            self._trigger.hit(f"before {what}, the first")
        result = call(sql, *parameters)
        self._wrote = what
        self._trigger.hit(f"after {what}")
        return result


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

    class SqliteConnection(sqlite._Connection):
        def __init__(self, path: Path, texts: dict[Statement, str], *, writes: bool) -> None:
            super().__init__(path, texts, writes=writes)
            if writes:
                self.cursor: Any = WatchedCursor(self.cursor, trigger)
                self.transaction = StoreTransaction(self.cursor, SQLITE, texts)

    class PostgresConnection(connections._Connection):
        def __init__(self, conninfo: str, texts: dict[Statement, str]) -> None:
            super().__init__(conninfo, texts)
            self._cursor: Any = WatchedCursor(self._cursor, trigger)
            self._transaction = StoreTransaction(self._cursor, POSTGRES, texts)

    class WatchedChannel(ChatChannel):
        async def deliver(self, surface: Surface, request: FeedbackRequest) -> Delivery:
            trigger.hit("before the delivery")
            delivery = await super().deliver(surface, request)
            trigger.hit("after the delivery")
            return delivery

    def build(settings: Settings) -> Application:
        planner = SlowPlanner(trigger, planner_seconds)
        return build_app(settings, planner=planner, password_cost=4)

    sqlite._Connection = SqliteConnection  # type: ignore[misc]
    connections._Connection = PostgresConnection  # type: ignore[misc]
    web.agent.ChatChannel = WatchedChannel  # type: ignore[misc]
    web.app.build_app = build  # type: ignore[assignment]
    courier.LEASE = SECOND


def run(environment: Mapping[str, str], log: str) -> None:
    """Serve as `python -m web` does, in a process that was forked for it."""
    os.environ.clear()
    os.environ.update(environment)
    folder = Path(environment["DATA_DIR"])
    os.chdir(folder)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    install(folder, float(environment.get("FAULTS_PLANNER_SECONDS", "0")))
    sys.exit(web.__main__.main())


NEEDED: Sequence[Any] = (postgres,)
"""Imported before the fork, so that each server starts in a tenth of a second."""
