"""One place where a thing is shown, and how far what it shows lags behind the truth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.instants import HOUR, SECOND, Micros
from bot.domain.record import whole


class SurfaceState(StrEnum):
    """Whether the question has come to this place."""

    PLANNED = "planned"
    """Not yet, as far as is known; with nothing due it waits for its person, or was dropped."""
    SENT = "sent"
    DEAD = "dead"
    """Given up; somebody may have it tried again."""


@whole
@dataclass(frozen=True, kw_only=True)
class Surface:
    """A request on one person's channel; reconciled from `shown_version` to `wanted_version`."""

    id: str
    request_id: str
    person_id: str
    channel: str
    address: str
    lane: str
    """What is sent in order and rate-limited together: a Slack channel, a mailbox, a person."""
    position: int = 0
    """Which of the person's channels this is, from 0."""
    state: SurfaceState = SurfaceState.PLANNED
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
    """Since the last success, the one that is being made included."""
    failures: int = 0
    """Those of them that are known to have left nothing behind."""
    sent_at: Micros | None = None
    last_error: str | None = None
    landed: str | None = None
    """Where it landed, in the channel's own words: what it needs to repaint it."""

    @property
    def is_untried(self) -> bool:
        """Tell whether nothing was ever begun here since it was planned."""
        return self.state is SurfaceState.PLANNED and self.attempts == 0 and not self.shown_version

    @property
    def may_have_arrived(self) -> bool:
        """Tell, while no attempt is made, whether an earlier one has or may have arrived."""
        return self.shown_version > 0 or self.attempts > self.failures

    @property
    def may_be_there(self) -> bool:
        """Tell, while an attempt is made, whether an earlier one has or may have arrived."""
        return self.shown_version > 0 or self.attempts - 1 > self.failures


ASKING_PRIORITY = 5
SETTLING_PRIORITY = 1

MAX_ATTEMPTS = 10
"""After so many tries without a success a surface is given up."""


def retry_delay(attempts: int) -> Micros:
    """Return how long to wait after so many tries: 1 s, doubling to 1 h."""
    return min(HOUR, SECOND << min(max(attempts, 1) - 1, 20))
