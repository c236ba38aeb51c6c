"""Faults on demand: which calls fail, how often, how, and whether they had their effect first."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from tests.slack.records import Json

Kind = Literal["error", "ratelimited", "status", "hang", "drop", "gate"]


@dataclass(kw_only=True, slots=True)
class Fault:
    """One thing that goes wrong with the next `times` calls of `method` (`*`: of any)."""

    method: str = "*"
    kind: Kind = "error"
    times: int = 1
    after_effect: bool = False
    """Do what was asked for, then fail: the caller cannot know."""
    error: str = "internal_error"
    status: int = 503
    retry_after: int = 1
    seconds: float = 30.0
    """How long a call hangs."""
    where: Json = field(default_factory=dict)
    """Arguments that a call must have for the fault to strike, such as the channel."""
    skip: int = 0
    """Calls that go well before the first that does not."""
    struck: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a call has come to the fault."""
    release: asyncio.Event = field(default_factory=asyncio.Event)
    """A call that hangs, or waits at a gate, goes on when this is set."""


class Faults:
    """The faults that are still to strike, oldest first."""

    def __init__(self) -> None:
        self.pending: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Let something go wrong; return it, so that a test can watch and release it."""
        self.pending.append(fault)
        return fault

    def clear(self) -> None:
        """Let everything go well, also what hangs now."""
        for fault in self.pending:
            fault.release.set()
        self.pending.clear()

    def match(self, method: str, args: Json) -> Fault | None:
        """Take the fault that strikes this call, if any."""
        for fault in self.pending:
            if fault.method not in ("*", method):
                continue
            if any(args.get(key) != value for key, value in fault.where.items()):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.struck += 1
            if fault.struck >= fault.times:
                self.pending.remove(fault)
            return fault
        return None
