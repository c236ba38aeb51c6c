"""Readiness: what is asked, what is written, and what a channel's trouble means."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.service.outlet import Health
from tests.flows.conftest import Client
from web.keys import AGENT, STORE
from web.readiness import READINESS


async def ready(client: Client) -> tuple[int, Any]:
    async with client.get("/ready") as answer:
        return answer.status, await answer.json()


async def test_it_writes_once_however_often_it_is_asked(
    client: Client, app: web.Application
) -> None:
    assert await ready(client) == (200, {"status": "ready", "channels": []})
    store, runs = app[STORE], []
    run = store.run

    async def counted(function: Callable[..., Any], *args: Any) -> Any:
        runs.append(function.__name__)
        return await run(function, *args)

    store.run = counted  # type: ignore[method-assign]
    for _ in range(20):
        assert (await ready(client))[0] == 200
    assert "_note" not in runs
    app[READINESS]._probed_at = float("-inf")
    assert (await ready(client))[0] == 200
    assert runs.count("_note") == 1


async def test_a_database_that_takes_nothing_is_not_ready(
    client: Client, app: web.Application
) -> None:
    assert (await ready(client))[0] == 200
    store: Any = app[STORE]
    writer: sqlite3.Connection = store._writer.connection
    await store.run(lambda tx: writer.execute("PRAGMA query_only = ON") and None)
    assert (await ready(client))[0] == 200  # asked a moment ago
    app[READINESS]._probed_at = float("-inf")
    for _ in range(2):
        status, body = await ready(client)
        assert (status, body["error"]["code"]) == (503, "not_writable")
    await store.read(lambda tx: writer.execute("PRAGMA query_only = OFF") and None)
    app[READINESS]._probed_at = float("-inf")
    assert (await ready(client))[0] == 200


@dataclass
class FakeOpened:
    """A channel of which only the health is asked."""

    state: str
    details: dict[str, str] = field(default_factory=dict)

    def health(self) -> Health:
        return Health(state=self.state, reason="secret@example.org", details=self.details)


async def test_a_channel_in_trouble_is_told_and_refuses_nothing(
    client: Client, app: web.Application
) -> None:
    outlets: Any = app[AGENT].outlets
    outlets["email"] = FakeOpened("degraded", {"watch_age_seconds": "200000"})
    outlets["slack"] = FakeOpened("ready")
    assert await ready(client) == (
        200,
        {
            "status": "degraded",
            "channels": [
                {"name": "email", "state": "degraded", "watch_age_seconds": 200_000},
                {"name": "slack", "state": "ready", "watch_age_seconds": None},
            ],
        },
    )
    outlets.clear()
