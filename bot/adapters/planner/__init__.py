"""Planners and readers: by a language model through BAML, or by rules without one."""

from __future__ import annotations

from bot.adapters.planner.config import PlannerConfig
from bot.adapters.planner.fallback import FallbackPlanner
from bot.adapters.planner.reading import FallbackReader, RulesReader
from bot.adapters.planner.rules import RulesPlanner
from bot.service.ports.planner import Planner
from bot.service.ports.reader import FeedbackReader

__all__ = [
    "FallbackPlanner",
    "FallbackReader",
    "PlannerConfig",
    "RulesPlanner",
    "RulesReader",
    "make_planner",
    "make_reader",
]


def make_planner(config: PlannerConfig) -> Planner:
    """Return the planner that `config` asks for; BAML is loaded only when a model is configured."""
    if config.provider == "none":
        return RulesPlanner()
    from bot.adapters.planner.baml_planner import BamlPlanner

    return FallbackPlanner(BamlPlanner(config), RulesPlanner(model_configured=True))


def make_reader(config: PlannerConfig) -> FeedbackReader:
    """Return the reader that `config` asks for; BAML is loaded only when a model is configured."""
    if config.provider == "none":
        return RulesReader()
    from bot.adapters.planner.baml_reader import BamlReader

    return FallbackReader(BamlReader(config), RulesReader())
