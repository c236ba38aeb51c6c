"""The planner that asks a language model: retries, the fallback model, and what is shown early."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from bot.adapters.planner.answers import Unusable, nothing_lost, whole_object
from bot.adapters.planner.calls import Unreachable, parsed, read, within
from bot.adapters.planner.config import PlannerConfig
from bot.adapters.planner.digest import MAX_SUMMARY
from bot.adapters.planner.ends import bad_end
from bot.adapters.planner.prompt import fence, spoken_lines, steps_prompt
from bot.adapters.planner.providers import registry
from bot.adapters.planner.runtime import (
    AbortController,
    BamlCallOptions,
    ClientRegistry,
    Collector,
    b,
    stream_types,
    types,
)
from bot.adapters.planner.steps import steps_of
from bot.domain.errors import PlanningFailed
from bot.domain.grammar import ASK_SHAPE
from bot.domain.planning import Plan, PlanContext, Spoken, Step
from bot.service.ports.planner import ShowText

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


class BamlPlanner:
    """Plans with the configured model, and with its fallback while that cannot be reached."""

    def __init__(self, config: PlannerConfig, *, pause: Pause = asyncio.sleep) -> None:
        self._pause = pause
        self._models = [config]
        while self._models[-1].fallback is not None:
            self._models.append(self._models[-1].fallback)
        self._steppers = [registry(model, types.StepList) for model in self._models]
        self._summarisers = [registry(model, types.RunningSummary) for model in self._models]
        self._namers = [registry(model, types.SessionName) for model in self._models]

    @property
    def name(self) -> str:
        """Return the configured model, as `provider/model`."""
        return self._models[0].name

    async def plan(self, context: PlanContext, show: ShowText) -> Plan:
        """Return the model's steps; an answer that cannot be used is asked for once more."""

        async def attempt(model: int, problem: str | None) -> tuple[Step, ...]:
            return await self._steps(model, context, show, problem)

        steps, model, tries = await self._twice(attempt)
        return Plan(steps=steps, note=f"{self._models[model].name}, answer {tries}")

    async def summarise(self, summary: str, messages: Sequence[Spoken]) -> str:
        """Return the model's new running summary."""

        async def attempt(model: int, problem: str | None) -> str:
            return await self._summary(model, summary, messages, problem)

        made, _, _ = await self._twice(attempt)
        return made

    async def name_session(self, text: str) -> str | None:
        """Return the model's title, on one line; only its first answer counts."""

        async def attempt(model: int, _: str | None) -> str:
            return await self._title(model, text)

        try:
            made, _ = await self._reach(attempt, 0, None)
        except _FoundUnusable:
            return None
        return made

    async def aclose(self) -> None:
        """Do nothing: BAML's runtime keeps its own pool for as long as the process lives."""

    async def _twice(
        self, attempt: Callable[[int, str | None], Awaitable[T]]
    ) -> tuple[T, int, int]:
        """Return a usable answer, the number of the model that gave it, and of the answer."""
        problem: str | None = None
        cut_off = False
        model = 0
        for tries in (1, 2):
            try:
                made, model = await self._reach(attempt, model, problem)
            except _FoundUnusable as found:
                model, problem, cut_off = found.model, found.why.reason, found.why.cut_off
                _log.warning("unusable answer from %s, %d of 2", self._models[model].name, tries)
            else:
                return made, model, tries
        raise PlanningFailed(_CUT_OFF if cut_off else _UNUSABLE)

    async def _reach(
        self, attempt: Callable[[int, str | None], Awaitable[T]], first: int, problem: str | None
    ) -> tuple[T, int]:
        """Return the first answer that any model gives, beginning with the number `first`."""
        reason = ""
        for model in range(first, len(self._models)):
            for tries in range(self._models[model].retries + 1):
                try:
                    return await attempt(model, problem), model
                except Unusable as why:
                    raise _FoundUnusable(model, why) from None
                except Unreachable as why:
                    failed = why
                reason = failed.reason
                _log.warning("no answer from %s: %s", self._models[model].name, reason)
                if not failed.again or tries == self._models[model].retries:
                    break
                await self._pause(_backoff(tries, failed.after))
        raise PlanningFailed(_sentence(reason))

    async def _steps(
        self, model: int, context: PlanContext, show: ShowText, problem: str | None
    ) -> tuple[Step, ...]:
        shown = ""

        def preview(partial: stream_types.StepList) -> None:
            nonlocal shown
            first = partial.steps[0] if partial.steps else None
            # `action` is streamed only once it is complete: before, this list is empty.
            if isinstance(first, stream_types.ReplyStep) and first.text and first.text != shown:
                shown = first.text
                show(shown)

        asked = steps_prompt(context)

        def start(options: BamlCallOptions) -> Any:
            return b.stream.NextSteps(**asked, problem=problem, baml_options=options)

        text, decoded = await self._whole(model, self._steppers[model], start, preview)
        proposed = parsed(b.parse.NextSteps, text).steps
        written = decoded.get("steps")
        # BAML leaves out list items that do not fit; half a plan must not look like a whole one.
        # An optional field that does not fit becomes null: a lost deadline is a guess, too.
        if not isinstance(written, list) or not nothing_lost(written, proposed):
            raise Unusable("Some of the steps were not of a shape that was asked for.")
        return steps_of(proposed, context)

    async def _summary(
        self, model: int, summary: str, messages: Sequence[Spoken], problem: str | None
    ) -> str:
        lines = spoken_lines(messages)
        marker = fence([summary, *(line.text for line in lines)])

        def start(options: BamlCallOptions) -> Any:
            return b.stream.Summarise(summary, lines, marker, problem, baml_options=options)

        text, _ = await self._whole(model, self._summarisers[model], start, lambda _: None)
        made: str = parsed(b.parse.Summarise, text).summary.strip()
        if not made:
            raise Unusable("The summary was empty.")
        return made[:MAX_SUMMARY]

    async def _title(self, model: int, text: str) -> str:
        marker = fence([text])

        def start(options: BamlCallOptions) -> Any:
            return b.stream.NameSession(text, marker, baml_options=options)

        answer, _ = await self._whole(model, self._namers[model], start, lambda _: None)
        title = " ".join(str(parsed(b.parse.NameSession, answer).title).split())
        if not title:
            raise Unusable("The title was empty.")
        return title

    async def _whole(
        self,
        model: int,
        chosen: ClientRegistry,
        start: Callable[[BamlCallOptions], Any],
        partial: Callable[[Any], None],
    ) -> tuple[str, dict[str, Any]]:
        """Return the one JSON object that the model answered with."""
        abort = AbortController()
        collector = Collector()
        options = BamlCallOptions(
            client_registry=chosen, abort_controller=abort, collector=collector
        )
        work = read(lambda: start(options), partial)
        await within(self._models[model].timeout_seconds, work, abort, collector)
        ended = bad_end(collector)
        if ended is not None:
            raise ended
        last = collector.last
        return whole_object((last.raw_llm_response if last is not None else None) or "")


class _FoundUnusable(Exception):
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
