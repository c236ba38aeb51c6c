"""The reader port: from a worded answer that the rules cannot read to what it decides."""

from __future__ import annotations

from typing import Protocol

from bot.domain.feedback import Answer, FeedbackRequest
from bot.domain.reading import Unclear


class FeedbackReader(Protocol):
    """Reads answers; what it returns rests on words that stand in the answer."""

    @property
    def is_model(self) -> bool:
        """Tell whether it reads more than the rules do."""
        ...

    async def read(self, request: FeedbackRequest, text: str) -> Answer | Unclear:
        """Return what `text` says about `request`, or what to ask back.

        Raises `PlanningFailed` when nothing could be read at all.
        """
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...
