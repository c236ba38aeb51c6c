"""Approved actions in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, case, func, or_, select, update

from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import actions
from bot.adapters.store.statements import Statement, insert_into, locked, names, where
from bot.domain.action_run import ActionRun, ActionState
from bot.domain.instants import Micros

_FIELDS = names(ActionRun)
_CHANGED = [
    "state",
    "claim_owner",
    "claim_number",
    "claim_until",
    "due_at",
    "attempts",
    "result",
    "started_at",
    "finished_at",
]
_BY_REQUEST = actions.c.request_id == bindparam("request")

_ADD = insert_into(actions)
_GET = where(actions, _FIELDS, _BY_REQUEST)
_LOCK = locked(actions, _FIELDS, _BY_REQUEST)
_SAVE = Statement(
    lambda: update(actions).where(_BY_REQUEST).values({name: bindparam(name) for name in _CHANGED})
)
_DUE = Statement(
    lambda: (
        select(actions.c.request_id)
        .where(
            actions.c.due_at <= bindparam("now"),
            or_(actions.c.claim_until.is_(None), actions.c.claim_until <= bindparam("now")),
        )
        .order_by(actions.c.due_at)
        .limit(bindparam("limit"))
    )
)
# The later of the two; the dialects name that function differently.
_NEXT_DUE = Statement(
    lambda: select(
        func.min(
            case(
                (actions.c.claim_until > actions.c.due_at, actions.c.claim_until),
                else_=actions.c.due_at,
            )
        )
    ).where(actions.c.due_at.is_not(None))
)


class Actions:
    """Implements the port `ActionTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def add(self, run: ActionRun) -> None:
        """Keep an action that was approved."""
        self._db.run(_ADD, {name: getattr(run, name) for name in _FIELDS})

    def get(self, request_id: str) -> ActionRun | None:
        """Return the action of a request, once it was approved."""
        return _run(self._db.one(_GET, {"request": request_id}))

    def lock(self, request_id: str) -> ActionRun | None:
        """Return the action of a request, holding its row; its request's is held before."""
        return _run(self._db.one(_LOCK, {"request": request_id}))

    def save(self, run: ActionRun) -> None:
        """Write back how it goes with an action; what was approved never changes."""
        changed = {name: getattr(run, name) for name in _CHANGED}
        self._db.run(_SAVE, {"request": run.request_id, **changed})

    def due(self, now: Micros, limit: int) -> Sequence[str]:
        """Return requests whose action can be claimed, longest due first."""
        return [row[0] for row in self._db.all(_DUE, {"now": now, "limit": limit})]

    def next_due(self) -> Micros | None:
        """Return when the next action can be claimed, claims of others included."""
        row = self._db.one(_NEXT_DUE, {})
        return row[0] if row else None


def _run(row: tuple[Any, ...] | None) -> ActionRun | None:
    if row is None:
        return None
    values = dict(zip(_FIELDS, row, strict=True))
    values["state"] = ActionState(values["state"])
    return ActionRun(**values)
