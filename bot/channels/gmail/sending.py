"""Sends one letter at a time: never the same twice, and never to an address that refuses mail."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial

from bot.channels.gmail.letters import Letter, own_id, subject_of, written
from bot.channels.gmail.mailbox import Mailbox, Sent
from bot.channels.gmail.refusals import Broken, Gone, Limited, Lost, NotConnected
from bot.channels.gmail.threads import Thread
from bot.domain.errors import HandraiseError
from bot.domain.instants import HOUR, Micros
from bot.service.ports.channel import Delivery, Fate
from bot.service.ports.clock import Clock
from bot.service.ports.store import Store, Transaction

log = logging.getLogger(__name__)

BAD = "mail.bad:"
"""The prefix of marks that say why an address gets no mail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Landed:
    """A letter that was sent: the thread as it is now, and the ids it is known by."""

    thread: Thread
    spots: tuple[str, ...]


class Sending:
    """The way out of the mailbox."""

    def __init__(self, *, mailbox: Mailbox, store: Store, clock: Clock) -> None:
        self._mailbox = mailbox
        self._store = store
        self._clock = clock

    def own_id(self, kind: str) -> str:
        """Return the Message-ID of the mail of this name."""
        return own_id(kind, self._mailbox.address)

    async def send(self, letter: Letter, *, may_be_there: bool, since: Micros) -> Landed | Delivery:
        """Send a letter, or find that it was sent since then; a `Delivery` says why not."""
        try:
            return await self._send(letter, may_be_there=may_be_there, since=since)
        except Limited as limit:
            return Delivery(fate=Fate.RETRY, detail="quota", retry_after=limit.retry_after or 60.0)
        except Lost as lost:
            return Delivery(fate=Fate.UNKNOWN, detail=lost.message)
        except NotConnected:
            return Delivery(fate=Fate.FAILED, detail="the mailbox is not connected")
        except Broken as broken:
            return Delivery(fate=Fate.RETRY, detail=broken.message)
        except HandraiseError as refusal:
            return Delivery(fate=Fate.FAILED, detail=refusal.message)

    async def refusal(self, address: str) -> str:
        """Return why an address gets no mail; empty while it does."""
        bad = await self._store.read(partial(_bad, addresses=[address]))
        return bad.get(address, "")

    async def find(self, own_id: str, to: str, since: Micros) -> Sent | None:
        """Return the letter that was sent under an id, if it was."""
        return await self._mailbox.find_sent(own_id, to, since - HOUR)

    async def _send(
        self, letter: Letter, *, may_be_there: bool, since: Micros
    ) -> Landed | Delivery:
        if not self._mailbox.address:
            closed = self._mailbox.keyring.closed
            raise NotConnected(closed) if closed else Broken("Gmail was not reached so far.")
        sent: Sent | None = None
        if may_be_there:
            sent = await self.find(letter.own_id, letter.to[0][0], since)
        if sent is None:
            bad = await self._store.read(partial(_bad, addresses=[to for to, _ in letter.to]))
            if len(bad) == len(letter.to):
                return Delivery(fate=Fate.FAILED, detail=next(iter(bad.values()), "to nobody"))
            # Who else is in the thread gets it all the same.
            letter = replace(letter, to=tuple(one for one in letter.to if one[0] not in bad))
            try:
                content = written(letter, sender=self._mailbox.address, now=self._clock.now())
            except ValueError:
                return Delivery(fate=Fate.FAILED, detail="that is no mail address")
            sent = await self._in_thread(content, letter.thread.id)
            sent = await self._read_back(sent)
        ids = tuple(dict.fromkeys(one for one in (letter.own_id, sent.message_id) if one))
        thread = letter.thread.after(sent.message_id or letter.own_id, thread_id=sent.thread)
        if not thread.subject:
            thread = Thread(subject=subject_of(letter), id=thread.id, references=thread.references)
        return Landed(thread=thread, spots=ids)

    async def _in_thread(self, content: bytes, thread_id: str) -> Sent:
        try:
            return await self._mailbox.send(content, thread_id or None)
        except Gone:
            if not thread_id:
                raise
            # Somebody deleted the thread in the bot's mailbox; people still have it.
            return await self._mailbox.send(content, None)

    async def _read_back(self, sent: Sent) -> Sent:
        """Return the mail with the Message-ID that Gmail gave it; it is sent whatever happens."""
        try:
            return await self._mailbox.sent(sent.id)
        except HandraiseError as refusal:
            log.info("a sent mail was not read back: %s", refusal.code)
            return sent


def _bad(tx: Transaction, addresses: list[str]) -> dict[str, str]:
    """Return which of these addresses get no mail, each with why."""
    reasons = {address: tx.marks.get(BAD + address.casefold()) for address in addresses}
    return {address: reason for address, reason in reasons.items() if reason}
