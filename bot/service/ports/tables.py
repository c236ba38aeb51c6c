"""What a transaction can do with each table; rows are the domain's own records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.action_run import ActionRun
from bot.domain.chain import Chain, Record, Verdict
from bot.domain.commands import Outcome
from bot.domain.feedback import FeedbackRequest, FeedbackResponse, Part, Route
from bot.domain.instants import MINUTE, Micros
from bot.domain.journal import Entry
from bot.domain.person import Person
from bot.domain.session import Message, ParticipantRole, Session


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedEntry:
    """What changed: `kind` is `message`, `question` or `session`, `ref` says which one."""

    number: int
    kind: str
    ref: str
    at: Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """A person a request was put to; `canonical_id` follows merges."""

    person_id: str
    canonical_id: str
    name: str
    position: int
    part: Part
    route: Route
    by_id: str | None
    """Who handed the question on to them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """A proven address of a person: `kind` is the channel's name, `key` the address there."""

    kind: str
    key: str


class PersonTable(Protocol):
    """People, their proven identities, and whom a session may write to."""

    def add(self, person: Person) -> None: ...
    def get(self, person_id: str) -> Person | None: ...
    def lock(self, person_id: str) -> Person | None: ...
    def expect(self, ids: Sequence[str]) -> None:
        """Read several at once, so that `get` finds them without asking."""
        ...

    def save(self, person: Person) -> None:
        """Write back how a person can be reached, and nothing else."""
        ...

    def note_channel(self, person_id: str, channel: str) -> None:
        """Note where a person, or whom they were merged into, was last active, if that is new.

        It is written when the transaction ends, as what their feed is told.
        """
        ...

    def merge(self, person_id: str, into: str) -> None:
        """Make one person an alias of another, and all who were its aliases too."""
        ...

    def next_feed_number(self, person_id: str) -> int:
        """Take the next number of a person's feed, holding its row."""
        ...

    def find(self, name: str) -> Person | None:
        """Return the canonical person with this verified user name or address."""
        ...

    def by_identity(self, kind: str, key: str) -> Person | None:
        """Return the canonical person of whom this identity is proven."""
        ...

    def rename(self, person_id: str, name: str) -> None: ...

    def add_identity(self, kind: str, key: str, person_id: str, at: Micros) -> bool:
        """Keep a proven identity; False when another person has it already."""
        ...

    def identities(self, person_id: str) -> Sequence[Identity]:
        """Return what is proven of a person and of all their aliases, oldest first."""
        ...

    def identities_of_kind(self, person_id: str, kind: str) -> Sequence[str]:
        """Return a person's proven addresses on one channel, their aliases' too, oldest first."""
        ...

    def allow_contact(self, session_id: str, person_id: str, at: Micros) -> None: ...
    def is_contact(self, session_id: str, person_id: str) -> bool: ...
    def contacts_of(self, owner_id: str, start: str, limit: int) -> Sequence[Person]:
        """Return whom the sessions of `owner_id` may write to, latest first.

        Only those of whose name some word begins with `start`, case-folded.
        """
        ...

    def registered(self, start: str, limit: int) -> Sequence[tuple[str, Person]]:
        """Return people with their verified user names that begin with `start`, case-folded."""
        ...


class SessionTable(Protocol):
    """Sessions and their participants."""

    def add(self, session: Session) -> None: ...
    def get(self, session_id: str) -> Session | None: ...
    def lock(self, session_id: str) -> Session | None:
        """Return the session, keeping others from changing it until the commit."""
        ...

    def hold(self, ids: Sequence[str]) -> None:
        """Lock several at once, in the order of their ids."""
        ...

    def save(self, session: Session) -> None: ...
    def add_participant(self, session_id: str, person_id: str, role: ParticipantRole) -> None: ...
    def role_of(self, session_id: str, person_id: str) -> ParticipantRole | None: ...
    def active_of(self, owner_id: str) -> Sequence[Session]: ...
    def count_held(self, owner_id: str) -> int: ...
    def of_owner(
        self, owner_id: str, state: str | None, before: str | None, limit: int
    ) -> Sequence[Session]:
        """Return sessions newest first, those with ids below `before`."""
        ...

    def due(self, now: Micros, limit: int) -> Sequence[str]:
        """Return sessions whose turn can be claimed, skipping what others hold."""
        ...

    def next_due(self) -> Micros | None:
        """Return when the next turn can be claimed, claims of others included."""
        ...


class MessageTable(Protocol):
    """The conversation's entries."""

    def add(self, message: Message) -> None: ...
    def get(self, session_id: str, seq: int) -> Message | None: ...
    def after(self, session_id: str, seq: int, limit: int) -> Sequence[Message]: ...
    def before(self, session_id: str, seq: int, limit: int) -> Sequence[Message]:
        """Return the newest `limit` messages below `seq`, oldest first."""
        ...


