"""The loops that claim work: what breaks one look must not end all the later ones."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, cast

import pytest

from bot.service.courier import Courier
from bot.service.worker import Worker


class BrokenOnce:
    """A store whose first transaction meets a row that nobody foresaw."""

    def __init__(self) -> None:
        self.looks = 0
        self.looked_again = asyncio.Event()

    def listen(self, topic: object, heard: object) -> Callable[[], None]:
        return lambda: None

    async def run(self, function: object, *args: object) -> tuple[()]:
        self.looks += 1
        if self.looks == 1:
            raise ZeroDivisionError("a row that nobody foresaw")
        self.looked_again.set()
        return ()

    async def read(self, function: object, *args: object) -> None:
        return None


async def goes_on(part: Worker | Courier, store: BrokenOnce, log: pytest.LogCaptureFixture) -> None:
    with log.at_level(logging.ERROR):
        await part.start()
        try:
            async with asyncio.timeout(10):
                await store.looked_again.wait()
        finally:
            await part.close()
    assert "cannot be claimed" in log.text


async def test_the_worker_looks_again(caplog: pytest.LogCaptureFixture) -> None:
    store = BrokenOnce()
    nothing = cast("Any", None)
    worker = Worker(
        name="w",
        store=cast("Any", store),
        clock=nothing,
        orchestrator=nothing,
        turns=nothing,
    )
    await goes_on(worker, store, caplog)


async def test_the_courier_looks_again(caplog: pytest.LogCaptureFixture) -> None:
    store = BrokenOnce()
    courier = Courier(
        name="c", store=cast("Any", store), clock=cast("Any", None), desks=[], channels=()
    )
    await goes_on(courier, store, caplog)
