"""What a transaction can do with moments: what time has made due and is not applied so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.domain.instants import Micros


class Subject(StrEnum):
    """What time does something to."""

    QUESTION = "question"
    """To be reminded of, escalated or expired, when its `next_at` has come."""
    SESSION = "session"
    """To be warned or timed out, when its `idle_at` has come."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """One question or session whose time has come; only one is kept for each at once."""

    subject_id: str
    subject: Subject
    due_at: Micros
    """When it became due, which its command's external key names."""
    try_at: Micros
    """When it may be taken: later than `due_at` once it broke."""
    tries: int
    """How often it broke."""


class MomentTable(Protocol):
    """Moments by their subject: entered by any server, each applied by one."""

    def is_behind(self, now: Micros) -> bool:
        """Tell whether something is due by its index and has no moment yet."""
        ...

    def enter(self, now: Micros, limit: int) -> int:
        """Keep a moment for each question and each session that is due and has none, at most
        `limit` of either kind, longest due first; return how many.
        """
        ...

    def waiting(self, now: Micros, limit: int) -> Sequence[Moment]:
        """Return what may be taken, longest due first."""
        ...

    def broken(self) -> int:
        """Return how many broke three times or more."""
        ...

    def take(self, subject_ids: Sequence[str], now: Micros) -> Sequence[Moment]:
        """Take moments out, those excepted that another transaction has in hand or has put off.

        Call it first: what is taken is this transaction's, and there again if it fails.
        """
        ...

    def postpone(self, subject_id: str, until: Micros) -> None:
        """Note that one broke, and when it is to be tried again."""
        ...
