"""A question as one reader sees it in one place: everything that is shown, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.feedback import Answer, FeedbackRequest, Part, Route
from bot.domain.held_step import asks_for_contact
from bot.domain.instants import Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One response as others may see it."""

    response_id: str
    name: str
    words: str
    standing: str
    """As `Standing` names it."""
    agrees: bool | None
    channel: str
    at: Micros
    in_time: bool = False
    """Whether it was sent before the deadline, so that its asker may let it decide."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """What a channel needs to show a request; times are said in the reader's `zone`.

    `reader_id` is the canonical person the surface belongs to, `part` whether they are asked or
    only told.
    """

    request: FeedbackRequest
    now: Micros
    reader_id: str
    reader: str
    zone: str
    part: Part = Part.DECIDER
    route: Route = Route.ASKED
    by: str | None = None
    """Who handed the question on to the reader, or in whose place they are asked."""
    asker: str
    deciders: tuple[str, ...]
    """Names of everybody who is asked now."""
    told: tuple[str, ...] = ()
    needed: int = 1
    """How many answers are still needed to decide it; 0 once it is settled."""
    answered: tuple[str, ...] = ()
    """Names of those whose answer counts so far."""
    claimed_by: str | None = None
    claimed_by_reader: bool = False
    decided_by: str | None = None
    session_title: str = ""
    place: str | None = None
    """Where the session lives that it was asked in; None for the web."""
    url: str
    """The question's page."""
    link: str | None = None
    """The token of a one-use link of the reader's own, where the channel's cards have one."""
    reply: str | None = None
    """The token of an address that takes the reader's reply, likewise."""
    own: Answer | None = None
    """What the reader answered, while that counts."""
    late: tuple[Said, ...] = ()
    """Answers that came too late; shown to the asker only."""

    @property
    def is_from_agent(self) -> bool:
        """Tell whether the agent itself asks, for its owner's leave to write to somebody new.

        Its context says in words all that its action holds (`introduction`).
        """
        return asks_for_contact(self.request)

    @property
    def is_asker(self) -> bool:
        """Tell whether the reader asked it."""
        return self.reader_id == self.request.asker_id
