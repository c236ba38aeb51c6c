"""What becomes of a surface: a newer version is wanted of it, it is claimed, an attempt ends."""

from __future__ import annotations

from bot.domain.instants import Micros
from bot.domain.record import changed
from bot.domain.surface import Surface, SurfaceState


def wanting(
    surface: Surface, version: int, priority: int, due_at: Micros, *, settled: bool
) -> Surface:
    """Return a surface of which a newer version is wanted; `settled` says that it is the last.

    Where the question is shown, or may be, that is due at `due_at`. What was never sent keeps its
    time, and is not sent any more once the question is settled; what has parked looks again.
    """
    is_shown = surface.shown_version > 0
    is_dead = surface.state is SurfaceState.DEAD
    # A try of which nobody knows what it left behind, or one that is being made.
    is_uncertain = surface.attempts > surface.failures
    due = surface.due_at
    if is_shown or (is_uncertain and (settled or not is_dead)):
        due = due_at
    elif settled:
        due = None
    elif due is None and not is_dead:
        due = due_at
    if not is_shown:
        return changed(
            surface,
            wanted_version=version,
            priority=priority if is_uncertain else surface.priority,
            due_at=due,
        )
    return changed(
        surface,
        wanted_version=version,
        priority=priority,
        due_at=due,
        state=SurfaceState.SENT if is_dead else surface.state,
        # A new version may be tried as often as the first; what is uncertain stays so.
        attempts=surface.attempts - surface.failures,
        failures=0,
    )


def can_be_claimed(surface: Surface, now: Micros) -> bool:
    """Tell whether an attempt may begin now."""
    return (surface.due_at is not None and surface.due_at <= now) and (
        surface.claim_until is None or surface.claim_until <= now
    )


def claimed(surface: Surface, owner: str, until: Micros) -> Surface:
    """Return a surface that an attempt of `owner` begins on."""
    return changed(
        surface,
        claim_owner=owner,
        claim_until=until,
        claim_number=surface.claim_number + 1,
        attempts=surface.attempts + 1,
    )


def shown(
    surface: Surface, version: int, at: Micros, *, retry_at: Micros | None, landed: str | None
) -> Surface:
    """Return a surface that shows `version` since `at`, where it `landed` if that is known."""
    return changed(
        surface,
        shown_version=max(version, surface.shown_version),
        state=SurfaceState.SENT,
        attempts=0,
        failures=0,
        sent_at=at if surface.sent_at is None else surface.sent_at,
        landed=surface.landed if landed is None else landed,
        last_error=None,
        due_at=_next(surface, version, retry_at),
        claim_owner=None,
        claim_until=None,
    )


def failed(
    surface: Surface,
    version: int,
    error: str,
    *,
    retry_at: Micros | None,
    certain: bool,
    dead: bool,
) -> Surface:
    """Return a surface on which an attempt failed; `certain` that it left nothing behind."""
    return changed(
        surface,
        state=SurfaceState.DEAD if dead else surface.state,
        failures=surface.failures + certain,
        last_error=error,
        due_at=_next(surface, version, retry_at),
        claim_owner=None,
        claim_until=None,
    )


def released(surface: Surface, version: int, wait_until: Micros | None) -> Surface:
    """Return a surface of which a claim is given back: nothing was tried, so it counts for none."""
    return changed(
        surface,
        attempts=surface.attempts - 1,
        due_at=_next(surface, version, None) if wait_until is None else wait_until,
        claim_owner=None,
        claim_until=None,
    )


def _next(surface: Surface, version: int, retry_at: Micros | None) -> Micros | None:
    """Return when it is due again; what was wanted meanwhile stays due."""
    return surface.due_at if surface.wanted_version > version else retry_at
