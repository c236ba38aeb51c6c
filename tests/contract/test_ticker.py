"""The ticker on APScheduler: it stops without a fuss, and tells of a tick that failed."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.adapters.scheduler import Ticker

OFTEN = 0.01
"""Seconds of real time."""


async def test_a_tick_that_runs_is_stopped_without_a_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    began, stopped = asyncio.Event(), asyncio.Event()

    async def tick() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    ticker = Ticker(tick, OFTEN)
    await ticker.start()
    async with asyncio.timeout(20):
        await began.wait()
        await ticker.close()
        await stopped.wait()
        # What the scheduler makes of it comes in the loop's next rounds.
        for _ in range(5):
            await asyncio.sleep(0)
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR] == []


async def test_a_tick_that_fails_is_told_and_the_next_one_comes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    again = asyncio.Event()
    calls = 0

    async def tick() -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise asyncio.CancelledError  # not by us, who have not closed
        again.set()

    ticker = Ticker(tick, OFTEN)
    await ticker.start()
    async with asyncio.timeout(20):
        await again.wait()
    await ticker.close()
    assert [r.levelname for r in caplog.records if "raised an exception" in r.getMessage()] == [
        "ERROR"
    ]
