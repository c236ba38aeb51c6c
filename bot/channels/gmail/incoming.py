"""One mail that came in, with what we know about it: to what it belongs, and who it is from."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.channels.gmail.config import GmailConfig
from bot.channels.gmail.opened import is_on_its_way, place_opened_by
from bot.channels.gmail.reading import Reading
from bot.channels.gmail.threads import Thread, read_head
from bot.domain.instants import Micros
from bot.domain.person import Person
from bot.domain.place import channel_of, place_of
from bot.domain.post import PostKind
from bot.service.links import Purpose, hash_of
from bot.service.ports.places import Landing
from bot.service.ports.store import Transaction

EMAIL = "email"
_SESSION = re.compile(r"s\.([a-z2-7]{10,60})", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The question that a mail is about, and whose mail of it was answered."""

    request_id: str
    person_id: str
    """Canonical."""
    recipients: frozenset[str]
    """Everybody whom it went to, canonically."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What the store knows of a mail."""

    own: bool = False
    """Whether it is one that we sent."""
    asked: Asked | None = None
    place: str | None = None
    """Of the session that it belongs to."""
    takes_part: bool = False
    """Whether its author, or who claims to be, may speak in that session."""
    person: Person | None = None
    """Who certainly wrote it, as far as they are known."""
    claimed: Person | None = None
    """Who it says it is from."""
    may_begin: bool = False
    """Whether that address may begin sessions."""
    head: str | None = None
    is_early: bool = False
    """Whether it answers a mail of ours that began a session's thread, of which we do not know yet
    that it was sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Incoming:
    """A mail on its way in; `at` is when Gmail got it, never in the future."""

    id: str
    thread: Thread
    """As it is with this mail in it."""
    reading: Reading
    known: Known
    at: Micros

    @property
    def key(self) -> str:
        """Return what names it among all acts."""
        return f"mail:{self.id}"

    @property
    def sender(self) -> str:
        """Return the folded address of who certainly wrote it; empty for nobody."""
        sender = self.reading.authenticity.sender
        return sender.folded if sender else ""


def recognise(tx: Transaction, reading: Reading, config: GmailConfig, mailbox: str) -> Known:
    """Return what is known of a mail: by reply tokens first, then by what it answers."""
    mail = reading.mail
    sender = reading.authenticity.sender
    claimed = reading.authenticity.claimed
    author = sender or claimed
    address = author.folded if author is not None else ""
    account = tx.accounts.by_verified_email(address) if address else None
    itself = tx.landings.find(EMAIL, mail.message_id) if mail.message_id else None
    asked, place = _belongs(tx, reading, mailbox)
    binding = tx.bindings.find(place) if place else None
    takes_part = False
    if binding is not None and address:
        session = tx.sessions.get(binding.session_id)
        person = tx.people.by_identity(EMAIL, address)
        owns = session is not None and person is not None and person.id == session.owner_id
        takes_part = owns or read_head(binding.head).names(address)
    return Known(
        own=itself is not None and bool(itself.post_id or itself.surface_id),
        asked=asked,
        place=place if binding is not None else None,
        takes_part=takes_part,
        person=tx.people.by_identity(EMAIL, sender.folded) if sender else None,
        claimed=tx.people.by_identity(EMAIL, claimed.folded) if claimed else None,
        may_begin=bool(address)
        and (config.allows(address) or (account is not None and account.disabled_at is None)),
        head=binding.head if binding is not None else None,
        is_early=asked is None
        and binding is None
        and is_on_its_way(tx, place, reading.addressing.answered),
    )


def _belongs(tx: Transaction, reading: Reading, mailbox: str) -> tuple[Asked | None, str | None]:
    for token in reading.addressing.tokens:
        link = tx.links.find(hash_of(token.lower(), Purpose.REPLY))
        if link is not None:
            return _asked(tx, link.request_id, link.person_id), None
    for answered in reading.addressing.answered:
        landing = tx.landings.find(EMAIL, answered)
        if landing is None:
            continue
        if landing.request_id and landing.person_id:
            return _asked(tx, landing.request_id, landing.person_id), None
        place = _place_of(tx, landing)
        if place is not None:
            return None, place
    return None, _addressed(reading, mailbox)


def _asked(tx: Transaction, request_id: str, person_id: str) -> Asked:
    person = tx.people.get(person_id)
    return Asked(
        request_id=request_id,
        person_id=person.canonical_id if person else person_id,
        recipients=frozenset(r.canonical_id for r in tx.requests.recipients(request_id)),
    )


def _place_of(tx: Transaction, landing: Landing) -> str | None:
    """Return the place of a session's mail, ours or somebody's."""
    if landing.session_id is None:
        return None
    post = tx.posts.get(landing.post_id) if landing.post_id else None
    if post is not None:
        return place_opened_by(post.id) if post.kind is PostKind.OPENING else post.place
    places = [
        binding
        for binding in tx.bindings.of_session(landing.session_id)
        if channel_of(binding.place) == EMAIL
    ]
    exact = [b for b in places if landing.key in read_head(b.head).thread.references]
    return next((b.place for b in (*exact, *places)), None)


def _addressed(reading: Reading, mailbox: str) -> str | None:
    """Return the place whose own address is among a mail's recipients."""
    local, _, domain = mailbox.casefold().rpartition("@")
    mail = reading.mail
    for person in (*mail.delivered_to, *mail.to, *mail.cc):
        own, _, host = person.folded.rpartition("@")
        base, _, tag = own.partition("+")
        found = _SESSION.fullmatch(tag)
        if found and (base, host) == (local, domain):
            return place_of(EMAIL, found[1].lower())
    return None
