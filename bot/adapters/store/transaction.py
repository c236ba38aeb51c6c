"""One transaction: the tables over one cursor, and what to announce after the commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.adapters.store.accounts import Accounts
from bot.adapters.store.actions import Actions
from bot.adapters.store.administration import Administration
from bot.adapters.store.bindings import Bindings
from bot.adapters.store.directory import Directory
from bot.adapters.store.feeds import Feeds
from bot.adapters.store.inbound import Inbound
from bot.adapters.store.inbox import Inbox
from bot.adapters.store.journal import Heads, Journal
from bot.adapters.store.landings import Landings
from bot.adapters.store.leases import Leases
from bot.adapters.store.links import Links
from bot.adapters.store.marks import Marks
from bot.adapters.store.messages import Messages
from bot.adapters.store.moments import Moments
from bot.adapters.store.people import People
from bot.adapters.store.personal import Personal
from bot.adapters.store.posts import Posts
from bot.adapters.store.rates import Rates
from bot.adapters.store.receipts import Receipts
from bot.adapters.store.requests import Requests
from bot.adapters.store.runner import Runner
from bot.adapters.store.sessions import Sessions
from bot.adapters.store.surfaces import Surfaces
from bot.adapters.store.tickets import Tickets
from bot.adapters.store.vault import Vault
from bot.service.ports.store import Topic

Announcement = tuple[Topic, str]


class StoreTransaction:
    """Implements the port `Transaction`; kept for a connection's life, emptied by `begin`."""

    def __init__(self, runner: Runner, heads: Heads) -> None:
        self._runner = runner
        self.accounts = Accounts(runner)
        self.actions = Actions(runner)
        self.administration = Administration(runner)
        self.bindings = Bindings(runner)
        self.directory = Directory(runner)
        self.inbound = Inbound(runner)
        self.inbox = Inbox(runner)
        self.journal = Journal(runner, heads)
        self.landings = Landings(runner)
        self.leases = Leases(runner)
        self.links = Links(runner)
        self.marks = Marks(runner)
        self.messages = Messages(runner)
        self.moments = Moments(runner)
        self.people = People(runner)
        self.feeds = Feeds(runner, self.people)
        self.personal = Personal(runner, self.journal)
        self.posts = Posts(runner)
        self.rates = Rates(runner)
        self.receipts = Receipts(runner)
        self.surfaces = Surfaces(runner)
        self.requests = Requests(runner, self.people, self.surfaces)
        self.sessions = Sessions(runner)
        self.tickets = Tickets(runner)
        self.vault = Vault(runner)
        self.announcements: dict[Announcement, None] = {}

    def open(self) -> None:
        """Begin a transaction."""
        self._runner.open()
        if not self._runner.is_exclusive:
            self.forget()

    def begin(self, mark: Callable[[], None] | None = None) -> None:
        """Begin a function; `mark` is called before anything is written that it may take back.

        Without a mark it is the only function of its transaction, which is taken back with it.
        """
        self.announcements = {}
        self.people.begin()
        self.feeds.begin()
        self._runner.begin(mark)

    def finish(self) -> None:
        """Do what comes last of all that the function wants; may be refused as it may."""
        self.feeds.end()

    def undo(self) -> None:
        """Drop what the function wanted; what it wrote already is for the caller to undo."""
        self.announcements = {}
        self._runner.undo()

    def end(self) -> None:
        """Write what the transaction's functions left to be written."""
        self._runner.end()

    def fail(self) -> None:
        """Drop whatever waits: the transaction is taken back."""
        self.announcements = {}
        self._runner.fail()

    def forget(self) -> None:
        """Forget all rows that are known: somebody else may have changed them."""
        self._runner.forget()

    def announce(self, topic: Topic, key: str) -> None:
        """Keep an announcement for after the commit; the same one twice is one."""
        self.announcements[topic, key] = None

    def announced(self, topic: Topic) -> Sequence[str]:
        """Return the keys announced so far."""
        return [key for about, key in self.announcements if about is topic]

    def retract(self, topic: Topic, key: str) -> None:
        """Take an announcement back: nobody else needs to act on it."""
        self.announcements.pop((topic, key), None)
