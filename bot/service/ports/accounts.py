"""What a transaction can do with accounts, their codes and their tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.domain.instants import Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A way to sign in; `verified_at` is when its address was proven.

    An empty `password_hash` is of nobody's password: they sign in another way.
    """

    id: str
    person_id: str
    username: str
    email: str
    password_hash: str
    verified_at: Micros | None
    disabled_at: Micros | None
    created_at: Micros
    is_admin: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class VerificationCode:
    """A code that was sent to an account's address; only its hash is kept."""

    account_id: str
    code_hash: str
    expires_at: Micros
    attempts_left: int
    sent_at: Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenFamily:
    """One sign-in; `seen_at` is when it was last refreshed."""

    id: str
    account_id: str
    created_at: Micros
    revoked_at: Micros | None
    seen_at: Micros | None = None
    user_agent: str = ""
    """What the browser or program called itself; anybody may claim anything."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RefreshToken:
    """One refresh token, by its hash; `used_at` is when it was exchanged."""

    token_hash: str
    family_id: str
    issued_at: Micros
    expires_at: Micros
    used_at: Micros | None


class Purpose(StrEnum):
    """What a ticket is good for."""

    INVITE = "invite"
    """Making an account; with the address `email` only, where that is given."""
    RESET = "reset"
    """Setting the password of `account_id`; of nobody's, where that is None."""
    ADMINISTRATOR = "administrator"
    """Becoming the first administrator."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """What lets whoever holds its token do one thing once; only the token's hash is kept."""

    token_hash: str
    purpose: Purpose
    account_id: str | None = None
    email: str | None = None
    made_by: str | None = None
    created_at: Micros
    expires_at: Micros


class AccountTable(Protocol):
    """Accounts; names and addresses are compared case-folded."""

    def add(self, account: Account) -> None: ...
    def get(self, account_id: str) -> Account | None: ...
    def lock(self, account_id: str) -> Account | None:
        """Return an account, holding it until the commit."""
        ...

    def by_username(self, username: str) -> Account | None: ...
    def by_verified_email(self, email: str) -> Account | None: ...
    def of_person(self, person_id: str) -> Sequence[Account]:
        """Return the accounts of a person and of all their aliases, oldest first."""
        ...

    def listed(self, before: str | None, limit: int) -> Sequence[Account]:
        """Return accounts, newest first, those whose id is below `before`."""
        ...

    def exist(self) -> bool:
        """Tell whether there is any account."""
        ...

    def administrators(self) -> Sequence[Account]:
        """Return the administrators who are not disabled, holding them until the commit."""
        ...

    def has_administrator(self) -> bool:
        """Tell whether there is an administrator who is not disabled."""
        ...

    def is_administrator(self, person_id: str) -> bool:
        """Tell whether a person, or an alias of theirs, has an administrator's account."""
        ...

    def is_shut_out(self, person_id: str) -> bool:
        """Tell whether a person has accounts and all of them are disabled."""
        ...

    def verify(self, account_id: str, at: Micros) -> None: ...
    def set_password(self, account_id: str, password_hash: str) -> None: ...
    def set_admin(self, account_id: str, is_admin: bool) -> None: ...
    def set_disabled(self, account_id: str, at: Micros | None) -> None: ...
    def put_code(self, code: VerificationCode) -> None:
        """Keep a code, in place of the account's older one."""
        ...

    def lock_code(self, account_id: str) -> VerificationCode | None: ...
    def drop_code(self, account_id: str) -> None: ...
    def add_family(self, family: TokenFamily) -> None: ...
    def get_family(self, family_id: str) -> TokenFamily | None: ...
    def families_of(self, account_id: str, since: Micros) -> Sequence[TokenFamily]:
        """Return the open sign-ins of an account that were seen since then, newest first."""
        ...

    def see_family(self, family_id: str, at: Micros) -> None:
        """Note when a sign-in was last refreshed."""
        ...

    def revoke_family(self, family_id: str, at: Micros) -> None: ...
    def add_token(self, token: RefreshToken) -> None: ...
    def lock_token(self, token_hash: str) -> RefreshToken | None: ...
    def use_token(self, token_hash: str, at: Micros) -> None: ...
    def prune_tokens(self, before: Micros, limit: int) -> int:
        """Forget tokens that expired before `before`; return how many went."""
        ...

    def prune_families(self, before: Micros, limit: int) -> int:
        """Forget sign-ins begun before `before` that have no token left; return how many went."""
        ...


class TicketTable(Protocol):
    """Tickets that were handed out and not used yet."""

    def add(self, ticket: Ticket) -> None: ...
    def get(self, token_hash: str) -> Ticket | None: ...
    def take(self, token_hash: str) -> Ticket | None:
        """Return a ticket and forget it: who gets it has used it up."""
        ...

    def of(self, purpose: Purpose, limit: int) -> Sequence[Ticket]:
        """Return tickets of a kind, newest first."""
        ...

    def drop_for(self, account_id: str) -> None:
        """Forget every ticket for an account."""
        ...

    def drop_all(self, purpose: Purpose) -> None:
        """Forget every ticket of a kind."""
        ...

    def prune(self, before: Micros, limit: int) -> int:
        """Forget tickets that expired before then; return how many went."""
        ...
