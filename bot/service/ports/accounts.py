"""What a transaction can do with accounts, their codes and their tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.domain.instants import Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A way to sign in; `verified_at` is when its address was proven."""

    id: str
    person_id: str
    username: str
    email: str
    password_hash: str
    verified_at: Micros | None
    disabled_at: Micros | None
    created_at: Micros


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
    """One sign-in."""

    id: str
    account_id: str
    created_at: Micros
    revoked_at: Micros | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RefreshToken:
    """One refresh token, by its hash; `used_at` is when it was exchanged."""

    token_hash: str
    family_id: str
    issued_at: Micros
    expires_at: Micros
    used_at: Micros | None


class AccountTable(Protocol):
    """Accounts; names and addresses are compared case-folded."""

    def add(self, account: Account) -> None: ...
    def get(self, account_id: str) -> Account | None: ...
    def by_username(self, username: str) -> Account | None: ...
    def by_verified_email(self, email: str) -> Account | None: ...
    def verify(self, account_id: str, at: Micros) -> None: ...
    def put_code(self, code: VerificationCode) -> None:
        """Keep a code, in place of the account's older one."""
        ...

    def lock_code(self, account_id: str) -> VerificationCode | None: ...
    def drop_code(self, account_id: str) -> None: ...
    def add_family(self, family: TokenFamily) -> None: ...
    def get_family(self, family_id: str) -> TokenFamily | None: ...
    def revoke_family(self, family_id: str, at: Micros) -> None: ...
    def add_token(self, token: RefreshToken) -> None: ...
    def lock_token(self, token_hash: str) -> RefreshToken | None: ...
    def use_token(self, token_hash: str, at: Micros) -> None: ...
    def prune_tokens(self, before: Micros, limit: int) -> int:
        """Forget tokens that expired before `before`; return how many went."""
        ...
