"""How many questions may be asked in a day: of one session, and of one person by all sessions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.errors import Invalid
from bot.domain.instants import DAY, MINUTE, Micros
from bot.domain.spans import say_span
from bot.service.ports.store import Transaction

_LONGEST: Micros = 2 * DAY
"""Further ahead than this no budget can be: then it was noted before the clock was set back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AskBudget:
    """Asks a day, all of them at once if need be, and as many more as that time brings; 0: any.

    It bounds a confused planner, so that no urgency and no risk is an exception to it.
    """

    per_session: int = 0
    per_recipient: int = 0

    def spend(
        self, tx: Transaction, session_id: str, recipients: Iterable[str], now: Micros
    ) -> None:
        """Count one question to `recipients` (canonical ids); `Invalid` when it is one too many.

        What is refused counts nowhere, though the caller's transaction goes on.
        """
        budgets = [(f"ask:s:{session_id}", self.per_session)]
        # In one order, so that two sessions that ask the same people cannot wait for each other.
        budgets += [(f"ask:p:{id_}", self.per_recipient) for id_ in sorted(set(recipients))]
        spent: list[tuple[str, Micros]] = []
        for key, limit in budgets:
            if not limit:
                continue
            each = DAY // limit
            wait = tx.rates.advance(key, now, each, _LONGEST) - now - limit * each
            spent.append((key, each))
            if wait > 0:
                for taken, cell in spent:
                    tx.rates.advance(taken, now, -cell, _LONGEST)
                raise Invalid(self._refusal(key, limit, wait), code="ask_budget")

    def _refusal(self, key: str, limit: int, wait: Micros) -> str:
        then = say_span(-(-wait // MINUTE) * MINUTE)
        if key.startswith("ask:s:"):
            return (
                f"I have asked {limit} questions in this session within a day, and may not ask "
                f"more now. Tell me to ask again in {then}, or have the operator raise "
                "ASKS_PER_SESSION_DAY."
            )
        return (
            f"One of these people was asked {limit} questions within a day, and may not be asked "
            f"more now. Tell me to ask again in {then}, ask somebody else, or have the operator "
            "raise ASKS_PER_RECIPIENT_DAY."
        )
