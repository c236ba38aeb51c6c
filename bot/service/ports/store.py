"""The store port: transactions as plain functions over a `Transaction`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from bot.service.ports.accounts import AccountTable, TicketTable
from bot.service.ports.administration import AdministrationTable
from bot.service.ports.directory import DirectoryTable
from bot.service.ports.inbox import InboxTable
from bot.service.ports.moments import MomentTable
from bot.service.ports.personal import PersonalTable
from bot.service.ports.places import BindingTable, LandingTable, PostTable
from bot.service.ports.surfaces import SurfaceTable
from bot.service.ports.tables import (
    ActionTable,
    FeedTable,
    InboundTable,
    JournalTable,
    MessageTable,
    PersonTable,
    RateTable,
    ReceiptTable,
    RequestTable,
    SessionTable,
)
from bot.service.ports.vault import LeaseTable, LinkTable, MarkTable, VaultTable

T = TypeVar("T")

NOT_WRITABLE = "not_writable"
"""The code of an `Unavailable` that waiting does not cure: a disk is full, or only read from."""


EVERYTHING = "*"
"""The key of an announcement that says: some may have been lost, look at everything again."""


class Topic(StrEnum):
    """What an announcement is about; its keys are ids, never content.

    Any of them but `EPHEMERAL` may come with the key `EVERYTHING`, after the connection that
    carries other servers' announcements was down: turns and surfaces may be due, any feed may have
    grown, any family may have been revoked. Listeners then look for themselves.
    """

    TURN = "turn"
    """A session has a turn due; the key is the session."""
    SURFACE = "surface"
    """Surfaces are due; the key is a lane."""
    POST = "post"
    """A post is due; the key is a place."""
    INBOX = "inbox"
    """Something was received; the key is its kind."""
    ACTION = "action"
    """An approved action is due; the key is the request."""
    FEED = "feed"
    """A feed grew; the key is the session or the person."""
    STOP = "stop"
    """A session's running turn lost its claim; the key is the session."""
    SIGN_OUT = "sign_out"
    """A family of tokens was revoked; the key is the family."""
    EPHEMERAL = "ephemeral"
    """A best-effort frame for a session's watchers; the key is its JSON text, an object with
    `session_id`. A `preview` also has `turn_id`, `offset` and `text`: whoever has fewer than
    `offset` UTF-16 units of that turn's text ignores it.
    """


class Transaction(Protocol):
    """One transaction's view of the tables; usable only inside the function it was given to."""

    @property
    def accounts(self) -> AccountTable: ...
    @property
    def actions(self) -> ActionTable: ...
    @property
    def administration(self) -> AdministrationTable: ...
    @property
    def bindings(self) -> BindingTable: ...
    @property
    def directory(self) -> DirectoryTable: ...
    @property
    def feeds(self) -> FeedTable: ...
    @property
    def inbound(self) -> InboundTable: ...
    @property
    def inbox(self) -> InboxTable: ...
    @property
    def journal(self) -> JournalTable: ...
    @property
    def landings(self) -> LandingTable: ...
    @property
    def leases(self) -> LeaseTable: ...
    @property
    def links(self) -> LinkTable: ...
    @property
    def marks(self) -> MarkTable: ...
    @property
    def messages(self) -> MessageTable: ...
    @property
    def moments(self) -> MomentTable: ...
    @property
    def people(self) -> PersonTable: ...
    @property
    def personal(self) -> PersonalTable: ...
    @property
    def posts(self) -> PostTable: ...
    @property
    def rates(self) -> RateTable: ...
    @property
    def receipts(self) -> ReceiptTable: ...
    @property
    def requests(self) -> RequestTable: ...
    @property
    def sessions(self) -> SessionTable: ...
    @property
    def surfaces(self) -> SurfaceTable: ...
    @property
    def tickets(self) -> TicketTable: ...
    @property
    def vault(self) -> VaultTable: ...

    def announce(self, topic: Topic, key: str) -> None:
        """Tell listeners, on every server, once this transaction has committed."""
        ...

    def announced(self, topic: Topic) -> Sequence[str]:
        """Return the keys announced so far."""
        ...

    def retract(self, topic: Topic, key: str) -> None:
        """Take an announcement back: nobody else needs to act on it."""
        ...


Listener = Callable[[str], None]
"""Takes an announcement's key on the event loop; never raises, never blocks."""


class Store(Protocol):
    """Runs functions in transactions; a function may run more than once, so it has no effects
    outside its transaction.

    Raises `Unavailable` when the database cannot be reached, and whatever the function raises
    (then nothing of it was written).
    """

    async def run(
        self, function: Callable[..., T], /, *args: Any, then: Callable[[T], None] | None = None
    ) -> T:
        """Run `function(transaction, *args)` and return its result after the commit.

        `then` is called with the result, on the event loop, once that has committed: also when
        whoever waits for it is cancelled meanwhile.
        """
        ...

    async def run_soon(
        self, function: Callable[..., T], /, *args: Any, then: Callable[[T], None] | None = None
    ) -> T:
        """Run as `run` does, but perhaps some milliseconds later, to share another's commit."""
        ...

    async def read(self, function: Callable[..., T], /, *args: Any) -> T:
        """Run a function that only reads, beside the writers."""
        ...

    def listen(self, topic: Topic, listener: Listener) -> Callable[[], None]:
        """Call `listener` for each announcement of `topic`; return how to stop."""
        ...

    def broadcast(self, key: str) -> None:
        """Send an ephemeral announcement now, best effort, without a transaction.

        Listeners here hear each one; other servers hear the newest, at most five a second and
        session, a preview as one frame of whatever `offset` fits. Call it on the event loop.
        """
        ...

    async def check(self) -> None:
        """Raise `Unavailable` unless the database answers a read."""
        ...
