"""One person's mailbox: its mails, labels and history."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.instants import Micros
from tests.gmail.errors import ApiError
from tests.gmail.mails import StoredMail
from tests.gmail.threads import Threads

SYSTEM_LABELS = (
    "CHAT", "SENT", "INBOX", "IMPORTANT", "TRASH", "DRAFT", "SPAM", "CATEGORY_FORUMS",
    "CATEGORY_UPDATES", "CATEGORY_PERSONAL", "CATEGORY_PROMOTIONS", "CATEGORY_SOCIAL",
    "STARRED", "UNREAD",
)  # fmt: skip
_FIXED = {"SENT", "DRAFT", "CHAT"}
_ID = re.compile("[0-9a-f]{1,16}")
_FIRST_ID = 0x19A0_0000_0000_0000
_FIRST_HISTORY = 4_000


class Kind(StrEnum):
    """What a history record tells; the values are the API's `historyTypes`."""

    ADDED = "messageAdded"
    DELETED = "messageDeleted"
    LABELS_ADDED = "labelAdded"
    LABELS_REMOVED = "labelRemoved"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One history record."""

    id: int
    kind: Kind
    message_id: str
    thread_id: str
    labels_then: frozenset[str]
    changed_labels: frozenset[str] = frozenset()


class Mailbox:
    """Mails in order of arrival; `on_change` hears of every change after it was made."""

    def __init__(
        self, address: str, name: str, *, number: int, on_change: Callable[[Mailbox, Change], None]
    ) -> None:
        self.address = address
        self.name = name
        self._on_change = on_change
        self._mails: dict[str, StoredMail] = {}
        self._threads = Threads()
        # Ids of different mailboxes differ, as Gmail's do.
        self._next_id = _FIRST_ID + (number << 32)
        self.history_id = _FIRST_HISTORY + 1_000 * number
        self.oldest_cursor = self.history_id
        """A cursor before this one is too old to go on from."""
        self.history: list[Change] = []

    @property
    def mails(self) -> list[StoredMail]:
        """Every mail, oldest first."""
        return list(self._mails.values())

    @property
    def newest_first(self) -> list[StoredMail]:
        return sorted(self.mails, key=lambda mail: (mail.received_at, mail.id), reverse=True)

    def mail(self, mail_id: str) -> StoredMail:
        """Return one mail; a 404 as Google words it when it is not here."""
        if not _ID.fullmatch(mail_id):
            raise ApiError.invalid("Invalid id value")
        if mail_id not in self._mails:
            raise ApiError.not_found()
        return self._mails[mail_id]

    def thread(self, thread_id: str) -> list[StoredMail]:
        found = [mail for mail in self.mails if mail.thread_id == thread_id]
        if not found:
            raise ApiError.not_found()
        return found

    def labelled(self, *labels: str) -> list[StoredMail]:
        """Return the mails that have all these labels, oldest first."""
        return [mail for mail in self.mails if mail.labels >= set(labels)]

    def find(self, message_id: str) -> StoredMail | None:
        """Return the newest mail with that Message-ID."""
        wanted = message_id.strip().strip("<>")
        for mail in reversed(self.mails):
            if mail.message_id.strip("<>") == wanted:
                return mail
        return None

    def keep(
        self, raw: bytes, *, at: Micros, labels: Iterable[str], thread_id: str | None = None
    ) -> StoredMail:
        """Add a mail; with `thread_id`, to that thread if Gmail's conditions for it hold.

        The conditions: https://developers.google.com/workspace/gmail/api/guides/threads
        """
        if thread_id is not None:
            self.thread(thread_id)
        self._next_id += 0x11
        mail = StoredMail(
            id=f"{self._next_id:016x}",
            thread_id="",
            mailbox=self.address,
            raw=raw,
            received_at=at,
            history_id=0,
            labels=set(labels),
        )
        mail.thread_id = self._threads.thread_of(mail, thread_id) or mail.id
        self._threads.add(mail)
        self._mails[mail.id] = mail
        self._record(Kind.ADDED, mail)
        return mail

    def modify(
        self, mail: StoredMail, *, add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> None:
        """Change a mail's labels; a 400 as Google words it for labels that cannot be changed."""
        for label in (*add, *remove):
            if label not in SYSTEM_LABELS or label in _FIXED:
                raise ApiError.invalid(f"Invalid label: {label}")
        added, removed = set(add) - mail.labels, set(remove) & mail.labels
        if added:
            mail.labels |= added
            self._record(Kind.LABELS_ADDED, mail, added)
        if removed:
            mail.labels -= removed
            self._record(Kind.LABELS_REMOVED, mail, removed)

    def receive_own(self, mail: StoredMail) -> None:
        """Put a mail that was sent to oneself into the inbox too: Gmail keeps one copy."""
        added = {"INBOX", "UNREAD"} - mail.labels
        mail.labels |= added
        self._record(Kind.LABELS_ADDED, mail, added)

    def delete(self, mail: StoredMail) -> None:
        """Remove a mail for ever."""
        del self._mails[mail.id]
        self._threads.remove(mail)
        self._record(Kind.DELETED, mail)

    def forget_history(self) -> None:
        """Let every cursor given out so far be too old."""
        self.history.clear()
        self.history_id += 17
        self.oldest_cursor = self.history_id

    def _record(self, kind: Kind, mail: StoredMail, changed: Iterable[str] = ()) -> None:
        # Ids grow but not by one: https://developers.google.com/workspace/gmail/api/guides/sync
        self.history_id += 3 + len(self.history) % 5
        mail.history_id = self.history_id
        change = Change(
            id=self.history_id,
            kind=kind,
            message_id=mail.id,
            thread_id=mail.thread_id,
            labels_then=frozenset(mail.labels),
            changed_labels=frozenset(changed),
        )
        self.history.append(change)
        self._on_change(self, change)
