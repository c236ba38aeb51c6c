"""The port of surfaces: where questions are shown, and the attempts to show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.instants import Micros
from bot.domain.surface import Surface


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One try to show a surface's newest version."""

    surface_id: str
    claim_number: int
    version: int
    outcome: str
    detail: str = ""
    """What went wrong, or where it went, in words; nothing secret."""
    at: Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """What became of an attempt's record: whether its claim still stood, and what is due next."""

    written: bool
    due_at: Micros | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """How many surfaces of a channel wait for something, and how many were given up."""

    channel: str
    waiting: int
    failed: int


class SurfaceTable(Protocol):
    """Where questions are shown, and the attempts to show them."""

    def add(self, surface: Surface) -> None: ...
    def get(self, surface_id: str) -> Surface | None: ...
    def of_request(self, request_id: str) -> Sequence[Surface]: ...
    def hold(self, request_ids: Sequence[str]) -> None:
        """Hold the surfaces of several requests at once, in the order of their ids."""
        ...

    def want(
        self,
        request_id: str,
        version: int,
        priority: int,
        due_at: Micros,
        *,
        settled: bool = False,
    ) -> None:
        """Want every surface of a request to show `version`, newest wins.

        Where it is or may be shown, that is due; what was not tried keeps its time, or is
        dropped once the request is settled.
        """
        ...

    def plan(self, surface_id: str, due_at: Micros, position: int | None = None) -> None:
        """Move when a surface is due that was not tried so far; any other stays as it is.

        With `position` it also becomes that one of its person's channels.
        """
        ...

    def postpone(self, request_id: str, person_id: str, due_at: Micros) -> None:
        """Let what is due for one person wait until `due_at`."""
        ...

    def claim_due(self, owner: str, now: Micros, until: Micros, limit: int) -> Sequence[Surface]:
        """Claim what is due, urgent first, skipping what others hold."""
        ...

    def claim_of(
        self, request_id: str, owner: str, now: Micros, until: Micros
    ) -> Sequence[Surface]:
        """Claim what is due of one request."""
        ...

    def next_due(self) -> Micros | None: ...
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
        """End an attempt; when its claim was lost, nothing is written.

        `certain` says of a failure that it left nothing behind, `dead` that it is given up.
        """
        ...

    def release(self, attempt: Attempt, wait_until: Micros | None) -> Recorded:
        """End a claim under which nothing was tried; with `wait_until` it is due again then.

        When the claim was lost, nothing is written.
        """
        ...

    def seen(
        self, request_id: str, person_id: str, channel: str, version: int, at: Micros = 0
    ) -> bool:
        """Note that a version is visible; False when that was known."""
        ...

    def redrive(self, surface_id: str, now: Micros) -> bool:
        """Have a surface that was given up tried again; False when it was not given up."""
        ...

    def given_up(self, asker_id: str, limit: int) -> Sequence[Surface]:
        """Return an asker's surfaces that were given up, newest first."""
        ...

    def tally(self) -> Sequence[Tally]: ...
