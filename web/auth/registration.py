"""Making an account: who may, what its name, address and password look like, the transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from bot.domain.errors import Conflict, Invalid, NotAllowed
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.domain.person import Person
from bot.service.ports.accounts import Account, Purpose, Ticket
from bot.service.ports.store import Transaction
from bot.settings import Registration, Settings
from web.auth import tickets
from web.auth.codes import keep_code
from web.auth.passwords import password_fault
from web.auth.proving import Proving

_USERNAME = re.compile(r"[A-Za-z0-9._-]{3,32}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Applicant:
    """Who wants an account; the ids are made before the transaction, which may run twice."""

    account_id: str
    person_id: str
    username: str
    email: str
    password_hash: str
    """Empty for somebody who signs in another way."""
    code_hash: str
    invite_hash: str | None = None
    name: str = ""
    """What they are called, if that is not their user name."""
    administrator_hash: str | None = None
    """Of the code that a server without administrators has told its operator."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """Who may have an account here."""

    mode: Registration
    domains: Sequence[str]
    first_is_admin: bool

    def admit(self, email: str, invite: Ticket | None) -> None:
        """Raise `NotAllowed` unless somebody with this address may register."""
        if invite is not None:
            if invite.email is not None and invite.email.casefold() != email.casefold():
                raise NotAllowed(
                    "This invitation is for another address. Register with the one it was sent to.",
                    code="invite_other_address",
                )
        elif self.mode == "closed":
            raise NotAllowed(
                "Nobody can register here. Ask this server's administrator for an account.",
                code="registration_closed",
            )
        elif self.mode == "invite":
            raise NotAllowed(
                "You need an invitation to register here. Ask this server's administrator.",
                code="invite_needed",
            )
        elif self.mode == "domain" and not self.is_ours(email):
            raise NotAllowed(
                "Only addresses of this organisation can register here.",
                code="domain_not_allowed",
            )

    def is_ours(self, email: str) -> bool:
        """Tell whether an address is in one of the listed domains; a subdomain is another."""
        return email.rpartition("@")[2].casefold() in self.domains

    def admits_first(self, tx: Transaction) -> bool:
        """Tell whether whoever comes now is the administrator, in development."""
        return self.first_is_admin and not tx.accounts.exist()


def rules_of(settings: Settings) -> Rules:
    """Return a deployment's rules."""
    return Rules(
        mode=settings.registration,
        domains=settings.registration_domains,
        first_is_admin=settings.debug,
    )


def checked_email(email: str, *, development: bool) -> str:
    """Return the address in its normal form, without asking any server about it.

    ASCII before the `@`, and the domain as the network knows it (RFC 5891): a domain that only
    looks like another reads `xn--…` wherever it is shown. Raises `Invalid`. In development `.test`
    domains (RFC 6761) are fine too.
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
    return found.ascii_email or found.normalized


def check_name_and_password(username: str, password: str) -> None:
    """Raise `Invalid` unless a new account may have these."""
    if not _USERNAME.fullmatch(username):
        raise _field("username", "Use 3 to 32 letters (a to z), digits, `.`, `_` and `-`.")
    fault = password_fault(password)
    if fault:
        raise _field("password", fault)


def check_free(tx: Transaction, username: str) -> None:
    """Raise `Conflict` when the name is somebody's.

    Whether an address is, nobody is told before they have proven that it is theirs.
    """
    if tx.accounts.by_username(username) is not None:
        raise Conflict(
            "This user name is taken. Choose another.",
            code="username_taken",
            details={"fields": {"username": "This user name is taken."}},
        )


def check_welcome(tx: Transaction, rules: Rules, applicant: Applicant, now: Micros) -> None:
    """Raise `NotAllowed` unless an applicant may register, and then `Conflict` for a taken name."""
    check_admitted(tx, rules, applicant, now)
    check_free(tx, applicant.username)


def check_admitted(tx: Transaction, rules: Rules, applicant: Applicant, now: Micros) -> None:
    """Raise `NotAllowed` unless an applicant may register; uses nothing up."""
    if applicant.administrator_hash is not None:
        tickets.check(tx, Purpose.ADMINISTRATOR, applicant.administrator_hash, now)
    elif not rules.admits_first(tx):
        hashed = applicant.invite_hash
        invite = None if hashed is None else tickets.check(tx, Purpose.INVITE, hashed, now)
        rules.admit(applicant.email, invite)


def register(
    tx: Transaction,
    rules: Rules,
    applicant: Applicant,
    send: Callable[[Transaction, Account], bool],
    proving: Proving,
    now: Micros,
) -> tuple[Account, bool]:
    """Keep a new person with an account, and send the code that verifies its address.

    Returns the account, and whether the code went out by a channel. Raises `NotAllowed` and
    `Conflict`.
    """
    check_admitted(tx, rules, applicant, now)
    is_operator = applicant.administrator_hash is not None
    is_admin = not is_operator and rules.admits_first(tx)
    account = add_account(tx, applicant, now, is_admin=is_admin)
    if is_operator:
        becomes_first(tx, account, applicant.administrator_hash or "", now)
        # Who reads the server's log is its operator, and could confirm any address.
        return proving.prove(tx, account, now, how="by the operator"), True
    if applicant.invite_hash is not None and not is_admin:
        invite = tickets.take(tx, Purpose.INVITE, applicant.invite_hash, now)
        tx.journal.add(
            Entry(
                kind="account.invite_used",
                at=now,
                person_id=account.person_id,
                data={"invited_by": invite.made_by},
            )
        )
    keep_code(tx, account.id, applicant.code_hash, now)
    return account, send(tx, account)


def becomes_first(tx: Transaction, account: Account, code_hash: str, now: Micros) -> None:
    """Make an account the first administrator's by the one-time code; `NotAllowed` by another."""
    tickets.take(tx, Purpose.ADMINISTRATOR, code_hash, now)
    if tx.accounts.administrators():
        raise NotAllowed(
            "There is an administrator already. Ask them.", code="administrator_exists"
        )
    tx.tickets.drop_all(Purpose.ADMINISTRATOR)
    tx.accounts.set_admin(account.id, True)
    tx.journal.add(
        Entry(
            kind="account.administrator",
            at=now,
            person_id=account.person_id,
            data={"how": "by the one-time code"},
        )
    )


def add_account(
    tx: Transaction,
    applicant: Applicant,
    now: Micros,
    *,
    is_admin: bool = False,
    is_known: bool = False,
) -> Account:
    """Keep an account that is not verified, and its person unless they are known already.

    Raises `Conflict` when its name is taken.
    """
    check_free(tx, applicant.username)
    if not is_known:
        tx.people.add(
            Person(
                id=applicant.person_id,
                name=applicant.name or applicant.username,
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
        is_admin=is_admin,
    )
    tx.accounts.add(account)
    tx.journal.add(Entry(kind="account.registered", at=now, person_id=account.person_id))
    return account


def _field(name: str, sentence: str) -> Invalid:
    return Invalid(sentence, details={"fields": {name: sentence}})
