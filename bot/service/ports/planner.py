"""The planner port: from what a session knows to what the agent does next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from bot.domain.planning import Plan, PlanContext, Spoken

ShowText = Callable[[str], None]
"""Takes the whole text of the reply so far; best effort, never raises, never blocks."""


class Planner(Protocol):
    """Plans turns; raises `PlanningFailed` with a sentence for the person, nothing else."""

    @property
    def name(self) -> str:
        """Return a short name for journals, such as `rules` or `openai/gpt-x`."""
        ...

    async def plan(self, context: PlanContext, show: ShowText) -> Plan:
        """Return the steps for this turn, streaming a reply's text to `show`."""
        ...

    async def summarise(self, summary: str, messages: Sequence[Spoken]) -> str:
        """Return a new running summary (at most 4,000 characters) of the old one and `messages`."""
        ...

    async def name_session(self, text: str) -> str | None:
        """Return a short title for a session that begins with `text`; None leaves its first words.

        Raises `PlanningFailed`.
        """
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...
