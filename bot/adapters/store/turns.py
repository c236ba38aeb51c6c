"""Turns in the database: one row for each that ended, under the claim it held."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from bot.adapters.store.schema import turns
from bot.adapters.store.statements import Runner, insert_into
from bot.domain.instants import Micros
from bot.domain.session import Session

_ADD = insert_into(turns)


class Turns:
    """Implements the port `TurnTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def add(
        self,
        turn_id: str,
        session: Session,
        outcome: str,
        note: str,
        steps: Sequence[Mapping[str, object]],
        started_at: Micros,
        finished_at: Micros,
    ) -> None:
        """Keep an ended turn; `session` is as the turn leaves it."""
        self._db.run(
            _ADD,
            {
                "id": turn_id,
                "session_id": session.id,
                "claim_number": session.claim_number,
                "planned_seq": session.planned_seq,
                "outcome": outcome,
                "note": note,
                "steps": json.dumps(steps, separators=(",", ":")),
                "started_at": started_at,
                "finished_at": finished_at,
            },
        )
