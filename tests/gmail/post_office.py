"""Carries mails between the mailboxes, as Gmail does when it sends and when it receives."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.utils import format_datetime, formataddr, parseaddr

from bot.domain.instants import from_micros
from tests.gmail import bounces
from tests.gmail.addresses import bare, base, decoded, named
from tests.gmail.clock import Clock
from tests.gmail.errors import ApiError
from tests.gmail.headers import topped, without
from tests.gmail.mailbox import Change, Mailbox
from tests.gmail.mails import StoredMail
from tests.gmail.trace import stamped

MAX_RECIPIENTS = 500
ARRIVED = ("INBOX", "UNREAD", "IMPORTANT", "CATEGORY_PERSONAL")


@dataclass(frozen=True, kw_only=True, slots=True)
class Posting:
    """What became of a mail: the sender's copy, everybody's copies by mailbox, and who got none."""

    message_id: str
    sent: StoredMail | None
    copies: dict[str, StoredMail]
    failed: tuple[str, ...]

    @property
    def copy(self) -> StoredMail:
        """The only copy that somebody else got."""
        (only,) = self.copies.values()
        return only


class PostOffice:
    """Knows every mailbox; whoever has none here cannot be reached."""

    def __init__(self, clock: Clock, on_change: Callable[[Mailbox, Change], None]) -> None:
        self.clock = clock
        self.mailboxes: dict[str, Mailbox] = {}
        self.replaces_message_ids = False
        """Whether a mail that is sent gets a Message-ID of Gmail's."""
        self.delayed: set[str] = set()
        """Addresses whose mail comes back as "delayed" and is not delivered."""
        self._on_change = on_change
        self._queue_ids = itertools.count(0xA1B2_0000_0001)

    def add(self, address: str, name: str = "") -> Mailbox:
        """Open a mailbox; the same one when it is open already."""
        address = bare(address)
        if address not in self.mailboxes:
            self.mailboxes[address] = Mailbox(
                address,
                name or address.partition("@")[0].title(),
                number=len(self.mailboxes) + 1,
                on_change=self._on_change,
            )
        return self.mailboxes[address]

    def mailbox(self, address: str) -> Mailbox:
        """Return the mailbox that an address belongs to; KeyError when there is none."""
        return self.mailboxes[base(address)]

    def send(self, mailbox: Mailbox, raw: bytes, thread_id: str | None = None) -> Posting:
        """Send what the mailbox's own client hands in, as `users.messages.send` does."""
        given = message_from_bytes(raw)
        recipients = named(given, "To", "Cc", "Bcc")
        if not recipients:
            raise ApiError.invalid("Recipient address required")
        if len(recipients) > MAX_RECIPIENTS:
            raise ApiError.invalid("Too many recipients")
        raw = self._made_complete(mailbox, given, raw)
        sent = mailbox.keep(raw, at=self.clock.now(), labels=("SENT",), thread_id=thread_id)
        outgoing = without(raw, ("Bcc",))
        return self.carry(outgoing, sender=mailbox.address, recipients=recipients, sent=sent)

    def carry(
        self,
        raw: bytes,
        *,
        sender: str,
        recipients: Sequence[str],
        writer: str = "",
        auth: str = "pass",
        labels: Iterable[str] = ARRIVED,
        sent: StoredMail | None = None,
    ) -> Posting:
        """Deliver a mail to the recipients' mailboxes; `sender` is the envelope's, empty for <>.

        `writer` is who really writes, and whose domain can sign; else it is the sender.
        """
        parsed = message_from_bytes(raw)
        from_ = bare(str(parsed.get("From", ""))) or sender
        copies: dict[str, StoredMail] = {}
        failed: list[str] = []
        for address in recipients:
            mailbox = self.mailboxes.get(base(address))
            if mailbox is None or base(address) in self.delayed:
                failed.append(address)
            elif sent is not None and sent.mailbox == mailbox.address:
                mailbox.receive_own(sent)
                copies[mailbox.address] = sent
            elif mailbox.address not in copies:
                copies[mailbox.address] = mailbox.keep(
                    stamped(
                        raw,
                        to=address,
                        sender=sender,
                        from_=from_,
                        writer=writer or sender or from_,
                        auth=auth,
                        at=self.clock.now(),
                        queue_id=f"{next(self._queue_ids):x}sor",
                    ),
                    at=self.clock.now(),
                    labels=labels,
                )
        self._send_back(raw, sender, failed)
        message_id = decoded(parsed.get("Message-ID", ""))
        return Posting(message_id=message_id, sent=sent, copies=copies, failed=tuple(failed))

    def _send_back(self, raw: bytes, sender: str, failed: Collection[str]) -> None:
        # Nothing is sent back to the empty envelope sender: RFC 5321, section 4.5.5.
        if not sender:
            return
        for address in failed:
            report = bounces.bounce(
                raw,
                sender=sender,
                failed=address,
                at=self.clock.now(),
                permanent=base(address) not in self.delayed,
            )
            self.carry(report, sender="", recipients=[sender])

    def _made_complete(self, mailbox: Mailbox, given: Message, raw: bytes) -> bytes:
        """Return what is really sent: Gmail adds what is missing and corrects the sender."""
        now = from_micros(self.clock.now())
        added: list[tuple[str, str]] = []
        name, address = parseaddr(decoded(given.get("From", "")))
        if address.lower() != mailbox.address:
            raw = without(raw, ("From",))
            added.append(("From", formataddr((name or mailbox.name, mailbox.address))))
        if given.get("Date") is None:
            added.append(("Date", format_datetime(now)))
        message_id = given.get("Message-ID")
        if message_id is None or self.replaces_message_ids:
            raw = without(raw, ("Message-ID",))
            if message_id is not None:
                added.append(("X-Google-Original-Message-ID", str(message_id)))
            added.append(("Message-ID", f"<CA+{secrets.token_urlsafe(36)}@mail.gmail.com>"))
        if given.get("MIME-Version") is None:
            added.append(("MIME-Version", "1.0"))
        by_api = "from 409512345678 named unknown by gmailapi.google.com with HTTPREST; "
        return topped(raw, [("Received", by_api + format_datetime(now)), *added])
