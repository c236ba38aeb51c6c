"""A conversation with the agent: its state, its counters and its messages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.instants import Micros
from bot.domain.planning import Role
from bot.domain.record import whole

TITLE_LENGTH = 80


class SessionState(StrEnum):
    """`HELD` keeps a person's text while they have too many sessions at once."""

    ACTIVE = "active"
    HELD = "held"
    ENDED = "ended"


class Status(StrEnum):
    """What a session's people see it doing."""

    THINKING = "thinking"
    ASKING = "asking"
    AWAITING = "awaiting"
    IDLE = "idle"


class ParticipantRole(StrEnum):
    """What a person may do in a session."""

    OWNER = "owner"
    CONTRIBUTOR = "contributor"
    OBSERVER = "observer"


@whole
@dataclass(frozen=True, kw_only=True)
class Session:
    """One session's row; every counter in it moves under this row's lock."""

    id: str
    owner_id: str
    title: str
    state: SessionState
    end_reason: str | None
    created_at: Micros
    last_active_at: Micros
    message_seq: int
    """The newest message's number."""
    feed_seq: int
    """The newest feed entry's number."""
    wake_seq: int
    """The newest message that a turn must react to."""
    planned_seq: int
    """Up to where turns have reacted."""
    summary: str
    summary_seq: int
    """Up to where `summary` covers the messages."""
    open_questions: int
    turn_due_at: Micros | None
    """When a turn may be claimed; None when there is nothing to react to."""
    claim_owner: str | None
    claim_number: int
    """The fencing number: grows with each claim, and each commit of a turn names it."""
    claim_until: Micros | None
    idle_at: Micros | None
    """When its people are warned, then when it times out; None while it waits for something."""
    warned: bool
    """Whether its people were told that it will time out at `idle_at`."""
    failures: int
    """Turns in a row that broke unexpectedly."""
    place: str | None = None
    """Where a person last spoke outside the web; None: the web."""

    @property
    def has_input(self) -> bool:
        """Tell whether a turn is due."""
        return self.state is SessionState.ACTIVE and self.wake_seq > self.planned_seq

    def status(self, now: Micros) -> Status:
        """Derive what the session is doing."""
        if self.has_input or (self.claim_until is not None and self.claim_until > now):
            return Status.THINKING
        return Status.AWAITING if self.open_questions else Status.IDLE


@whole
@dataclass(frozen=True, kw_only=True)
class Message:
    """One entry of a session's conversation."""

    session_id: str
    seq: int
    id: str
    role: Role
    person_id: str | None
    channel: str
    text: str
    at: Micros
    request_id: str | None = None
    turn_id: str | None = None
    place: str | None = None
    """By which it came, or at which it is said, outside the web."""


def title_of(text: str) -> str:
    """Return a title made of a first message: its first line, cut at a word."""
    line = " ".join(text.strip().splitlines()[0].split()) if text.strip() else ""
    if len(line) <= TITLE_LENGTH:
        return line or "New session"
    cut = line[: TITLE_LENGTH - 1]
    head, space, _ = cut.rpartition(" ")
    return (head if space and len(head) > TITLE_LENGTH // 2 else cut) + "…"
