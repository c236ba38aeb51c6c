"""Making an account: what its name, address and password must look like, and the transaction."""

from __future__ import annotations

import re
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from bot.domain.errors import Conflict, Invalid
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.domain.person import Person
from bot.service.ports.accounts import Account
from bot.service.ports.store import Transaction
from web.auth.codes import keep_code
from web.auth.passwords import password_fault

_USERNAME = re.compile(r"[A-Za-z0-9._-]{3,32}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Applicant:
    """Who wants an account; the ids are made before the transaction, which may run twice."""

    account_id: str
    person_id: str
    username: str
    email: str
    password_hash: str
    code_hash: str


def checked_email(email: str, *, development: bool) -> str:
    """Return the address in its normal form, without asking any server about it.

    Raises `Invalid`. In development `.test` domains (RFC 6761) are fine too.
    """
    try:
        found = validate_email(
            email,
            check_deliverability=False,
            allow_smtputf8=False,
            test_environment=development,
        )
    except EmailNotValidError as error:
        raise _field("email", f"This is not an e-mail address: {error}") from None
    return found.normalized


def check_name_and_password(username: str, password: str) -> None:
    """Raise `Invalid` unless a new account may have these."""
    if not _USERNAME.fullmatch(username):
        raise _field("username", "Use 3 to 32 letters (a to z), digits, `.`, `_` and `-`.")
    fault = password_fault(password)
    if fault:
        raise _field("password", fault)


def check_free(tx: Transaction, username: str, email: str) -> None:
    """Raise `Conflict` when the name, or the proven address, is somebody's."""
    if tx.accounts.by_username(username) is not None:
        raise Conflict(
            "This user name is taken. Choose another.",
            code="username_taken",
            details={"fields": {"username": "This user name is taken."}},
        )
    if tx.accounts.by_verified_email(email) is not None:
        raise Conflict(
            "There is an account with this address. Sign in to it.",
            code="email_taken",
            details={"fields": {"email": "There is an account with this address."}},
        )


def register(tx: Transaction, applicant: Applicant, now: Micros) -> Account:
    """Keep a new person with an account, not verified yet, and the code that was sent."""
    check_free(tx, applicant.username, applicant.email)
    tx.people.add(
        Person(
            id=applicant.person_id,
            name=applicant.username,
            zone="UTC",
            feed_seq=0,
            merged_into=None,
            created_at=now,
        )
    )
    account = Account(
        id=applicant.account_id,
        person_id=applicant.person_id,
        username=applicant.username,
        email=applicant.email,
        password_hash=applicant.password_hash,
        verified_at=None,
        disabled_at=None,
        created_at=now,
    )
    tx.accounts.add(account)
    keep_code(tx, account.id, applicant.code_hash, now)
    tx.journal.add(Entry(kind="account.registered", at=now, person_id=account.person_id))
    return account


def _field(name: str, sentence: str) -> Invalid:
    return Invalid(sentence, details={"fields": {name: sentence}})
