"""What a transaction can do for those who look after the whole deployment: pages of everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.chain import Record
from bot.domain.instants import Micros
from bot.domain.person import Person
from bot.domain.post import Post
from bot.domain.surface import Surface
from bot.service.ports.inbox import Received


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A question as the numbers count it."""

    asked_at: Micros
    state: str
    decided_at: Micros | None
    decided_by: str | None
    """The canonical person, as far as is known today."""
    decided_via: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Failures:
    """How many deliveries of one channel were given up."""

    channel: str
    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Sought:
    """Which entries of the journal are looked for; what is None does not matter."""

    kind: str | None = None
    """How the kind begins."""
    request_id: str | None = None
    session_id: str | None = None
    person_id: str | None = None
    """A person, with all their aliases."""
    since: Micros | None = None
    until: Micros | None = None
    """The first moment that is too late."""


EVERYTHING = Sought()


@dataclass(frozen=True, kw_only=True, slots=True)
class Entries:
    """A page of the journal; it may be empty and yet not be the last."""

    records: Sequence[Record]
    next: int | None
    """From where to look on; None once all was looked at."""


class AdministrationTable(Protocol):
    """Everybody's; every list is a page, newest first, of what is older than `before`."""

    def people(self, before: str | None, limit: int, text: str = "") -> Sequence[Person]:
        """Return canonical people, by id; with a text those whose names or addresses have it."""
        ...

    def failed_surfaces(self, before: str | None, limit: int) -> Sequence[Surface]: ...
    def failed_posts(self, before: str | None, limit: int) -> Sequence[Post]: ...
    def set_aside(self, before: tuple[Micros, str] | None, limit: int) -> Sequence[Received]:
        """Return what was set aside, by when it was received and its key."""
        ...

    def take_up(self, key: str, now: Micros) -> str | None:
        """Have what was set aside dealt with again; return its kind, None when there is none."""
        ...

    def drop_aside(self, key: str) -> bool:
        """Forget what was set aside; False when there is none."""
        ...

    def entries(self, before: int | None, limit: int, sought: Sought = EVERYTHING) -> Entries:
        """Return entries of the journal, by position; a long one is looked through in portions."""
        ...

    def asked(self, since: Micros, limit: int) -> Sequence[Asked]:
        """Return questions asked since then, looking at the newest `limit` of all."""
        ...

    def failures(self, since: Micros) -> Sequence[Failures]:
        """Return by channel what was given up of questions and posts made since then."""
        ...

    def failures_by(self, since: Micros, width: Micros) -> Mapping[int, int]:
        """Return how many of them there are in each slot so wide, the first from `since`."""
        ...
