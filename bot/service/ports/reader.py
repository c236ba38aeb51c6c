"""The reader port: what an answer in words decides, where the rules could not tell."""

from __future__ import annotations

from typing import Protocol

from bot.domain.feedback import Answer, FeedbackRequest
from bot.domain.reading import Unclear


class FeedbackReader(Protocol):
    """Reads longer answers; raises `PlanningFailed` with a sentence, nothing else."""

    @property
    def name(self) -> str:
        """Return a short name for journals, such as `rules` or `openai/gpt-x`."""
        ...

    async def read(self, request: FeedbackRequest, text: str) -> Answer | Unclear:
        """Return what `text` decides of `request`, or what to ask back; never in a transaction.

        A high-risk request is only ever asked back. `text` is the new text of the reply alone.
        """
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...
