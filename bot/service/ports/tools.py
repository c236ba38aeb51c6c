"""The tools port: what may run once people have approved it."""

from __future__ import annotations

from typing import Protocol

from bot.domain.feedback import Action


class Toolbox(Protocol):
    """Checks and runs tools; what it checked is what it runs."""

    def check(self, tool: str, arguments: str) -> object:
        """Return the arguments in their canonical form, with every default filled in.

        Raises `Invalid` with a sentence for an unknown tool, arguments that do not fit it, or
        what this deployment does not allow.
        """
        ...

    async def run(self, action: Action, effect_key: str) -> str:
        """Run an action and return its result in words; `effect_key` makes a repeat recognisable.

        Raises `HandraiseError` when it failed, with a sentence that says so.
        """
        ...
