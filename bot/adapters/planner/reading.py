"""Reading without a model: what the rules leave open stays open, and is asked back."""

from __future__ import annotations

from bot.domain.errors import PlanningFailed
from bot.domain.feedback import Answer, FeedbackRequest
from bot.domain.reading import Unclear, unclear
from bot.service.ports.reader import FeedbackReader


class RulesReader:
    """Decides nothing: the rules have read the answer already when it was taken in."""

    @property
    def name(self) -> str:
        """Return `rules`."""
        return "rules"

    async def read(self, request: FeedbackRequest, text: str) -> Answer | Unclear:  # noqa: ARG002 - the port says so
        """Return what to ask back."""
        return unclear(request)

    async def aclose(self) -> None:
        """Do nothing: there is nothing to release."""


class FallbackReader:
    """Reads with `primary`; when that fails, `rules` asks back: nobody waits for a model."""

    def __init__(self, primary: FeedbackReader, rules: FeedbackReader) -> None:
        self._primary = primary
        self._rules = rules

    @property
    def name(self) -> str:
        """Return the primary reader's name."""
        return self._primary.name

    async def read(self, request: FeedbackRequest, text: str) -> Answer | Unclear:
        """Return the primary's reading, or a question back when it fails."""
        try:
            return await self._primary.read(request, text)
        except PlanningFailed:
            return await self._rules.read(request, text)

    async def aclose(self) -> None:
        """Release both."""
        await self._primary.aclose()
        await self._rules.aclose()
