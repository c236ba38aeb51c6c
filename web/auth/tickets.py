"""Tickets: one-use secrets for joining, setting a password, or becoming the first administrator."""

from __future__ import annotations

import base64
import hashlib
import secrets

from bot.domain.errors import NotAllowed
from bot.domain.instants import DAY, MINUTE, Micros
from bot.service.ports.accounts import Purpose, Ticket
from bot.service.ports.store import Transaction

LIFETIMES: dict[Purpose, Micros] = {
    Purpose.INVITE: 7 * DAY,
    Purpose.RESET: 30 * MINUTE,
    Purpose.ADMINISTRATOR: 7 * DAY,
}
_PATHS = {Purpose.INVITE: "invite", Purpose.RESET: "reset"}
_REFUSED = {
    Purpose.INVITE: (
        "invite_invalid",
        "This invitation was used or has ended. Ask whoever invited you for another.",
    ),
    Purpose.RESET: (
        "reset_invalid",
        "This link was used or has ended. Ask for another one.",
    ),
    Purpose.ADMINISTRATOR: (
        "administrator_code_invalid",
        "This is not a code that is good now. The server's log has one from its last start.",
    ),
}


def new_token() -> str:
    """Return a fresh token of 256 random bits, for a link."""
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """Return a fresh code of 100 random bits, for somebody who types it."""
    text = base64.b32encode(secrets.token_bytes(13)).decode()[:20]
    return "-".join(text[start : start + 5] for start in range(0, 20, 5))


def hash_of(token: str) -> str:
    """Return what is kept of a token; it is random, so a plain hash is enough."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def hash_of_code(code: str) -> str:
    """Return what is kept of a code, however its groups and letters were typed."""
    return hash_of("".join(code.replace("-", " ").split()).upper())


def link(public_url: str, purpose: Purpose, token: str) -> str:
    """Return a link; its token stands in the fragment, which no server sees or logs."""
    return f"{public_url}/#/{_PATHS[purpose]}/{token}"


def issue(
    tx: Transaction,
    purpose: Purpose,
    token_hash: str,
    now: Micros,
    *,
    account_id: str | None = None,
    email: str | None = None,
    made_by: str | None = None,
) -> Ticket:
    """Keep a new ticket, good from now on."""
    ticket = Ticket(
        token_hash=token_hash,
        purpose=purpose,
        account_id=account_id,
        email=email,
        made_by=made_by,
        created_at=now,
        expires_at=now + LIFETIMES[purpose],
    )
    tx.tickets.add(ticket)
    return ticket


def check(tx: Transaction, purpose: Purpose, token_hash: str, now: Micros) -> Ticket:
    """Return a ticket that is good now, and leave it; `NotAllowed` when there is none."""
    return _good(tx.tickets.get(token_hash), purpose, now)


def take(tx: Transaction, purpose: Purpose, token_hash: str, now: Micros) -> Ticket:
    """Use a ticket up; `NotAllowed` when it is none, and then nothing is used up."""
    return _good(tx.tickets.take(token_hash), purpose, now)


def _good(ticket: Ticket | None, purpose: Purpose, now: Micros) -> Ticket:
    if ticket is None or ticket.purpose is not purpose or now >= ticket.expires_at:
        code, sentence = _REFUSED[purpose]
        raise NotAllowed(sentence, code=code)
    return ticket
