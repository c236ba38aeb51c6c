"""What a transaction can do with places outside the web, and with what is said and lands there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.instants import Micros
from bot.domain.place import Binding
from bot.domain.post import Post
from bot.service.ports.surfaces import Recorded


class BindingTable(Protocol):
    """Which session each place belongs to."""

    def add(self, binding: Binding) -> bool:
        """Keep a binding; False when the place belongs to a session already."""
        ...

    def find(self, place: str) -> Binding | None: ...
    def of_session(self, session_id: str) -> Sequence[Binding]: ...
    def save_head(self, place: str, head: str) -> None:
        """Write what the channel must know to write at a place."""
        ...

    def remove(self, place: str) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Landing:
    """What stands at a spot outside: a Slack message, a mail by its Message-ID.

    One of a request (its card, for `person_id`), a session's message, or a notice to a person.
    """

    channel: str
    key: str
    """The spot, in the channel's own words: unique there."""
    request_id: str | None = None
    session_id: str | None = None
    person_id: str | None = None
    post_id: str | None = None
    surface_id: str | None = None
    at: Micros


class LandingTable(Protocol):
    """Where our own words landed, so that what refers to them is understood."""

    def add(self, landing: Landing) -> None:
        """Keep a landing; the same spot again is the same landing, the newer data."""
        ...

    def find(self, channel: str, key: str) -> Landing | None: ...
    def of_surface(self, surface_id: str) -> Sequence[Landing]: ...


class PostTable(Protocol):
    """What is to be said outside; claims work as those of surfaces."""

    def add(self, post: Post) -> None: ...
    def get(self, post_id: str) -> Post | None: ...
    def claim_due(self, owner: str, now: Micros, until: Micros, limit: int) -> Sequence[Post]:
        """Claim what is due, skipping what others hold.

        Of one place only the oldest that is still to be said, so that they are said in order.
        """
        ...

    def next_due(self) -> Micros | None:
        """Return when the next post can be claimed, claims of others included."""
        ...

    def sent(self, post_id: str, claim_number: int, landed: str | None, at: Micros) -> Recorded:
        """End a claim: it is there. When the claim was lost, nothing is written."""
        ...

    def failed(
        self,
        post_id: str,
        claim_number: int,
        error: str,
        retry_at: Micros | None,
        *,
        certain: bool,
    ) -> Recorded:
        """End a claim: it is tried again at `retry_at`, or given up. Written as `sent` is."""
        ...

    def release(self, post_id: str, claim_number: int, due_at: Micros) -> Recorded:
        """End a claim under which nothing was tried; it is due again then."""
        ...

    def redrive(self, post_id: str, now: Micros) -> bool:
        """Have a post that was given up tried again; False when it was not given up."""
        ...

    def given_up(self, owner_id: str, limit: int) -> Sequence[Post]:
        """Return posts given up of the sessions of `owner_id`, newest first; all for ""."""
        ...

    def openings(self, session_id: str) -> Sequence[Post]:
        """Return the posts that opened places of a session, or are to, oldest first."""
        ...

    def opening_for(self, person_id: str) -> Sequence[Post]:
        """Return the posts that are to open places for a person and are not yet there, or known
        to be.
        """
        ...

    def sent_to(self, place: str, since: Micros) -> int:
        """Return how many were said at a place since then."""
        ...

    def note_preview(self, turn_id: str, place: str, landed: str, at: Micros) -> None:
        """Keep where a turn's streamed text stands, so that its message takes that place."""
        ...

    def preview_of(self, turn_id: str) -> str | None: ...
    def stale_previews(self, before: Micros, limit: int) -> Sequence[tuple[str, str, str]]:
        """Return turn, place and landing of previews older than that, whose message never came."""
        ...

    def drop_preview(self, turn_id: str) -> None: ...
