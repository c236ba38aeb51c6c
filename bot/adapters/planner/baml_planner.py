"""The planner that asks a language model: what it is asked, and what is shown early."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from bot.adapters.planner.answers import Unusable, nothing_lost
from bot.adapters.planner.calls import parsed
from bot.adapters.planner.config import PlannerConfig
from bot.adapters.planner.digest import MAX_SUMMARY
from bot.adapters.planner.models import FoundUnusable, Models, Pause
from bot.adapters.planner.prompt import fence, spoken_lines, steps_prompt
from bot.adapters.planner.providers import registry
from bot.adapters.planner.runtime import BamlCallOptions, b, stream_types, types
from bot.adapters.planner.steps import steps_of
from bot.domain.planning import Plan, PlanContext, Spoken, Step
from bot.service.ports.planner import ShowText


class BamlPlanner:
    """Plans with the configured model, and with its fallback while that cannot be reached."""

    def __init__(self, config: PlannerConfig, *, pause: Pause = asyncio.sleep) -> None:
        self._models = Models(config, pause=pause)
        configs = self._models.configs
        self._steppers = [registry(model, types.StepList) for model in configs]
        self._summarisers = [registry(model, types.RunningSummary) for model in configs]
        self._namers = [registry(model, types.SessionName) for model in configs]

    @property
    def name(self) -> str:
        """Return the configured model, as `provider/model`."""
        return self._models.configs[0].name

    async def plan(self, context: PlanContext, show: ShowText) -> Plan:
        """Return the model's steps; an answer that cannot be used is asked for once more."""

        async def attempt(model: int, problem: str | None) -> tuple[Step, ...]:
            return await self._steps(model, context, show, problem)

        steps, model, tries = await self._models.twice(attempt)
        return Plan(steps=steps, note=f"{self._models.configs[model].name}, answer {tries}")

    async def summarise(self, summary: str, messages: Sequence[Spoken]) -> str:
        """Return the model's new running summary."""

        async def attempt(model: int, problem: str | None) -> str:
            return await self._summary(model, summary, messages, problem)

        made, _, _ = await self._models.twice(attempt)
        return made

    async def name_session(self, text: str) -> str | None:
        """Return the model's title, on one line; only its first answer counts."""

        async def attempt(model: int, _: str | None) -> str:
            return await self._title(model, text)

        try:
            made, _ = await self._models.reach(attempt, 0, None)
        except FoundUnusable:
            return None
        return made

    async def aclose(self) -> None:
        """Do nothing: BAML's runtime keeps its own pool for as long as the process lives."""

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

        text, decoded = await self._models.whole(model, self._steppers[model], start, preview)
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

        text, _ = await self._models.whole(model, self._summarisers[model], start, lambda _: None)
        made: str = parsed(b.parse.Summarise, text).summary.strip()
        if not made:
            raise Unusable("The summary was empty.")
        return made[:MAX_SUMMARY]

    async def _title(self, model: int, text: str) -> str:
        marker = fence([text])

        def start(options: BamlCallOptions) -> Any:
            return b.stream.NameSession(text, marker, baml_options=options)

        answer, _ = await self._models.whole(model, self._namers[model], start, lambda _: None)
        title = " ".join(str(parsed(b.parse.NameSession, answer).title).split())
        if not title:
            raise Unusable("The title was empty.")
        return title
