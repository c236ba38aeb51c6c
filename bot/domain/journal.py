"""What happened: one entry for each transition, append-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.instants import Micros
from bot.domain.record import whole


@whole
@dataclass(frozen=True, kw_only=True)
class Entry:
    """One transition: what, to which session or request, by whom, over which channel."""

    kind: str
    at: Micros
    session_id: str | None = None
    request_id: str | None = None
    person_id: str | None = None
    channel: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)
