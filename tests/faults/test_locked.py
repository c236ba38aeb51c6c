"""Another process holds the SQLite file for longer than anybody waits for it."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import aiohttp

from bot.adapters.store.sqlite import BUSY_TIMEOUT_MS
from tests.faults.checks import violations
from tests.faults.forked import ForkedServer
from tests.faults.kills import settled
from tests.faults.records import Records
from tests.faults.talker import Talker

HELD = BUSY_TIMEOUT_MS / 1000 + 2.5
"""Seconds: longer than the server waits for the file, and then a little."""


@contextmanager
def file_held(path: Path) -> Iterator[None]:
    """Let another connection write, as a backup that went wrong would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")


async def test_a_locked_file_is_told_in_a_sentence_and_recovers_by_itself(tmp_path: Path) -> None:
    server = ForkedServer(tmp_path, settings={"FAULTS_PLANNER_SECONDS": "0.5"})
    await server.start()
    path = tmp_path / "handraise.db"
    tokens = {name: await server.sign_up(name) for name in ("ana", "ben")}
    ana, ben = (
        Talker(name=name, token=token, urls=lambda: [server.url], random=random.Random(name))
        for name, token in tokens.items()
    )
    lines = [asyncio.create_task(each.run()) for each in (ana, ben)]
    await ana.until(lambda: ana.socket is not None)
    before = Records.read(f"sqlite:///{path}")

    # A turn is under way when the file is taken: it can neither commit nor be given back.
    start = await ana.say(type="start", client_id="one", text="ask ben: Is one fine?")
    assert start.outcome is not None
    session_id = start.outcome["session_id"]
    began = time.monotonic()
    with file_held(path):
        told = asyncio.create_task(
            ana.say(type="message", client_id="two", session_id=session_id, text="So much for two.")
        )
        async with aiohttp.ClientSession(server.url) as http:
            headers = {"Authorization": f"Bearer {tokens['ben']}", "Idempotency-Key": "three"}
            async with http.post(
                "/api/sessions", json={"text": "So much for three."}, headers=headers
            ) as answer:
                body = await answer.json()
                assert answer.status == 503, body
                assert "Retry-After" in answer.headers
            assert body["error"]["code"] == "unavailable"
            assert body["error"]["message"].endswith(".")
            # Whoever only reads is not held up.
            async with http.get("/api/sessions", headers=headers) as answer:
                assert answer.status == 200
                assert (await answer.json())["sessions"] == []
            async with http.get("/ready") as answer:
                assert answer.status == 200
        await ana.until(lambda: ana.unavailable > 0)
        assert not told.done()
        await asyncio.sleep(max(0, HELD - (time.monotonic() - began)))
        during = Records.read(f"sqlite:///{path}")
        assert (
            len(during.messages) == len(before.messages) + 1
        )  # the first one, and nothing by half
        assert during.requests == []
    async with asyncio.timeout(15):
        await told
    async with aiohttp.ClientSession(server.url) as http:
        for _ in range(2):
            async with http.post(
                "/api/sessions", json={"text": "So much for three."}, headers=headers
            ) as answer:
                assert answer.status == 201
    await settled(f"sqlite:///{path}")
    after = Records.read(f"sqlite:///{path}")
    said = [m["text"] for m in after.messages if m["role"] == "user"]
    assert sorted(said) == ["So much for three.", "So much for two.", "ask ben: Is one fine?"]
    assert [r["question"] for r in after.requests] == ["Is one fine?"]
    await ben.until(lambda: len(ben.questions) == 1)
    assert violations(after, [(ana, act) for act in ana.acts.values()]) == []
    assert ana.violations + ben.violations == []
    assert server.complaints() == []
    for each in (ana, ben):
        each.stopped = True
    for line in lines:
        line.cancel()
    await asyncio.gather(*lines, return_exceptions=True)
    assert (await server.stop())[0] == 0
