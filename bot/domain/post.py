"""One thing that is said outside the web, once: a session's message, or a word to one person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.instants import Micros


class PostState(StrEnum):
    """How far a post has come."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    """Given up; somebody may have it tried again."""


class PostKind(StrEnum):
    """What is said."""

    MESSAGE = "message"
    """An entry of a session's conversation, said at a place of the session."""
    NOTICE = "notice"
    """A word to one person that belongs to no session: `body` says it."""
    OPENING = "opening"
    """The first word at a new place of a session; `body` says to which address of its owner."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """One thing to say at one place; those of one place are said in the order of their ids."""

    id: str
    kind: PostKind
    channel: str
    place: str
    """A session's place, an address on the channel in the form of `place_of`, or `new_place`."""
    lane: str
    session_id: str | None = None
    seq: int | None = None
    person_id: str | None = None
    body: str = "{}"
    """As JSON, of a notice `text` and what the channel was told besides, of an opening `to`."""
    state: PostState = PostState.WAITING
    due_at: Micros | None
    """When it should be said; None once it was, or was given up."""
    claim_owner: str | None = None
    claim_number: int = 0
    claim_until: Micros | None = None
    attempts: int = 0
    failures: int = 0
    """Those of them that are known to have left nothing behind."""
    last_error: str | None = None
    landed: str | None = None
    """Where it landed, in the channel's own words."""
    created_at: Micros

    @property
    def may_be_there(self) -> bool:
        """Tell, while an attempt is made, whether an earlier one may have arrived."""
        return self.attempts - 1 > self.failures
