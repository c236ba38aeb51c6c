"""Reads the mailbox from where it was read last; the cursor moves only with what it passed.

Each new mail goes to the inbox under Gmail's id, so that no mail is dealt with twice and none is
lost; how far everything was dealt with is noted for questions whose time is over.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from bot.channels.gmail.mailbox import Mailbox, Page
from bot.channels.gmail.refusals import Gone
from bot.domain.errors import Unavailable
from bot.domain.instants import HOUR, MINUTE, SECOND, Micros
from bot.service.ports.clock import Clock
from bot.service.ports.inbox import Received
from bot.service.ports.store import Store, Topic, Transaction

log = logging.getLogger(__name__)

MAIL = "gmail.mail"
"""The kind of what waits in the inbox to be taken."""
EMAIL = "email"
CURSOR, SEEN, PENDING = "gmail.cursor", "gmail.seen", "gmail.pending:"
SEARCH = "gmail.search"
LEASE = "gmail.read"
LEASE_TIME: Micros = 2 * MINUTE
PAGES = 20
"""Pages of history, or of a search, that are read at once: ten thousand mails."""
OVERLAP: Micros = HOUR
"""How much of the time before the last look is looked at again when the cursor is lost."""
SEARCH_TIME: Micros = HOUR
"""How long after its last page a search may be gone on with."""
STUCK: Micros = 30 * MINUTE
"""A mail that was not dealt with for so long holds up no question's end any more."""
FORGOTTEN = 1_000
"""Marks of such mails that go with one read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Search:
    """A search that takes several reads: the page to go on with, the cursor that holds after it."""

    query: str
    cursor: str
    page: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Start:
    number: int
    cursor: str | None
    seen: Micros
    search: _Search | None = None


class Receiving:
    """Finds new mails; one server at a time reads."""

    def __init__(self, *, name: str, mailbox: Mailbox, store: Store, clock: Clock) -> None:
        self._name = name
        self._mailbox = mailbox
        self._store = store
        self._clock = clock
        self.last: Micros | None = None
        """When this server last read to the end."""

    async def read(self) -> None:
        """Read everything there is; `Unavailable` when it could not, or somebody else does."""
        started = self._clock.now()
        start = await self._store.run(self._begin, started)
        if start is None:
            raise Unavailable("Another server reads the mailbox.", code="mailbox_being_read")
        try:
            await self._read(start, started)
        finally:
            await self._store.run(lambda tx: tx.leases.give_back(LEASE, self._name, start.number))
        self.last = started

    async def _read(self, start: _Start, started: Micros) -> None:
        if start.cursor is None:
            await self._resynchronise(start, started, overlap=0)
            return
        cursor, page = start.cursor, None
        try:
            for _ in range(PAGES):
                found = await self._mailbox.history(start.cursor, page)
                page, cursor = found.next_page, found.history_id
                # Until the last page the cursor stays: what comes again is known by its key.
                whole = page is None
                await self._store.run(
                    self._passed, found.ids, start, cursor if whole else None, started, whole
                )
                if whole:
                    return
        except Gone:
            log.warning("the mailbox's history is gone; looking for mail since the last look")
            await self._resynchronise(start, started)
            return
        raise Unavailable("There is more mail than can be read at once.", code="mailbox_behind")

    async def _resynchronise(
        self, start: _Start, started: Micros, *, overlap: Micros = OVERLAP
    ) -> None:
        """Look for mail since the last look, or since it was connected: no history tells of it."""
        search = start.search
        if search is None:
            # From before the search on history tells of what the search does not find.
            cursor = (await self._mailbox.profile()).history_id
            since = max(0, start.seen - overlap) // SECOND
            search = _Search(query=f"after:{since} -in:sent -in:drafts", cursor=cursor)
        page = search.page
        ids: list[str] = []
        for _ in range(PAGES):
            found: Page = await self._mailbox.search(search.query, page)
            ids += found.ids
            page = found.next_page
            if page is None:
                break
        # Search gives the newest first; they are dealt with as they came.
        if page is None:
            await self._store.run(self._passed, ids[::-1], start, search.cursor, started, True)
            return
        await self._store.run(self._passed, ids[::-1], start, None, started, False)
        rest = replace(search, page=page)
        await self._store.run(_note_search, rest, self._clock.now())
        raise Unavailable("There is more mail than can be read at once.", code="mailbox_behind")

    def _begin(self, tx: Transaction, now: Micros) -> _Start | None:
        number = tx.leases.take(LEASE, self._name, now, now + LEASE_TIME)
        if number is None:
            return None
        return _Start(
            number=number,
            cursor=tx.marks.get(CURSOR),
            seen=int(tx.marks.get(SEEN) or now),
            search=_begun_search(tx, now),
        )

    def _passed(
        self,
        tx: Transaction,
        ids: Sequence[str],
        start: _Start,
        cursor: str | None,
        started: Micros,
        whole: bool,
    ) -> None:
        """Keep mails that were found, and with the last of them how far was read."""
        if not tx.leases.holds(LEASE, self._name, start.number):
            raise Unavailable("Another server reads the mailbox.", code="mailbox_being_read")
        now = self._clock.now()
        # Due one after the other, in the order they came.
        added = [
            mail_id
            for before, mail_id in zip(range(len(ids), 0, -1), ids, strict=True)
            if _add(tx, mail_id, now - before, now)
        ]
        for mail_id in added:
            # Nothing sent before the last look can still be in it.
            tx.marks.put(PENDING + mail_id, str(start.seen), now)
        if added:
            tx.announce(Topic.INBOX, MAIL)
        if cursor is not None:
            tx.marks.put(CURSOR, cursor, now)
            tx.marks.drop(SEARCH)
        if whole:
            # Of mails that were set aside, or that nobody could deal with: they hold up nothing.
            tx.marks.prune(PENDING, now - STUCK, FORGOTTEN)
            tx.marks.put(SEEN, str(started), now)
            note_read(tx, started, now)


def _note_search(tx: Transaction, search: _Search, now: Micros) -> None:
    tx.marks.put(SEARCH, json.dumps(asdict(search)), now)


def _begun_search(tx: Transaction, now: Micros) -> _Search | None:
    """Return the search to go on with; one whose pages are old is begun again."""
    begun = next((mark for mark in tx.marks.like(SEARCH) if mark[0] == SEARCH), None)
    if begun is None or now - begun[2] > SEARCH_TIME:
        return None
    return _Search(**json.loads(begun[1]))


def begin_here(tx: Transaction, now: Micros) -> None:
    """Note from when on mail is ours to read: from when the mailbox was first connected."""
    if tx.marks.get(SEEN) is None:
        tx.marks.put(SEEN, str(now), now)


def note_read(tx: Transaction, until: Micros, now: Micros) -> None:
    """Note until when all mail is known and dealt with."""
    waiting = [int(value) for _, value, at in tx.marks.like(PENDING) if now - at < STUCK]
    tx.inbound.note(EMAIL, min([until, *waiting]))


def dealt_with(tx: Transaction, mail_id: str, now: Micros) -> None:
    """Note that a mail holds up nothing any more."""
    tx.marks.drop(PENDING + mail_id)
    seen = tx.marks.get(SEEN)
    if seen is not None:
        note_read(tx, int(seen), now)


def _add(tx: Transaction, mail_id: str, due_at: Micros, now: Micros) -> bool:
    return tx.inbox.add(
        Received(
            key=f"gmail:{mail_id}",
            kind=MAIL,
            payload=json.dumps({"id": mail_id}),
            due_at=due_at,
            received_at=now,
        )
    )
