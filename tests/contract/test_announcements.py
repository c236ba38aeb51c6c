"""What one server announces, the others hear: what was committed, and previews now and then."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import psycopg
import pytest

from bot.adapters.store.postgres import PostgresStore
from bot.service.ports.store import EVERYTHING, Topic, Transaction
from tests.contract.conftest import AnyStore

TwoServers = tuple[PostgresStore, PostgresStore]


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for knows of no event
            await asyncio.sleep(0.01)


def preview(session: str, text: str, turn: str = "t") -> str:
    return json.dumps(
        {"type": "preview", "session_id": session, "turn_id": turn, "offset": 0, "text": text}
    )


async def test_broadcasts_reach_listeners_here_at_once(store: AnyStore) -> None:
    heard: list[str] = []
    store.listen(Topic.EPHEMERAL, heard.append)
    for n in range(10):
        store.broadcast(preview("s", "x" * n))
    assert len(heard) == 10


@pytest.mark.postgres
async def test_another_server_hears_what_was_committed_once(two_servers: TwoServers) -> None:
    here, there = two_servers
    at_home: list[tuple[Topic, str]] = []
    away: list[tuple[Topic, str]] = []
    for topic in (Topic.FEED, Topic.TURN):
        here.listen(topic, lambda key, topic=topic: at_home.append((topic, key)))
        there.listen(topic, lambda key, topic=topic: away.append((topic, key)))

    def write(tx: Transaction) -> None:
        for n in range(700):  # more than one payload holds
            tx.announce(Topic.FEED, f"session-with-a-long-name-{n:04}")
        tx.announce(Topic.TURN, "ü" * 9_000)  # and more than any payload holds

    def fail(tx: Transaction) -> None:
        tx.announce(Topic.TURN, "never")
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        await here.run(fail)
    await here.run(write)
    await here.run(lambda tx: tx.announce(Topic.TURN, "last"))
    await until(lambda: (Topic.TURN, "last") in away)
    assert len(away) == len(set(away)) == 702
    assert (Topic.TURN, EVERYTHING) in away
    await asyncio.sleep(0.1)
    assert len(at_home) == len(set(at_home)) == 702, "our own notices are not for us"


@pytest.mark.postgres
async def test_nonsense_on_the_channel_is_not_heard(
    two_servers: TwoServers, postgres_url: str
) -> None:
    heard: list[str] = []
    two_servers[0].listen(Topic.FEED, heard.append)
    nonsense = ["", "{}", "[1]", '["s",3]', '["s",[["feed"]]]', '["s",[["news","x"]]]', "\\"]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for payload in nonsense:
            connection.execute("SELECT pg_notify('handraise', %s)", (payload,))
    await two_servers[1].run(lambda tx: tx.announce(Topic.FEED, "real"))
    await until(lambda: bool(heard))
    assert heard == ["real"]


@pytest.mark.postgres
async def test_what_was_missed_while_the_line_was_down_is_looked_for(
    two_servers: TwoServers, postgres_url: str
) -> None:
    here, there = two_servers
    heard: list[tuple[Topic, str]] = []
    for topic in Topic:
        there.listen(topic, lambda key, topic=topic: heard.append((topic, key)))
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
        )
    await until(lambda: (Topic.FEED, EVERYTHING) in heard)
    assert set(heard) == {(t, EVERYTHING) for t in Topic if t is not Topic.EPHEMERAL}
    await here.run(lambda tx: tx.announce(Topic.FEED, "again"))
    await until(lambda: (Topic.FEED, "again") in heard)


@pytest.mark.postgres
async def test_previews_reach_another_server_a_few_times_a_second(
    two_servers: TwoServers,
) -> None:
    here, there = two_servers
    heard: list[tuple[float, str]] = []
    loop = asyncio.get_running_loop()
    there.listen(Topic.EPHEMERAL, lambda key: heard.append((loop.time(), key)))
    text = ""
    for n in range(100):
        text += f"word{n} "
        here.broadcast(preview("s", text))
        await asyncio.sleep(0.01)
    await until(lambda: bool(heard) and json.loads(heard[-1][1])["text"] == text)
    assert 3 <= len(heard) <= 10
    # One statement's way may take longer than the next one's.
    assert heard[-1][0] - heard[0][0] >= 0.15 * (len(heard) - 1)
