"""Planners: by a language model through BAML, or by rules without one."""

from __future__ import annotations

from bot.adapters.planner.config import PlannerConfig
from bot.adapters.planner.fallback import FallbackPlanner
from bot.adapters.planner.rules import RulesPlanner
from bot.service.ports.planner import Planner

__all__ = ["FallbackPlanner", "PlannerConfig", "RulesPlanner", "make_planner"]


def make_planner(config: PlannerConfig) -> Planner:
    """Return the planner that `config` asks for; BAML is loaded only when a model is configured."""
    if config.provider == "none":
        return RulesPlanner()
    from bot.adapters.planner.baml_planner import BamlPlanner

    return FallbackPlanner(BamlPlanner(config), RulesPlanner(model_configured=True))
