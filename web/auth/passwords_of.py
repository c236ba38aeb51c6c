"""Changing and resetting passwords: the transactions."""

from __future__ import annotations

from bot.domain.errors import Conflict, NotAllowed, NotFound
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.service.ports.accounts import Account, Purpose
from bot.service.ports.store import Transaction
from web.auth import attempts, tickets
from web.auth.families import account_named, close_every
from web.auth.letters import Letters


def change(
    tx: Transaction, account_id: str, former: str, hashed: str, family_id: str, now: Micros
) -> None:
    """Keep a new password's hash; every sign-in but this one ends.

    `former` is the hash that the old password was checked against: `Conflict` when another change
    came first.
    """
    account = tx.accounts.lock(account_id)
    if account is None:
        raise NotFound("There is no such account.")
    if account.password_hash != former:
        raise Conflict("The password was changed a moment ago. Sign in again.")
    _set(tx, account, hashed, now, "by the old one", but=family_id)


def begin_reset(
    tx: Transaction, name: str, token_hash: str, url: str, letters: Letters, now: Micros
) -> Account | None:
    """Keep a ticket and send its link; return the account if the link is left to a hand.

    A name that nobody has gets a ticket too, good for nothing, so that it takes as long. Only a
    proven address gets a link: whoever merely claimed it must not lose an account to its owner,
    nor its owner come into theirs.
    """
    account = account_named(tx, name)
    if account is not None and (account.verified_at is None or account.disabled_at is not None):
        account = None
    if account is not None:
        attempts.spend_letter(tx, attempts.LINK, account.email, now)
    tickets.issue(
        tx, Purpose.RESET, token_hash, now, account_id=None if account is None else account.id
    )
    if account is None:
        return None
    return None if letters.send_reset(tx, account, url, now) else account


def send_reset_to(
    tx: Transaction, account_id: str, token_hash: str, url: str, letters: Letters, now: Micros
) -> Account | None:
    """Send a link to an account's proven address; return the account if it is left to a hand."""
    account = tx.accounts.get(account_id)
    if account is None:
        raise NotFound("There is no such account.")
    if account.verified_at is None or letters.way(tx, account.email) is None:
        raise Conflict(
            "There is no confirmed address to send a link to. `handraise user reset` prints one.",
            code="no_way_to_send",
        )
    attempts.spend_letter(tx, attempts.LINK, account.email, now)
    tickets.issue(tx, Purpose.RESET, token_hash, now, account_id=account.id)
    return None if letters.send_reset(tx, account, url, now) else account


def end_reset(tx: Transaction, token_hash: str, hashed: str, now: Micros) -> None:
    """Set the password that a link is for; every sign-in ends, and every other such link."""
    ticket = tickets.take(tx, Purpose.RESET, token_hash, now)
    account = None if ticket.account_id is None else tx.accounts.lock(ticket.account_id)
    if account is None or account.disabled_at is not None:
        raise NotAllowed("This account is disabled.", code="account_disabled")
    _set(tx, account, hashed, now, "by a link sent to its address")


def _set(
    tx: Transaction, account: Account, hashed: str, now: Micros, how: str, *, but: str | None = None
) -> None:
    tx.accounts.set_password(account.id, hashed)
    tx.tickets.drop_for(account.id)
    close_every(tx, account, now, "password_changed", but=but)
    tx.journal.add(
        Entry(
            kind="account.password_changed",
            at=now,
            person_id=account.person_id,
            data={"how": how},
        )
    )
