"""Asking people must not depend on a model being up: rules stand in where they can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.domain import grammar
from bot.domain.errors import PlanningFailed
from bot.domain.planning import Plan, PlanContext, Role, Spoken
from bot.service.ports.planner import Planner, ShowText


class FallbackPlanner:
    """Plans with `primary`; when that fails, `rules` handles commands and carries new facts."""

    def __init__(self, primary: Planner, rules: Planner) -> None:
        self._primary = primary
        self._rules = rules

    @property
    def name(self) -> str:
        """Return the primary planner's name."""
        return self._primary.name

    async def plan(self, context: PlanContext, show: ShowText) -> Plan:
        """Return the primary's plan, or that of the rules when they understand what is new."""
        try:
            return await self._primary.plan(context, show)
        except PlanningFailed:
            if not _understood(context):
                raise
        plan = await self._rules.plan(context, show)
        return replace(plan, note=f"{plan.note}, in place of {self._primary.name}")

    async def summarise(self, summary: str, messages: Sequence[Spoken]) -> str:
        """Return the primary's summary, or the rules' digest when it fails."""
        try:
            return await self._primary.summarise(summary, messages)
        except PlanningFailed:
            return await self._rules.summarise(summary, messages)

    async def name_session(self, text: str) -> str | None:
        """Return the primary's title."""
        return await self._primary.name_session(text)

    async def aclose(self) -> None:
        """Release both."""
        await self._primary.aclose()
        await self._rules.aclose()


def _understood(context: PlanContext) -> bool:
    """Tell whether something new needs no model: a command of the owner's, or a fact to pass on."""
    return any(
        line.role is Role.SYSTEM
        or (
            line.role is Role.USER
            and line.is_owner
            and not isinstance(
                grammar.parse(
                    line.text, now=context.now, zone=context.zone, wait=context.feedback_timeout
                ),
                grammar.Unreadable,
            )
        )
        for line in context.new_lines
    )