class RequestTable(Protocol):
    """Questions, to whom they went, and what came back."""

    def add(self, request: FeedbackRequest) -> None: ...
    def add_recipient(
        self,
        request_id: str,
        person_id: str,
        position: int,
        part: Part,
        route: Route,
        by_id: str | None = None,
    ) -> None:
        """Put a request to a person; one who is a recipient already gets this part."""
        ...

    def get(self, request_id: str) -> FeedbackRequest | None: ...
    def lock(self, request_id: str) -> FeedbackRequest | None: ...
    def hold(self, ids: Sequence[str]) -> Sequence[FeedbackRequest]:
        """Lock several at once, in the order of their ids, and read what hangs on them."""
        ...

    def save(self, request: FeedbackRequest) -> None: ...
    def recipients(self, request_id: str) -> Sequence[Recipient]: ...
    def open_of(self, session_id: str) -> Sequence[FeedbackRequest]: ...
    def of_session(self, session_id: str) -> Sequence[FeedbackRequest]: ...
    def of_recipient(
        self, person_id: str, is_open: bool | None, before: str | None, limit: int
    ) -> Sequence[FeedbackRequest]:
        """Return what was put to a person, newest first; of what is open only what they decide."""
        ...

    def of_asker(
        self, person_id: str, is_open: bool | None, before: str | None, limit: int
    ) -> Sequence[FeedbackRequest]: ...
    def due(self, now: Micros, limit: int) -> Sequence[tuple[str, Micros]]:
        """Return requests that time does something to, with when it was due, oldest first."""
        ...

    def add_response(self, response: FeedbackResponse) -> None: ...
    def responses(self, request_id: str) -> Sequence[FeedbackResponse]: ...


class ActionTable(Protocol):
    """Approved actions: what is to run, and how that went."""

    def add(self, run: ActionRun) -> None: ...
    def get(self, request_id: str) -> ActionRun | None: ...
    def lock(self, request_id: str) -> ActionRun | None:
        """Return the action of a request, holding its row; its request's is held before."""
        ...

    def save(self, run: ActionRun) -> None:
        """Write back how it goes with an action; what was approved never changes."""
        ...

    def due(self, now: Micros, limit: int) -> Sequence[str]:
        """Return requests whose action can be claimed, longest due first."""
        ...

    def next_due(self) -> Micros | None:
        """Return when the next action can be claimed, claims of others included."""
        ...


class InboundTable(Protocol):
    """How far each inbound channel has been read."""

    def read_until(self, channel: str) -> Micros:
        """Return until when everything that was sent over a channel is known; 0 for never."""
        ...

    def note(self, channel: str, until: Micros) -> None:
        """Note that a channel was read until then; it never goes back."""
        ...


class FeedTable(Protocol):
    """What changed, by feed."""

    def add(self, feed_id: str, entries: Sequence[FeedEntry]) -> None: ...
    def tell(self, person_id: str, kind: str, ref: str, at: Micros) -> None:
        """Append an entry to a person's feed; it is numbered when the transaction ends.

        People's rows are held last and in one order, so that no two transactions wait for each
        other.
        """
        ...

    def after(self, feed_id: str, number: int, limit: int) -> Sequence[FeedEntry]: ...
    def last(self, feed_id: str) -> int:
        """Return the newest number, 0 when there is none."""
        ...


class JournalTable(Protocol):
    """Transitions, append-only; a request's entries are chained, and its chain's head signed."""

    def add(self, entry: Entry) -> None: ...
    def hold(self, request_ids: Sequence[str]) -> None:
        """Lock the ends of several chains at once, in the order of ids."""
        ...

    def of_request(self, request_id: str) -> Sequence[Entry]: ...
    def of_session(self, session_id: str) -> Sequence[Entry]: ...
    def chain_of(self, request_id: str) -> Chain:
        """Return a request's story with what verifies it."""
        ...

    def verify(self, request_id: str) -> Verdict:
        """Compare a request's story with what was written."""
        ...

    def requests(self, after: str, limit: int) -> Sequence[str]:
        """Return requests that have a chain or should have one, by id, those beyond `after`."""
        ...

    def records(self, after: int, since: Micros, until: Micros, limit: int) -> Sequence[Record]:
        """Return entries from `since` and before `until`, those beyond the position `after`."""
        ...

    def erase(self, request_id: str, numbers: Sequence[int]) -> None:
        """Erase the content of these entries of a request's chain, which still verifies."""
        ...

    def signed_before(self, after: str, limit: int) -> Sequence[str]:
        """Return requests whose head another key signed, by id, those beyond `after`."""
        ...

    def sign_anew(self, request_id: str) -> bool:
        """Sign a request's head with the newest key; False when no known key signed it."""
        ...


class ReceiptTable(Protocol):
    """Commands that were applied."""

    def expect(self, keys: Sequence[str]) -> None:
        """Find out at once which commands were not applied so far; what they act on is held."""
        ...

    def find(self, external_key: str) -> Outcome | None: ...
    def add(self, external_key: str, outcome: Outcome, at: Micros) -> None: ...
    def prune(self, before: Micros, limit: int) -> int:
        """Forget receipts older than `before`; return how many went."""
        ...


class RateTable(Protocol):
    """Theoretical arrival times of the generic cell rate algorithm."""

    def advance(
        self, key: str, now: Micros, interval: Micros, longest: Micros = 2 * MINUTE
    ) -> Micros:
        """Add one cell of `interval` and return the new theoretical arrival time.

        One that is further ahead than the `longest` burst can take it was noted before the clock
        was set back, and counts for nothing.
        """
        ...

    def prune(self, before: Micros, limit: int) -> int:
        """Forget keys whose arrival time is before `before`, at most `limit`; return how many."""
        ...
