"""The record of every call that reached the server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.domain.instants import Micros


@dataclass(kw_only=True)
class Call:
    """One call: what was asked by whom, and what was answered (0: nothing was)."""

    method: str
    at: Micros
    mailbox: str | None = None
    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, list[str]] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    status: int = 0
    fault: str | None = None


class Calls:
    """Calls in the order in which they came."""

    def __init__(self) -> None:
        self.all: list[Call] = []

    def of(self, method: str | None = None, *, mailbox: str | None = None) -> list[Call]:
        """Return the calls of one method, by its short name such as "messages.send", or all."""
        return [
            call
            for call in self.all
            if method in {None, call.method} and mailbox in {None, call.mailbox}
        ]

    def clear(self) -> None:
        self.all.clear()
