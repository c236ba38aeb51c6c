"""One call to one model: its time limit, its end, and what its failures mean."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from baml_py.errors import (
    BamlClientError,
    BamlClientHttpError,
    BamlError,
    BamlTimeoutError,
    BamlValidationError,
)

from bot.adapters.planner.answers import Unusable
from bot.adapters.planner.ends import bad_end
from bot.adapters.planner.runtime import AbortController, Collector

T = TypeVar("T")
_GRACE_SECONDS = 2.0
_WRONG_SHAPE = "It was not a JSON object of the shape that was asked for."
_BUSY = {408, 409, 425, 429}


class Unreachable(Exception):
    """The provider gave no answer; `reason` is one word for journals, never its own text."""

    def __init__(self, reason: str, *, again: bool, after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again
        """Whether the same call may succeed in a moment."""
        self.after = after
        """Seconds that the provider asked to wait."""


async def read(start: Callable[[], Any], partial: Callable[[Any], None]) -> None:
    """Read a stream to its end, handing each partial answer to `partial`."""
    stream = start()
    async for piece in stream:
        partial(piece)
    await stream.get_final_response()


def parsed(parse: Callable[[str], T], text: str) -> T:
    """Return what BAML reads in `text`."""
    try:
        return parse(text)
    except BamlError:
        pass
    # Raised outside the handler: a chained exception would carry the answer along.
    raise Unusable(_WRONG_SHAPE)


async def within(
    seconds: float, work: Coroutine[Any, Any, T], abort: AbortController, collector: Collector
) -> T:
    """Await `work` for at most `seconds`; raise `Unreachable` or `Unusable`, nothing of BAML's.

    A cancelled or late call is aborted and awaited: BAML's stream joins a thread of its own when
    its iteration is cancelled, which would block the event loop until the provider answers.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            raise Unreachable("slow", again=False)
    finally:
        if not task.done():
            abort.abort()
            await asyncio.wait({task}, timeout=_GRACE_SECONDS)
            if not task.done():
                task.cancel()
        if task.done() and not task.cancelled():
            task.exception()  # mark it as seen: asyncio would log it, and it holds the prompt
    try:
        return task.result()
    except BamlError as error:
        failure = _meaning(error, collector)
    # Raised outside the handler: a chained exception would carry the prompt along.
    raise failure


def _meaning(error: BamlError, collector: Collector) -> Unreachable | Unusable:
    if isinstance(error, BamlValidationError):
        return bad_end(collector) or Unusable(_WRONG_SHAPE)
    if isinstance(error, BamlTimeoutError):
        return Unreachable("slow", again=False)
    if isinstance(error, BamlClientHttpError):
        status = _status(error)
        again = status in _BUSY or status >= 500 or status < 100
        return Unreachable(f"http_{status}", again=again, after=_retry_after(collector))
    return Unreachable("connection", again=isinstance(error, BamlClientError))


def _status(error: BamlClientHttpError) -> int:
    try:
        return int(error.status_code)  # a string, whatever its annotation says
    except (TypeError, ValueError):
        return 0


def _retry_after(collector: Collector) -> float | None:
    """Return the seconds of `Retry-After` (RFC 9110, 10.2.3), where it counts seconds."""
    last = collector.last
    calls = last.calls if last is not None else []
    response = calls[-1].http_response if calls else None
    for name, value in response.headers.items() if response is not None else ():
        if name.casefold() == "retry-after":
            try:
                seconds = float(value)
            except (TypeError, ValueError):
                return None
            return seconds if math.isfinite(seconds) and seconds >= 0 else None
    return None
