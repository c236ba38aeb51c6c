"""The commands that need no model; `docs/asking.md` tells people what they can write."""

from __future__ import annotations

from bot.domain.grammar.asking import ready
from bot.domain.grammar.commands import (
    Ask,
    Cancel,
    Change,
    Command,
    End,
    Help,
    Remind,
    Status,
    Unreadable,
)
from bot.domain.grammar.parsing import ASK_SHAPE, CHANGE_SHAPE, parse

__all__ = [
    "ASK_SHAPE",
    "CHANGE_SHAPE",
    "Ask",
    "Cancel",
    "Change",
    "Command",
    "End",
    "Help",
    "Remind",
    "Status",
    "Unreadable",
    "parse",
    "ready",
]
