"""Takes one mail: what it is decides what becomes of it, and what became of it is journalled."""

from __future__ import annotations

import asyncio
import json
import logging
from functools import partial

from bot.channels.gmail.absences import Absences
from bot.channels.gmail.answers import Answers
from bot.channels.gmail.authorship import Author
from bot.channels.gmail.config import GmailConfig
from bot.channels.gmail.conversing import Conversing
from bot.channels.gmail.doubtful import Doubtful
from bot.channels.gmail.incoming import EMAIL, Incoming, recognise
from bot.channels.gmail.mailbox import Mailbox, Raw
from bot.channels.gmail.reading import Reading, read
from bot.channels.gmail.receiving import dealt_with
from bot.channels.gmail.refusals import Gone, NotConnected
from bot.channels.gmail.returned import Returned
from bot.channels.gmail.sending import BAD
from bot.channels.gmail.threads import Thread, spot_of
from bot.domain.errors import HandraiseError, RateLimited, Unavailable
from bot.domain.instants import DAY, HOUR, SECOND
from bot.domain.journal import Entry
from bot.service.backlog import NotYet
from bot.service.directory import person_at
from bot.service.notices import tell
from bot.service.outlet import Parts
from bot.service.ports.inbox import Received
from bot.service.ports.store import Transaction

log = logging.getLogger(__name__)

OLDEST = 7 * DAY
"""What came before then and is found only now was dealt with long ago, or is nobody's business."""
SOON = 5 * SECOND

_PATIENCE = (
    "You have written more in a minute than I may take in, so this mail waits for its turn. It is "
    "kept, and I will get to it in a few minutes: you need not send it again."
)


class Taking:
    """Deals with `gmail.mail`; safe to repeat, since all that it submits is keyed by the mail."""

    def __init__(self, *, parts: Parts, config: GmailConfig, mailbox: Mailbox) -> None:
        self._parts = parts
        self._config = config
        self._mailbox = mailbox
        self._answers = Answers(parts)
        self._conversing = Conversing(parts, mailbox)
        self._absences = Absences(parts)
        self._returned = Returned(parts)
        self._doubtful = Doubtful(parts)
        # A mail may go on with one that came just before it.
        self._one_by_one = asyncio.Lock()

    async def deal(self, received: Received) -> None:
        """Take the mail; what cannot be read at all is noted, and does not come again."""
        mail_id = str(json.loads(received.payload)["id"])
        try:
            async with self._one_by_one:
                await self._take(mail_id)
        except (Unavailable, RateLimited):
            raise
        except Gone:
            log.info("a mail was deleted before it was read")
        except HandraiseError as refusal:
            log.warning("a mail was refused: %s", refusal.code)
            await self._parts.store.run(
                partial(self._note, mail_id=mail_id, status=refusal.code, mail=None)
            )
        now = self._parts.clock.now()
        await self._parts.store.run(dealt_with, mail_id, now)

    async def _take(self, mail_id: str) -> None:
        if not self._mailbox.address:
            raise NotConnected("The mailbox is not connected.")
        raw = await self._mailbox.raw(mail_id)
        now = self._parts.clock.now()
        if not _is_ours_to_read(raw) or raw.received < now - OLDEST:
            return
        at = min(raw.received, now)
        reading: Reading = await self._mailbox.aside(
            partial(
                read,
                raw.content,
                received=at,
                mailbox=self._mailbox.address,
                is_own=lambda _: False,  # the store knows; it is asked for the whole mail at once
                server=self._config.authserv_id,
            )
        )
        known = await self._parts.store.read(
            recognise, reading, self._config, self._mailbox.address
        )
        if known.is_early:
            raise NotYet(SOON)
        thread = Thread(
            subject=reading.mail.subject, id=raw.thread, references=reading.mail.references
        ).after(reading.mail.message_id)
        mail = Incoming(id=mail_id, thread=thread, reading=reading, known=known, at=at)
        try:
            status = await self._dispose(mail)
        except RateLimited:
            await self._parts.store.run(partial(self._ask_patience, mail=mail))
            raise
        await self._parts.store.run(partial(self._note, mail_id=mail_id, status=status, mail=mail))

    async def _dispose(self, mail: Incoming) -> str:
        known, author = mail.known, mail.reading.author
        if known.own or author is Author.OWN:
            return "own"
        if author is Author.BOUNCE:
            return await self._returned.take(mail)
        certain = mail.reading.authenticity.sender is not None
        if author is Author.AUTO_REPLY:
            if not certain or known.asked is None:
                return "auto_reply"
            return await self._absences.take(mail, known.asked)
        if author is not Author.PERSON:
            return author.value
        if not certain:
            return await self._doubtful.take(mail)
        if known.asked is not None:
            return await self._answers.take(mail, known.asked)
        if known.place is not None:
            if not known.takes_part:
                return "not_taking_part"
            return await self._conversing.go_on(mail, known.place)
        if known.may_begin and mail.reading.addressing.to_bot:
            return await self._conversing.begin(mail)
        return "not_allowed"

    def _ask_patience(self, tx: Transaction, *, mail: Incoming) -> None:
        """Say that a mail waits: once an hour, since whoever is over a limit writes a lot."""
        sender = mail.reading.authenticity.sender
        if sender is None or mail.reading.author is not Author.PERSON:
            return
        now = self._parts.clock.now()
        person = person_at(tx, sender.folded, sender.name, now)
        tell(
            tx,
            channel=EMAIL,
            person_id=person.id,
            text=_PATIENCE,
            now=now,
            spot=spot_of(mail.thread),
            address=mail.sender,
            once=f"wait:{person.id}:{now // HOUR}",
            ahead=True,
        )

    def _note(self, tx: Transaction, *, mail_id: str, status: str, mail: Incoming | None) -> None:
        """Journal what a mail was taken for; its words are Gmail's to keep."""
        now = self._parts.clock.now()
        known = mail.known if mail else None
        if mail is not None and mail.sender and mail.reading.author is Author.PERSON:
            tx.marks.drop(BAD + mail.sender)  # whoever writes can be written to
        tx.journal.add(
            Entry(
                kind="mail.taken",
                at=now,
                request_id=None,
                person_id=known.person.id if known and known.person else None,
                channel=EMAIL,
                data={
                    "mail": mail_id,
                    "status": status,
                    "author": mail.reading.author.value if mail else "",
                    "why": mail.reading.authenticity.reason if mail else "",
                    "question": known.asked.request_id if known and known.asked else "",
                },
            )
        )


def _is_ours_to_read(raw: Raw) -> bool:
    """Tell whether a mail came in, and is not what Gmail holds for spam."""
    if {"SPAM", "TRASH", "DRAFT", "CHAT"} & raw.labels:
        return False
    return "SENT" not in raw.labels or "INBOX" in raw.labels
