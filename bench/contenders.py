"""Who runs the cycle: how each is made on a file, and how its finished cycles are counted there."""

from __future__ import annotations

import asyncio
import importlib.util
import sqlite3
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Cycles(Protocol):
    """What runs cycles on one SQLite file."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def cycle(self, number: int) -> str:
        """Run one, and return the id that its state is stored under."""
        ...


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One implementation; it is imported only in the process that measures it."""

    name: str
    make: Callable[[Path], Cycles]
    count_done: Callable[[Path, Collection[str]], int]
    """Count in the closed file those of the given cycles that are stored as done."""
    missing: str = ""
    """Why it cannot be measured."""


HANDRAISE_DONE = """
SELECT requests.session_id FROM requests
JOIN messages ON messages.session_id = requests.session_id
    AND messages.role = 'agent' AND messages.text = 'Thank you, done.'
WHERE requests.state = 'answered'
"""


def _select(path: Path, query: str) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return [str(row[0]) for row in connection.execute(query)]
    finally:
        connection.close()


def _floor(path: Path) -> Cycles:
    from bench.floor_cycle import FloorCycles

    return FloorCycles(path)


def _count_floor(path: Path, ids: Collection[str]) -> int:
    from bench.floor_cycle import DONE_IDS

    return len(set(ids).intersection(_select(path, DONE_IDS)))


def _facts(path: Path) -> Cycles:
    from bench.facts_cycle import FactsCycles

    return FactsCycles(path)


def _count_facts(path: Path, ids: Collection[str]) -> int:
    from bench.facts_cycle import DONE_IDS

    return len(set(ids).intersection(_select(path, DONE_IDS)))


def _handraise(path: Path) -> Cycles:
    from bench.handraise_cycle import HandraiseCycles

    return HandraiseCycles(path)


def _count_handraise(path: Path, ids: Collection[str]) -> int:
    return len(set(ids).intersection(_select(path, HANDRAISE_DONE)))


def _langgraph(path: Path) -> Cycles:
    from bench.langgraph_cycle import LangGraphCycles

    return LangGraphCycles(path)


def _count_langgraph(path: Path, ids: Collection[str]) -> int:
    from bench.langgraph_cycle import LangGraphCycles

    async def count() -> int:
        cycles = LangGraphCycles(path)
        await cycles.open()
        try:
            return sum([await cycles.is_done(thread) for thread in set(ids)])
        finally:
            await cycles.close()

    return asyncio.run(count())


def _missing_langgraph() -> str:
    for module, package in (
        ("langgraph", "langgraph"),
        ("aiosqlite", "langgraph-checkpoint-sqlite"),
    ):
        if importlib.util.find_spec(module) is None:
            return f"{package} is not installed here; `make bench` installs it"
    return ""


FLOOR = Contender(name="floor, one row", make=_floor, count_done=_count_floor)
FACTS = Contender(name="floor, a row per fact", make=_facts, count_done=_count_facts)
HANDRAISE = Contender(name="Handraise", make=_handraise, count_done=_count_handraise)
LANGGRAPH = Contender(
    name="LangGraph",
    make=_langgraph,
    count_done=_count_langgraph,
    missing=_missing_langgraph(),
)
CONTENDERS = (FLOOR, FACTS, HANDRAISE, LANGGRAPH)
