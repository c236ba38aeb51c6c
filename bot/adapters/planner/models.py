"""Asking the configured models: retries, the fallback model, a second try, and the whole answer."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from bot.adapters.planner.answers import Unusable, whole_object
from bot.adapters.planner.calls import Unreachable, read, within
from bot.adapters.planner.config import PlannerConfig
from bot.adapters.planner.ends import bad_end
from bot.adapters.planner.runtime import (
    AbortController,
    BamlCallOptions,
    ClientRegistry,
    Collector,
)
from bot.domain.errors import PlanningFailed
from bot.domain.grammar import ASK_SHAPE

T = TypeVar("T")
Pause = Callable[[float], Awaitable[None]]
_log = logging.getLogger(__name__)

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0
_INSTEAD = f"Say it once more in a moment, or use a command such as `{ASK_SHAPE}`."
_NOT_REACHED = f"The language model could not be reached, so nothing was done. {_INSTEAD}"
_TOO_SLOW = f"The language model took too long to answer, so nothing was done. {_INSTEAD}"
_REFUSED = (
    "The language model's provider refused the request, so nothing was done. Whoever runs this"
    " server can see to its key and the model's name; until then use a command such as"
    f" `{ASK_SHAPE}`."
)
_UNUSABLE = f"The language model gave no usable answer, twice, so nothing was done. {_INSTEAD}"
_CUT_OFF = (
    "The language model's answer was cut off, twice, so nothing was done."
    f" Ask for less at once, or use a command such as `{ASK_SHAPE}`."
)


class Models:
    """The configured model, and those to turn to while it cannot be reached, in their order."""

    def __init__(self, config: PlannerConfig, *, pause: Pause = asyncio.sleep) -> None:
        self._pause = pause
        self.configs = [config]
        while self.configs[-1].fallback is not None:
            self.configs.append(self.configs[-1].fallback)

    async def twice(self, attempt: Callable[[int, str | None], Awaitable[T]]) -> tuple[T, int, int]:
        """Return a usable answer, the number of the model that gave it, and of the answer."""
        problem: str | None = None
        cut_off = False
        model = 0
        for tries in (1, 2):
            try:
                made, model = await self.reach(attempt, model, problem)
            except FoundUnusable as found:
                model, problem, cut_off = found.model, found.why.reason, found.why.cut_off
                _log.warning("unusable answer from %s, %d of 2", self.configs[model].name, tries)
            else:
                return made, model, tries
        raise PlanningFailed(_CUT_OFF if cut_off else _UNUSABLE)

    async def reach(
        self, attempt: Callable[[int, str | None], Awaitable[T]], first: int, problem: str | None
    ) -> tuple[T, int]:
        """Return the first answer that any model gives, beginning with the number `first`."""
        reason = ""
        for model in range(first, len(self.configs)):
            for tries in range(self.configs[model].retries + 1):
                try:
                    return await attempt(model, problem), model
                except Unusable as why:
                    raise FoundUnusable(model, why) from None
                except Unreachable as why:
                    failed = why
                reason = failed.reason
                _log.warning("no answer from %s: %s", self.configs[model].name, reason)
                if not failed.again or tries == self.configs[model].retries:
                    break
                await self._pause(_backoff(tries, failed.after))
        raise PlanningFailed(_sentence(reason))

    async def whole(
        self,
        model: int,
        chosen: ClientRegistry,
        start: Callable[[BamlCallOptions], Any],
        partial: Callable[[Any], None],
    ) -> tuple[str, dict[str, Any]]:
        """Return the one JSON object that the model of this number answered with."""
        abort = AbortController()
        collector = Collector()
        options = BamlCallOptions(
            client_registry=chosen, abort_controller=abort, collector=collector
        )
        work = read(lambda: start(options), partial)
        await within(self.configs[model].timeout_seconds, work, abort, collector)
        ended = bad_end(collector)
        if ended is not None:
            raise ended
        last = collector.last
        return whole_object((last.raw_llm_response if last is not None else None) or "")


class FoundUnusable(Exception):
    """The model of this number answered, and its answer cannot be used."""

    def __init__(self, model: int, why: Unusable) -> None:
        super().__init__(why.reason)
        self.model = model
        self.why = why


def _backoff(tries: int, asked: float | None) -> float:
    """Return the seconds to wait, spread so that many turns do not come back as one."""
    spread = random.uniform(0.75, 1.25)  # noqa: S311 - nothing is secret about a pause
    own = _FIRST_PAUSE * float(2**tries) * spread
    return min(_LONGEST_PAUSE, own if asked is None else max(own, asked))


def _sentence(reason: str) -> str:
    if reason == "slow":
        return _TOO_SLOW
    if reason.startswith("http_4") and reason not in ("http_408", "http_429"):
        return _REFUSED
    return _NOT_REACHED
