"""The reader that asks a language model what a longer reply decides, and checks what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from bot.adapters.planner.answers import Unusable, nothing_lost
from bot.adapters.planner.calls import parsed
from bot.adapters.planner.config import PlannerConfig
from bot.adapters.planner.models import Models, Pause
from bot.adapters.planner.prompt import fence
from bot.adapters.planner.providers import registry
from bot.adapters.planner.runtime import BamlCallOptions, b, types
from bot.domain.feedback import Answer, FeedbackRequest, Kind, Risk
from bot.domain.reading import Claim, Unclear, checked, unclear

MAX_REPLY = 4_000
"""Characters; who writes more than that is asked back, and not read in part."""
_READ = {Kind.APPROVAL: "approval", Kind.CHOICE: "choice"}


class BamlReader:
    """Reads with the configured model, and with its fallback while that cannot be reached."""

    def __init__(self, config: PlannerConfig, *, pause: Pause = asyncio.sleep) -> None:
        self._models = Models(config, pause=pause)
        self._readers = [registry(m, types.FeedbackReading) for m in self._models.configs]

    @property
    def name(self) -> str:
        """Return the configured model, as `provider/model`."""
        return self._models.configs[0].name

    async def read(self, request: FeedbackRequest, text: str) -> Answer | Unclear:
        """Return what the model reads in `text`, where its words hold; raise `PlanningFailed`."""
        # What can only come out as a question back needs no model.
        if request.kind not in _READ or request.risk is Risk.HIGH or len(text) > MAX_REPLY:
            return unclear(request)

        async def attempt(model: int, problem: str | None) -> Claim | None:
            return await self._claim(model, request, text, problem)

        claim, _, _ = await self._models.twice(attempt)
        return unclear(request) if claim is None else checked(request, text, claim)

    async def aclose(self) -> None:
        """Do nothing: BAML's runtime keeps its own pool for as long as the process lives."""

    async def _claim(
        self, model: int, request: FeedbackRequest, text: str, problem: str | None
    ) -> Claim | None:
        marker = fence([request.question, request.context, *request.options, text])

        def start(options: BamlCallOptions) -> Any:
            return b.stream.ReadFeedback(
                kind=_READ[request.kind],
                question=request.question,
                context=request.context,
                options=list(request.options),
                multiple=request.multiple,
                reply=text,
                fence=marker,
                problem=problem,
                baml_options=options,
            )

        answer, decoded = await self._models.whole(
            model, self._readers[model], start, lambda _: None
        )
        reading = parsed(b.parse.ReadFeedback, answer)
        if decoded.get("verdict") != reading.verdict or not nothing_lost(decoded, reading):
            raise Unusable("Its verdict or its options were not of the shape that was asked for.")
        return _claimed(request, reading)


def _claimed(request: FeedbackRequest, reading: types.FeedbackReading) -> Claim | None:
    """Return what is claimed, None for unclear; raise `Unusable` where it does not fit."""
    if reading.verdict == "unclear":
        return None
    if not reading.words.strip():
        raise Unusable("It gave a verdict without the words of the reply that state it.")
    if reading.verdict == "choose":
        if request.kind is not Kind.CHOICE:
            raise Unusable("The question wants approval: the verdict cannot be choose.")
        return Claim(choices=_options(request.options, reading.options), words=reading.words)
    if request.kind is not Kind.APPROVAL:
        raise Unusable("The question offers options: the verdict cannot be approve or reject.")
    return Claim(approved=reading.verdict == "approve", words=reading.words)


def _options(known: Sequence[str], named: Sequence[str]) -> tuple[str, ...]:
    if not named or not set(named) <= set(known):
        raise Unusable("It named no option, or one that is not among those above.")
    return tuple(dict.fromkeys(named))
