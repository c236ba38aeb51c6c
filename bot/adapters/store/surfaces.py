"""Surfaces and the attempts on them in the database."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from bot.adapters.store import surface_statements as statements
from bot.adapters.store.requests import ADD as NEW_REQUEST
from bot.adapters.store.runner import Runner
from bot.domain.instants import Micros
from bot.domain.surface import Surface, SurfaceState
from bot.service.ports.tables import Attempt, Recorded, Tally


class Surfaces:
    """Implements the port `SurfaceTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def add(self, surface: Surface) -> None:
        """Keep a new surface."""
        values = dict(zip(statements.FIELDS, _in_order(surface), strict=True))
        values["state"] = surface.state.value
        self._db.later(statements.ADD, surface.id, values)

    def get(self, surface_id: str) -> Surface | None:
        """Return a surface."""
        row = self._db.one(statements.GET, {"id": surface_id})
        return None if row is None else surface_of(row)

    def of_request(self, request_id: str) -> Sequence[Surface]:
        """Return where a request is shown."""
        return [
            surface_of(row)
            for row in self._db.all(statements.OF_REQUEST, {"request_id": request_id})
        ]

    def want(
        self,
        request_id: str,
        version: int,
        priority: int,
        due_at: Micros,
        *,
        settled: bool = False,
    ) -> None:
        """Want every surface of a request to show `version`; repaint where it may be shown."""
        self._db.later(
            statements.WANT,
            (request_id, version),
            {
                "request_id": request_id,
                "version": version,
                "priority": priority,
                "due_at": due_at,
                "settled": int(settled),
                "yes": 1,
                "zero": 0,
                "dead": SurfaceState.DEAD.value,
                "sent": SurfaceState.SENT.value,
            },
        )

    def plan(self, surface_id: str, due_at: Micros, position: int | None = None) -> None:
        """Move when a surface is due that was not tried so far, and its place among channels."""
        values = {"id": surface_id, "due_at": due_at, "position": position, "none": 0}
        self._db.run(statements.PLAN, values)

    def postpone(self, request_id: str, person_id: str, due_at: Micros) -> None:
        """Let what is due for one person wait until `due_at`."""
        self._db.run(
            statements.POSTPONE, {"request_id": request_id, "person_id": person_id, "until": due_at}
        )

    def claim_due(self, owner: str, now: Micros, until: Micros, limit: int) -> Sequence[Surface]:
        """Claim what is due, urgent first, skipping what others hold."""
        rows = self._db.all(
            statements.CLAIM,
            {"owner": owner, "now": now, "until": until, "limit": limit, "step": 1},
        )
        return sorted((surface_of(row) for row in rows), key=lambda s: (s.priority, s.due_at, s.id))

    def claim_of(
        self, request_id: str, owner: str, now: Micros, until: Micros
    ) -> Sequence[Surface]:
        """Claim what is due of one request."""
        wanted = self._db.waiting(statements.WANT).values()
        if request_id in self._db.waiting(NEW_REQUEST) and all(
            row["request_id"] != request_id for row in wanted
        ):
            return self._claim_new(request_id, owner, now, until)
        values = {"request_id": request_id, "owner": owner, "now": now, "until": until, "step": 1}
        return [surface_of(row) for row in self._db.all(statements.CLAIM_OF, values)]

    def _claim_new(
        self, request_id: str, owner: str, now: Micros, until: Micros
    ) -> Sequence[Surface]:
        """Claim what is due of a request that this transaction made: none is stored so far."""
        claimed = []
        for id_, row in self._db.waiting(statements.ADD).items():
            due_at, claimed_until = row["due_at"], row["claim_until"]
            if row["request_id"] != request_id or due_at is None or due_at > now:
                continue
            if claimed_until is not None and claimed_until > now:
                continue
            held = {
                **row,
                "claim_owner": owner,
                "claim_until": until,
                "claim_number": row["claim_number"] + 1,
                "attempts": row["attempts"] + 1,
            }
            self._db.later(statements.ADD, id_, held)
            claimed.append(Surface(**{**held, "state": SurfaceState(held["state"])}))
        return claimed

    def next_due(self) -> Micros | None:
        """Return when the next surface can be claimed."""
        row = self._db.one(statements.NEXT_DUE, {})
        return row[0] if row else None

    def record(
        self,
        attempt: Attempt,
        shown: bool,
        retry_at: Micros | None,
        *,
        landed: str | None = None,
        certain: bool = True,
        dead: bool = False,
    ) -> Recorded:
        """End an attempt; when its claim was lost, nothing is written."""
        values = {
            "id": attempt.surface_id,
            "number": attempt.claim_number,
            "version": attempt.version,
            "retry_at": retry_at,
        }
        if shown:
            sent = {"state": SurfaceState.SENT.value, "zero": 0, "at": attempt.at, "landed": landed}
            row = self._db.one(statements.RECORD_SHOWN, values | sent)
        else:
            failed = {
                "dead_now": int(dead),
                "yes": 1,
                "dead": SurfaceState.DEAD.value,
                "failed": int(certain),
                "error": attempt.detail,
            }
            row = self._db.one(statements.RECORD_FAILED, values | failed)
        return self._recorded(attempt, row)

    def release(self, attempt: Attempt, wait_until: Micros | None) -> Recorded:
        """End a claim under which nothing was tried; with `wait_until` it is due again then.

        When the claim was lost, nothing is written.
        """
        waits = wait_until is not None
        row = self._db.one(
            statements.RELEASE,
            {
                "id": attempt.surface_id,
                "number": attempt.claim_number,
                "version": attempt.version,
                "retry_at": wait_until,
                "waits": int(waits),
                "step": 1,
            },
        )
        if waits:
            return Recorded(written=row is not None, due_at=row[0] if row else None)
        return self._recorded(attempt, row)

    def _recorded(self, attempt: Attempt, row: tuple[Any, ...] | None) -> Recorded:
        if row is None:
            return Recorded(written=False, due_at=None)
        self._db.later(
            statements.ADD_ATTEMPT,
            (attempt.surface_id, attempt.claim_number),
            {
                "surface_id": attempt.surface_id,
                "claim_number": attempt.claim_number,
                "version": attempt.version,
                "outcome": attempt.outcome,
                "detail": attempt.detail,
                "at": attempt.at,
            },
        )
        return Recorded(written=True, due_at=row[0])

    def seen(
        self, request_id: str, person_id: str, channel: str, version: int, at: Micros = 0
    ) -> bool:
        """Note that a version is visible; False when that was known."""
        values = {
            "request_id": request_id,
            "person_id": person_id,
            "channel": channel,
            "version": version,
            "state": SurfaceState.SENT.value,
            "at": at,
        }
        return self._db.run(statements.SEEN, values) > 0

    def redrive(self, surface_id: str, now: Micros) -> bool:
        """Have a surface that was given up tried again; False when it was not given up."""
        values = {
            "id": surface_id,
            "now": now,
            "dead": SurfaceState.DEAD.value,
            "sent": SurfaceState.SENT.value,
            "planned": SurfaceState.PLANNED.value,
            "one": 1,
            "zero": 0,
        }
        return self._db.run(statements.REDRIVE, values) > 0

    def given_up(self, asker_id: str, limit: int) -> Sequence[Surface]:
        """Return an asker's surfaces that were given up, newest first; of "" everybody's."""
        rows = self._db.all(statements.GIVEN_UP, {"asker_id": asker_id, "limit": limit})
        return [surface_of(row) for row in rows]

    def tally(self) -> Sequence[Tally]:
        """Return, by channel, how many surfaces wait for something and how many were given up."""
        waiting: dict[str, int] = dict(self._db.all(statements.COUNT_WAITING, {}))
        dead: dict[str, int] = dict(self._db.all(statements.COUNT_DEAD, {}))
        return [
            Tally(channel=channel, waiting=waiting.get(channel, 0), failed=dead.get(channel, 0))
            for channel in sorted({*waiting, *dead})
        ]


_in_order = attrgetter(*statements.FIELDS)


def surface_of(row: tuple[Any, ...]) -> Surface:
    """Return a surface of its columns."""
    values = dict(zip(statements.FIELDS, row, strict=True))
    return Surface(**values | {"state": SurfaceState(values["state"])})
