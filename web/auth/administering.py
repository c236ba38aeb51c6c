"""What administrators do with accounts: the transactions, for the API and the command line."""

from __future__ import annotations

from bot.domain.errors import Conflict, NotFound
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.service.ports.accounts import Account
from bot.service.ports.store import Transaction
from web.auth.families import close_every
from web.auth.proving import Proving

OPERATOR = "operator"
"""Who acts on the command line, in the journal."""


def disable(tx: Transaction, account_id: str, by: str, now: Micros) -> Account:
    """Shut an account out: its tokens and sockets die with the commit. Twice changes nothing."""
    account = _locked(tx, account_id)
    if account.disabled_at is None:
        if account.is_admin:
            _keep_one(tx, account)
        tx.accounts.set_disabled(account.id, now)
        tx.tickets.drop_for(account.id)
        close_every(tx, account, now, "account_disabled")
        _journal(tx, "account.disabled", account, by, now)
    return _locked(tx, account_id)


def enable(tx: Transaction, account_id: str, by: str, now: Micros) -> Account:
    """Let an account in again; its former sign-ins stay ended."""
    account = _locked(tx, account_id)
    if account.disabled_at is not None:
        tx.accounts.set_disabled(account.id, None)
        _journal(tx, "account.enabled", account, by, now)
    return _locked(tx, account_id)


def set_admin(tx: Transaction, account_id: str, is_admin: bool, by: str, now: Micros) -> Account:
    """Make an account an administrator's, or not any more; the last one stays."""
    account = _locked(tx, account_id)
    if account.is_admin != is_admin:
        if not is_admin and account.disabled_at is None:
            _keep_one(tx, account)
        tx.accounts.set_admin(account.id, is_admin)
        kind = "account.administrator" if is_admin else "account.administrator_no_more"
        _journal(tx, kind, account, by, now)
    return _locked(tx, account_id)


def confirm(tx: Transaction, account_id: str, by: str, proving: Proving, now: Micros) -> Account:
    """Vouch for an account's address; `Conflict` when another account has proven it."""
    return proving.prove(tx, _locked(tx, account_id), now, how="by an administrator", by=by)


def sign_out(tx: Transaction, account_id: str, by: str, now: Micros) -> Account:
    """End every sign-in of an account."""
    account = _locked(tx, account_id)
    close_every(tx, account, now, "signed_out_by_administrator")
    _journal(tx, "account.signed_out", account, by, now)
    return account


def _keep_one(tx: Transaction, account: Account) -> None:
    if all(each.id == account.id for each in tx.accounts.administrators()):
        raise Conflict(
            "This is the only administrator. Make somebody else one first.",
            code="last_administrator",
        )


def _locked(tx: Transaction, account_id: str) -> Account:
    account = tx.accounts.lock(account_id)
    if account is None:
        raise NotFound("There is no such account.")
    return account


def _journal(tx: Transaction, kind: str, account: Account, by: str, now: Micros) -> None:
    tx.journal.add(Entry(kind=kind, at=now, person_id=account.person_id, data={"by": by}))
