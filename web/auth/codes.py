"""Verification codes: digits that prove an address; only their keyed hash is kept."""

from __future__ import annotations

import hmac
import secrets

from bot.domain.errors import Conflict, HandraiseError, Invalid, NotFound, RateLimited
from bot.domain.instants import MINUTE, SECOND, Micros
from bot.service.ports.accounts import Account, VerificationCode
from bot.service.ports.store import Transaction
from web.auth.proving import Proving
from web.auth.tokens import Tokens

DIGITS = 8
LIFETIME: Micros = 15 * MINUTE
ATTEMPTS = 5
RESEND_AFTER: Micros = MINUTE
"""With five attempts a minute, eight digits take a guesser years."""


def new_code() -> str:
    """Return a fresh code."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


def hash_code(tokens: Tokens, account_id: str, code: str) -> str:
    """Return what is kept of a code: keyed, since so few digits could be tried out."""
    return tokens.keyed("verification-code", account_id, code).hex()


def hashes_of(tokens: Tokens, account_id: str, code: str) -> tuple[str, ...]:
    """Return what may have been kept of a code, under this secret or a former one."""
    found = tokens.keyed_by_each("verification-code", account_id, code)
    return tuple(each.hex() for each in found)


def keep_code(tx: Transaction, account_id: str, code_hash: str, now: Micros) -> None:
    """Keep a code in place of the account's older one."""
    tx.accounts.put_code(
        VerificationCode(
            account_id=account_id,
            code_hash=code_hash,
            expires_at=now + LIFETIME,
            attempts_left=ATTEMPTS,
            sent_at=now,
        )
    )


def renew_code(tx: Transaction, account_id: str, code_hash: str, now: Micros) -> Account:
    """Keep a new code; `RateLimited` within a minute of the last one."""
    account = _account(tx, account_id)
    if account.verified_at is not None:
        raise Conflict("Your address is confirmed already.", code="already_verified")
    last = tx.accounts.lock_code(account_id)
    if last is not None and now < last.sent_at + RESEND_AFTER:
        wait = -(-(last.sent_at + RESEND_AFTER - now) // SECOND)
        raise RateLimited(
            f"A code was sent a moment ago. Ask for another in {wait} seconds.",
            retry_after=wait,
            limit=1,
            scope="verification_code",
        )
    keep_code(tx, account_id, code_hash, now)
    return account


def use_code(
    tx: Transaction, account_id: str, code_hashes: tuple[str, ...], proving: Proving, now: Micros
) -> Account | HandraiseError:
    """Verify an account's address, or return the refusal.

    A wrong code is returned and not raised, since the attempt it cost must be committed.
    """
    account = _account(tx, account_id)
    if account.verified_at is not None:
        return account
    code = tx.accounts.lock_code(account_id)
    if code is None or now >= code.expires_at or code.attempts_left < 1:
        return Invalid("This code has ended. Ask for a new one.", code="code_expired")
    if not any(hmac.compare_digest(code.code_hash, each) for each in code_hashes):
        left = code.attempts_left - 1
        tx.accounts.put_code(
            VerificationCode(
                account_id=account_id,
                code_hash=code.code_hash,
                expires_at=code.expires_at,
                attempts_left=left,
                sent_at=code.sent_at,
            )
        )
        again = f"{left} more {'try' if left == 1 else 'tries'}." if left else "Ask for a new one."
        return Invalid(
            f"This is not the code. {again}", code="code_wrong", details={"attempts_left": left}
        )
    return proving.prove(tx, account, now, how="by the code sent to it")


def _account(tx: Transaction, account_id: str) -> Account:
    account = tx.accounts.get(account_id)
    if account is None:
        raise NotFound("There is no such account.")
    return account
