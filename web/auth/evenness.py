"""Answers at even times: how long the work took tells nothing about whom it was for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

STEP = 0.1
"""Seconds; well above what the work behind such a door takes when the server is not overloaded."""


@asynccontextmanager
async def evenly(step: float = STEP) -> AsyncIterator[None]:
    """Let what stands inside take a whole number of steps, also when it fails.

    The same statements for everybody are not enough: a row that is found, or a letter that is
    kept, can be told from none by whoever asks a few hundred times (`bench/timing.py`).
    """
    loop = asyncio.get_running_loop()
    start = loop.time()
    try:
        yield
    finally:
        await asyncio.sleep(step - (loop.time() - start) % step)
