"""Connections that break, and people who write faster than turns end; no server is harmed."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.faults.points import Stage, connected
from tests.faults.records import Records

LONG = 30
"""Seconds of a lease that nobody should have to wait for while the server lives."""


async def test_a_line_that_breaks_does_not_leave_its_message_to_the_lease(tmp_path: Path) -> None:
    stage = await Stage.open(tmp_path, "", "one", TURN_LEASE_SECONDS=str(LONG))
    ana = stage.ana
    try:
        async with connected(stage):
            start = await ana.say(type="start", client_id="a-0000", text="So much for a-0000.")
            assert start.outcome is not None
            session_id = start.outcome["session_id"]
            await ana.watch(session_id)
            began = time.monotonic()
            for n in range(1, 60):
                for letter in "bc":  # what is sent for one breaks the writer under the other
                    marker = f"{letter}-{n:04}"
                    await ana.act(
                        {
                            "type": "message",
                            "client_id": marker,
                            "session_id": session_id,
                            "text": f"So much for {marker}.",
                        }
                    )
                await asyncio.sleep(ana.random.uniform(0, 0.006))
                ana.break_off()
                await ana.until(lambda: not ana.pending)
            assert await stage.settled(5) == []
            assert time.monotonic() - began < LONG
            await ana.catch_up(session_id)
        assert stage.verdict() == []
    finally:
        await stage.server.kill()


async def test_more_is_said_during_a_turn_than_the_next_has_steps(tmp_path: Path) -> None:
    stage = await Stage.open(tmp_path, "", "one", FAULTS_PLANNER_SECONDS="0.5")
    try:
        async with connected(stage):
            start = await stage.ana.say(type="start", client_id="a-0", text="So much for a-0.")
            assert start.outcome is not None
            for n in range(1, 13):
                await stage.ana.say(
                    type="message",
                    client_id=f"b-{n:02}",
                    session_id=start.outcome["session_id"],
                    text=f"ask ben: Is b-{n:02} fine?",
                )
            assert await stage.settled() == []
        assert len(Records.read(stage.url).requests) == 12
    finally:
        await stage.server.kill()
