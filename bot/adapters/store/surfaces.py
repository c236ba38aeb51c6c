"""Surfaces and the attempts on them in the database."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from bot.adapters.store import surface_statements as statements
from bot.adapters.store.known import Known
from bot.adapters.store.runner import Runner
from bot.adapters.store.statements import members, portions
from bot.domain import showing
from bot.domain.instants import Micros
from bot.domain.record import made
from bot.domain.surface import Surface, SurfaceState
from bot.service.ports.surfaces import Attempt, Recorded, Tally


class Surfaces:
    """Implements the port `SurfaceTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner
        self._known: Known[str, Surface] = Known(runner, "surfaces")
        self._of: Known[str, tuple[str, ...]] = Known(runner, "surfaces")
        """Which surfaces a request has, of requests all of whose surfaces are held."""

    def begin(self, request_id: str) -> None:
        """Note that a new request has no surfaces so far."""
        self._of.put(request_id, ())

    def add(self, surface: Surface) -> None:
        """Keep a new surface."""
        self._db.later(statements.ADD, surface.id, _values(surface))
        self._known.put(surface.id, surface)
        others = self._of.get(surface.request_id)
        if others is not None:
            self._of.put(surface.request_id, (*others, surface.id))

    def get(self, surface_id: str) -> Surface | None:
        """Return a surface."""
        surface = self._known.get(surface_id)
        if surface is None:
            row = self._db.row(
                statements.GET, {"id": surface_id}, surface_id, statements.ADD, statements.SAVE
            )
            if row is not None:
                surface = surface_of(row)
                self._known.put_read(surface_id, surface)
        return surface

    def of_request(self, request_id: str) -> Sequence[Surface]:
        """Return where a request is shown."""
        known = self._known_of(request_id)
        if known is not None:
            return sorted(known, key=attrgetter("id"))
        rows = self._db.all(statements.OF_REQUEST, {"request_id": request_id})
        return [surface_of(row) for row in rows]

    def hold(self, request_ids: Sequence[str]) -> None:
        """Hold the surfaces of several requests at once, in the order of their ids."""
        for portion in portions(id_ for id_ in request_ids if id_ not in self._of):
            found: dict[str, list[Surface]] = {id_: [] for id_ in portion.values()}
            for row in self._db.all(statements.HOLD_AMONG, portion):
                surface = surface_of(row)
                found[surface.request_id].append(surface)
            for request_id, surfaces in found.items():
                self._keep(request_id, surfaces)

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
        for surface in self._held_of(request_id):
            if surface.wanted_version < version:
                self._save(showing.wanting(surface, version, priority, due_at, settled=settled))

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
        asked = {"owner": owner, "now": now, "until": until, "limit": limit, "step": 1}
        claimed = [surface_of(row) for row in self._db.all(statements.CLAIM, asked)]
        for surface in claimed:
            self._known.put(surface.id, surface)
        return sorted(claimed, key=lambda s: (s.priority, s.due_at, s.id))

    def claim_of(
        self, request_id: str, owner: str, now: Micros, until: Micros
    ) -> Sequence[Surface]:
        """Claim what is due of one request."""
        claimed = [
            showing.claimed(surface, owner, until)
            for surface in self._held_of(request_id)
            if showing.can_be_claimed(surface, now)
        ]
        for surface in claimed:
            self._save(surface)
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
        surface = self._claimed_by(attempt)
        if surface is None:
            return Recorded(written=False, due_at=None)
        if shown:
            after = showing.shown(
                surface, attempt.version, attempt.at, retry_at=retry_at, landed=landed
            )
        else:
            after = showing.failed(
                surface,
                attempt.version,
                attempt.detail,
                retry_at=retry_at,
                certain=certain,
                dead=dead,
            )
        self._save(after)
        self._attempted(attempt)
        return Recorded(written=True, due_at=after.due_at)

    def release(self, attempt: Attempt, wait_until: Micros | None) -> Recorded:
        """End a claim under which nothing was tried; with `wait_until` it is due again then.

        When the claim was lost, nothing is written.
        """
        surface = self._claimed_by(attempt)
        if surface is None:
            return Recorded(written=False, due_at=None)
        after = showing.released(surface, attempt.version, wait_until)
        self._save(after)
        if wait_until is None:
            self._attempted(attempt)
        return Recorded(written=True, due_at=after.due_at)

    def _claimed_by(self, attempt: Attempt) -> Surface | None:
        """Return the surface of an attempt, held; None when somebody else has claimed it since."""
        surface = self._known.get(attempt.surface_id)
        if surface is None:
            row = self._db.row(
                statements.HOLD,
                {"id": attempt.surface_id},
                attempt.surface_id,
                statements.ADD,
                statements.SAVE,
            )
            surface = None if row is None else surface_of(row)
        if surface is None or surface.claim_number != attempt.claim_number:
            return None
        return surface

    def _attempted(self, attempt: Attempt) -> None:
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

    def _held_of(self, request_id: str) -> Sequence[Surface]:
        """Return a request's surfaces, held until the commit."""
        known = self._known_of(request_id)
        if known is not None:
            return known
        rows = self._db.all(statements.HOLD_OF, {"request_id": request_id})
        surfaces = [surface_of(row) for row in rows]
        self._keep(request_id, surfaces)
        return surfaces

    def _known_of(self, request_id: str) -> Sequence[Surface] | None:
        ids = self._of.get(request_id)
        if ids is None:
            return None
        known = [self._known[id_] for id_ in ids if id_ in self._known]
        return known if len(known) == len(ids) else None

    def _keep(self, request_id: str, surfaces: Sequence[Surface]) -> None:
        for surface in surfaces:
            self._known.put(surface.id, surface)
        self._of.put(request_id, tuple(surface.id for surface in surfaces))

    def _save(self, surface: Surface) -> None:
        """Write back what may change of a surface that is held."""
        statement = statements.SAVE
        if surface.id in self._db.waiting(statements.ADD):
            statement = statements.ADD
        self._db.later(statement, surface.id, _values(surface))
        self._known.put(surface.id, surface)

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


_STATES = members(SurfaceState)


def _values(surface: Surface) -> dict[str, Any]:
    values = vars(surface).copy()
    values["state"] = surface.state.value
    return values


def surface_of(row: tuple[Any, ...]) -> Surface:
    """Return a surface of its columns."""
    values = dict(zip(statements.FIELDS, row, strict=True))
    values["state"] = _STATES[values["state"]]
    return made(Surface, values)
