"""The channel port: how a question is shown, and a word said, somewhere outside."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.domain.card import Card
from bot.domain.feedback import FeedbackRequest
from bot.domain.planning import Role
from bot.domain.post import Post
from bot.domain.session import Status
from bot.domain.surface import Surface


class Fate(StrEnum):
    """What became of one attempt."""

    SHOWN = "shown"
    """It is there now, in its newest version."""
    PARKED = "parked"
    """Nobody is there to see it; it is shown when they come, and nothing needs to be sent."""
    RETRY = "retry"
    """It failed in a way that may pass, and left nothing behind."""
    UNKNOWN = "unknown"
    """It may or may not have arrived; it is tried again, and the channel must recognise it."""
    FAILED = "failed"
    """It failed for good: trying again cannot help."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """An attempt's result; `detail` is for the journal and its asker, and holds nothing secret."""

    fate: Fate
    detail: str = ""
    retry_after: float | None = None
    """Seconds for which the channel wants nothing more; only where it says so (HTTP 429)."""
    landed: str | None = None
    """Where it landed, in the channel's own words; given back as `landed` of surface or post."""
    spots: tuple[str, ...] = ()
    """The spots it stands at now, as `Landing.key`: what is said there refers to it."""
    head: str | None = None
    """For a post at a session's place, or one that opens it: what to keep as its `Binding.head`."""
    place: str | None = None
    """For a post that opens a place: which place that has become."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Saying:
    """What a post says, and what its channel needs besides."""

    text: str
    """Markdown."""
    role: Role = Role.AGENT
    turn_id: str | None = None
    preview: str | None = None
    """Where the turn's streamed text stands, in the channel's own words: it becomes this."""
    head: str = "{}"
    """The binding's, for a session's message."""
    session_title: str = ""
    url: str = ""
    """The session's page, or the question's."""
    reader: str = ""
    zone: str = "UTC"
    """Of the person a notice is for."""


class Channel(Protocol):
    """Shows questions; `deliver` is called for one surface at a time and may be repeated."""

    @property
    def name(self) -> str:
        """Return the channel's name in the design's vocabulary: chat, email or slack."""
        ...

    async def deliver(
        self, surface: Surface, request: FeedbackRequest, card: Card | None
    ) -> Delivery:
        """Show `request` as it stands; raises nothing but cancellation.

        `card` is all that its reader sees of it; None for chat, whose page asks for it.
        `surface.attempts` counts from 1. Where `surface.may_be_there`, an earlier attempt may
        have arrived though nobody knows: `surface.id` and `request.version` tell it from another,
        so put them where they can be found again, and do not send the same twice.
        """
        ...


class Speaker(Protocol):
    """A channel on which sessions live: it says what the agent says there."""

    async def say(self, post: Post, saying: Saying) -> Delivery:
        """Say it; raises nothing but cancellation. `post.id` recognises it, as `deliver` does."""
        ...


class LiveText(Protocol):
    """One turn's text while it grows at a place; best effort, never raises."""

    def show(self, text: str) -> None:
        """Show the whole text so far; never blocks."""
        ...

    async def stop(self) -> None:
        """End the stream, so that its message can take its place; nothing is shown after it."""
        ...


class Stage(Protocol):
    """A channel that can show what the agent is doing while it does it; best effort."""

    def begin(self, place: str, turn_id: str) -> LiveText:
        """Return where to show a turn's text."""
        ...

    def status(self, place: str, status: Status) -> None:
        """Show what the session at a place is doing; never blocks."""
        ...
