"""Sign-ins as token families: opened, rotated and revoked in transactions."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.errors import NotAllowed, NotFound, Unauthenticated
from bot.domain.instants import SECOND, Micros
from bot.domain.journal import Entry
from bot.service.ports.accounts import Account, RefreshToken, TokenFamily
from bot.service.ports.store import Topic, Transaction

REUSE_WINDOW: Micros = 20 * SECOND
"""How long a used refresh token still gets its successor: the answer may have been lost."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SignIn:
    """An open family and the account it belongs to."""

    account_id: str
    family_id: str


def account_named(tx: Transaction, name: str) -> Account | None:
    """Return the account with this user name, or this proven address."""
    if "@" in name:
        return tx.accounts.by_verified_email(name.strip())
    return tx.accounts.by_username(name.strip())


def open_family(
    tx: Transaction,
    account_id: str,
    family_id: str,
    token_hash: str,
    now: Micros,
    until: Micros,
    user_agent: str = "",
) -> SignIn:
    """Keep a new sign-in with its first refresh token; `NotAllowed` for who was disabled."""
    account = tx.accounts.get(account_id)
    if account is None or account.disabled_at is not None:
        raise NotAllowed("This account is disabled.", code="account_disabled")
    tx.accounts.add_family(
        TokenFamily(
            id=family_id,
            account_id=account_id,
            created_at=now,
            revoked_at=None,
            user_agent=user_agent,
        )
    )
    _keep_token(tx, token_hash, family_id, now, until)
    return SignIn(account_id=account_id, family_id=family_id)


def rotate(
    tx: Transaction, token_hash: str, successor_hash: str, now: Micros, until: Micros
) -> SignIn | Unauthenticated:
    """Exchange a refresh token for its successor, or return the refusal.

    A token that comes back later than the reuse window was copied: its family is revoked, and
    the refusal is returned, not raised, so that this is committed.
    """
    token = tx.accounts.lock_token(token_hash)
    family = tx.accounts.get_family(token.family_id) if token else None
    if token is None or family is None:
        raise Unauthenticated("This token is not valid here. Sign in again.", code="token_invalid")
    account = tx.accounts.get(family.account_id)
    if family.revoked_at is not None or account is None or account.disabled_at is not None:
        raise Unauthenticated("You are signed out. Sign in again.", code="signed_out")
    if now >= token.expires_at:
        raise Unauthenticated("This sign-in has ended. Sign in again.", code="token_expired")
    if token.used_at is None:
        tx.accounts.use_token(token_hash, now)
        tx.accounts.see_family(family.id, now)
        _keep_token(tx, successor_hash, family.id, now, until)
    elif now >= token.used_at + REUSE_WINDOW:
        _revoke(tx, family, account, "token_reused", now)
        return Unauthenticated(
            "This sign-in was used from two places and is closed. Sign in again.",
            code="token_reused",
        )
    return SignIn(account_id=family.account_id, family_id=family.id)


def close_family(tx: Transaction, family_id: str, now: Micros) -> None:
    """Sign out: no token of the family is worth anything after the commit."""
    family = tx.accounts.get_family(family_id)
    account = tx.accounts.get(family.account_id) if family else None
    if family is not None and account is not None and family.revoked_at is None:
        _revoke(tx, family, account, "signed_out", now)


def close_every(
    tx: Transaction, account: Account, now: Micros, reason: str, *, but: str | None = None
) -> None:
    """End every sign-in of an account, `but` one."""
    for family in tx.accounts.families_of(account.id, 0):
        if family.id != but:
            _revoke(tx, family, account, reason, now)


def close_one(tx: Transaction, account_id: str, family_id: str, now: Micros) -> None:
    """End one sign-in of an account; `NotFound` for one that is not its own."""
    family = tx.accounts.get_family(family_id)
    account = tx.accounts.get(account_id)
    if family is None or account is None or family.account_id != account_id:
        raise NotFound("There is no such sign-in.")
    if family.revoked_at is None:
        _revoke(tx, family, account, "signed_out", now)


def close_family_of(tx: Transaction, token_hash: str, now: Micros) -> None:
    """Sign out by a refresh token; one that is not known needs no signing out."""
    token = tx.accounts.lock_token(token_hash)
    if token is not None:
        close_family(tx, token.family_id, now)


def _keep_token(
    tx: Transaction, token_hash: str, family_id: str, now: Micros, until: Micros
) -> None:
    tx.accounts.add_token(
        RefreshToken(
            token_hash=token_hash,
            family_id=family_id,
            issued_at=now,
            expires_at=until,
            used_at=None,
        )
    )


def _revoke(
    tx: Transaction, family: TokenFamily, account: Account, reason: str, now: Micros
) -> None:
    tx.accounts.revoke_family(family.id, now)
    tx.journal.add(
        Entry(
            kind="account.sign_in_revoked",
            at=now,
            person_id=account.person_id,
            data={"reason": reason},
        )
    )
    tx.announce(Topic.SIGN_OUT, family.id)
