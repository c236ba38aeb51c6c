"""One place where a thing is shown, and how far what it shows lags behind the truth."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.instants import Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Surface:
    """A request on one person's channel; reconciled from `shown_version` to `wanted_version`."""

    id: str
    request_id: str
    person_id: str
    channel: str
    address: str
    lane: str
    """What is sent in order and rate-limited together: a Slack channel, a mailbox, a person."""
    priority: int
    """Lower goes first; decisions overtake new questions."""
    wanted_version: int
    shown_version: int
    seen_version: int
    due_at: Micros | None
    """When the courier should act; None when nothing is to do or nobody is there."""
    claim_owner: str | None
    claim_number: int
    claim_until: Micros | None
    attempts: int


ASKING_PRIORITY = 5
SETTLING_PRIORITY = 1
