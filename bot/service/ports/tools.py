"""The tools port: what may run once people have approved it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.domain.errors import HandraiseError
from bot.domain.feedback import Action
from bot.domain.planning import ToolSummary


class ResultUnknown(HandraiseError):
    """It was begun, and no answer came: it may have happened."""

    code = "result_unknown"


class ToolFailed(HandraiseError):
    """It was refused for good by what it reached; `output` is what that said, as data."""

    code = "tool_failed"

    def __init__(self, message: str, *, output: str = "") -> None:
        super().__init__(message)
        self.output = output


class Toolbox(Protocol):
    """Checks and runs tools; what it checked is what it runs."""

    @property
    def summaries(self) -> Sequence[ToolSummary]:
        """Return what there is, for planners."""
        ...

    def check(self, tool: str, arguments: str) -> object:
        """Return the arguments in their canonical form, with every default filled in.

        Raises `Invalid` with a sentence for an unknown tool, arguments that do not fit it, or
        what this deployment does not allow. What it returned it accepts again, unchanged.
        """
        ...

    def is_repeatable(self, action: Action) -> bool:
        """Tell whether running it twice has the effect of running it once."""
        ...

    async def run(self, action: Action, effect_key: str) -> str:
        """Run an action and return its result in words; `effect_key` makes a repeat recognisable.

        Raises `Unavailable` when it certainly did not happen and may succeed later,
        `ResultUnknown` when nobody knows, and any other `HandraiseError` when it failed for good,
        each with a sentence that says so.
        """
        ...
