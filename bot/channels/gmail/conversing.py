"""Sessions by mail: a mail to the bot begins one, replies in its thread go on with it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import partial

from bot.channels.gmail.addresses import Address
from bot.channels.gmail.header_text import bare_subject, mailbox
from bot.channels.gmail.incoming import EMAIL, Incoming
from bot.channels.gmail.mailbox import Mailbox
from bot.channels.gmail.threads import PEOPLE, Head, read_head, spot_of
from bot.domain.commands import Actor, Outcome, SpeakAt
from bot.domain.errors import HandraiseError, RateLimited, Unavailable
from bot.domain.grammar import Unreadable, parse
from bot.domain.instants import HOUR
from bot.domain.place import place_of
from bot.domain.text import MESSAGE_BYTES
from bot.service.directory import person_at
from bot.service.notices import tell
from bot.service.outlet import Parts
from bot.service.ports.places import Landing
from bot.service.ports.store import Transaction

_ROOM = MESSAGE_BYTES - 4 * 1024
_CUT = "\n\n(The rest of this mail was too long.)"


class Conversing:
    """Takes authenticated mails that answer no question."""

    def __init__(self, parts: Parts, own: Mailbox) -> None:
        self._parts = parts
        self._mailbox = own

    async def begin(self, mail: Incoming) -> str:
        """Open a session for somebody who may; return what became of it, in a word."""
        # Derived, so that a mail that is taken again after a crash is the same act.
        digest = hmac.digest(
            self._parts.links.key, f"mail-thread|{mail.id}".encode(), hashlib.sha256
        )[:16]
        place = place_of(EMAIL, base64.b32encode(digest).decode().lower().rstrip("="))
        return await self._speak(mail, place, opens=True)

    async def go_on(self, mail: Incoming, place: str) -> str:
        """Take what a participant of a session says in its thread."""
        return await self._speak(mail, place, opens=False)

    async def _speak(self, mail: Incoming, place: str, *, opens: bool) -> str:
        sender = mail.reading.authenticity.sender
        if sender is None:
            return "unverified"
        person_id = await self._parts.store.run(partial(self._person, sender=sender))
        try:
            outcome = await self._parts.intake.submit(
                SpeakAt(
                    external_key=mail.key,
                    actor=Actor(person_id=person_id, channel=EMAIL),
                    place=place,
                    text=self._text(mail, opens=opens),
                    opens=opens,
                    head=self._head(mail, sender).to_json(),
                )
            )
        except (Unavailable, RateLimited):
            raise
        except HandraiseError as refusal:
            # Taken before, and what it stood in has changed since: it was told then.
            told = "" if refusal.code == "key_reused" else refusal.message
            outcome = Outcome(status=refusal.code, text=told)
        await self._parts.store.run(
            partial(self._after, mail=mail, person_id=person_id, outcome=outcome)
        )
        return outcome.status

    def _person(self, tx: Transaction, *, sender: Address) -> str:
        return person_at(tx, sender.folded, sender.name, self._parts.clock.now()).id

    def _after(self, tx: Transaction, *, mail: Incoming, person_id: str, outcome: Outcome) -> None:
        """Keep where the mail stands, and say what its author would wonder about."""
        now = self._parts.clock.now()
        message_id = mail.reading.mail.message_id
        if outcome.session_id and message_id and not mail.known.own:
            tx.landings.add(
                Landing(
                    channel=EMAIL,
                    key=message_id,
                    session_id=outcome.session_id,
                    person_id=person_id,
                    at=now,
                )
            )
        if outcome.text:
            page = f"/#/s/{outcome.session_id}" if outcome.session_id else ""
            tell(
                tx,
                channel=EMAIL,
                person_id=person_id,
                text=outcome.text,
                now=now,
                url=f"{self._parts.public_url}{page}",
                spot=spot_of(mail.thread),
                address=mail.sender,
                once=mail.key,
            )

    def _text(self, mail: Incoming, *, opens: bool) -> str:
        """Return what is said: the new words; of the first mail its subject too."""
        words = mail.reading.words.text.strip()
        subject = bare_subject(mail.reading.mail.subject)
        if not words:
            words = subject if opens else ""
        elif opens and subject and not _is_command(words):
            words = f"{subject}\n\n{words}"
        attached = [
            f"{each.name or each.type} ({-(-each.size // 1024)} KiB)"
            for each in mail.reading.mail.attachments[:20]
        ]
        if attached and not _is_command(words):
            words += f"\n\n(Attached, and not read by me: {', '.join(attached)})"
        data = words.encode()
        if len(data) > _ROOM:
            words = data[:_ROOM].decode(errors="ignore") + _CUT
        return words.strip()

    def _head(self, mail: Incoming, sender: Address) -> Head:
        """Return the thread with this mail in it; whom a mail is copied to takes part from then."""
        before = read_head(mail.known.head)
        people = {email.casefold(): (email, name) for email, name in before.people}
        people.pop(sender.folded, None)
        found = {sender.folded: (sender.email, sender.name)}
        for each in (*mail.reading.mail.to, *mail.reading.mail.cc):
            if not self._is_bot(each.folded) and _can_be_written_to(each.email):
                found.setdefault(each.folded, (each.email, each.name))
        for folded, person in people.items():
            found.setdefault(folded, person)
        return Head(thread=mail.thread, people=tuple(found.values())[:PEOPLE])

    def _is_bot(self, address: str) -> bool:
        local, _, domain = address.rpartition("@")
        return f"{local.partition('+')[0]}@{domain}" == self._mailbox.address.casefold()


def _can_be_written_to(email: str) -> bool:
    """Tell whether an address can stand in a header of ours: else none of a thread would get it."""
    try:
        return mailbox("", email).isascii()
    except ValueError:
        return False


def _is_command(words: str) -> bool:
    """Tell whether words are a command that needs no model: nothing is put beside it."""
    found = parse(words, now=0, zone="UTC", wait=HOUR)
    return not isinstance(found, Unreadable) or found.meant
