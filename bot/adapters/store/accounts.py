"""Accounts, their codes and their tokens in the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects import postgresql

from bot.adapters.store.schema import (
    accounts,
    identities,
    refresh_tokens,
    token_families,
    verification_codes,
)
from bot.adapters.store.statements import (
    Runner,
    Statement,
    columns,
    insert_into,
    locked,
    names,
    update_by_id,
    where,
)
from bot.domain.instants import Micros
from bot.service.ports.accounts import Account, RefreshToken, TokenFamily, VerificationCode

_FIELDS = names(Account)
_CODE_FIELDS = names(VerificationCode)
_FAMILY_FIELDS = names(TokenFamily)
_TOKEN_FIELDS = names(RefreshToken)

_ADD = insert_into(accounts)
_GET = where(accounts, _FIELDS, accounts.c.id == bindparam("id"))
_BY_USERNAME = where(accounts, _FIELDS, accounts.c.username_key == bindparam("key"))
_BY_EMAIL = Statement(
    lambda: (
        columns(accounts, _FIELDS)
        .select_from(accounts.join(identities, identities.c.person_id == accounts.c.person_id))
        .where(
            identities.c.kind == bindparam("kind"),
            identities.c.key == bindparam("key"),
            accounts.c.email_key == identities.c.key,
            accounts.c.verified_at.is_not(None),
        )
    )
)
_VERIFY = update_by_id(accounts, ["verified_at"])
_PUT_CODE = Statement(
    lambda: (
        postgresql.insert(verification_codes)
        .values({name: bindparam(name) for name in _CODE_FIELDS})
        .on_conflict_do_update(
            index_elements=[verification_codes.c.account_id],
            set_={name: bindparam(name) for name in _CODE_FIELDS if name != "account_id"},
        )
    )
)
_LOCK_CODE = locked(
    verification_codes, _CODE_FIELDS, verification_codes.c.account_id == bindparam("account_id")
)
_DROP_CODE = Statement(
    lambda: delete(verification_codes).where(
        verification_codes.c.account_id == bindparam("account_id")
    )
)
_ADD_FAMILY = insert_into(token_families)
_GET_FAMILY = where(token_families, _FAMILY_FIELDS, token_families.c.id == bindparam("id"))
_REVOKE = Statement(
    lambda: (
        update(token_families)
        .where(token_families.c.id == bindparam("id"), token_families.c.revoked_at.is_(None))
        .values(revoked_at=bindparam("at"))
    )
)
_ADD_TOKEN = insert_into(refresh_tokens)
_LOCK_TOKEN = locked(
    refresh_tokens, _TOKEN_FIELDS, refresh_tokens.c.token_hash == bindparam("token_hash")
)
_USE_TOKEN = Statement(
    lambda: (
        update(refresh_tokens)
        .where(refresh_tokens.c.token_hash == bindparam("token_hash"))
        .values(used_at=bindparam("at"))
    )
)
_PRUNE = Statement(
    lambda: delete(refresh_tokens).where(
        refresh_tokens.c.token_hash.in_(
            select(refresh_tokens.c.token_hash)
            .where(refresh_tokens.c.expires_at < bindparam("before"))
            .limit(bindparam("limit"))
        )
    )
)


class Accounts:
    """Implements the port `AccountTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def add(self, account: Account) -> None:
        """Keep a new account; its name and address are compared case-folded."""
        values = {name: getattr(account, name) for name in _FIELDS}
        values["username_key"] = account.username.casefold()
        values["email_key"] = account.email.casefold()
        self._db.run(_ADD, values)

    def get(self, account_id: str) -> Account | None:
        """Return an account."""
        return _account(self._db.one(_GET, {"id": account_id}))

    def by_username(self, username: str) -> Account | None:
        """Return the account with this user name."""
        return _account(self._db.one(_BY_USERNAME, {"key": username.casefold()}))

    def by_verified_email(self, email: str) -> Account | None:
        """Return the account that has proven this address."""
        return _account(self._db.one(_BY_EMAIL, {"kind": "email", "key": email.casefold()}))

    def verify(self, account_id: str, at: Micros) -> None:
        """Note that an account's address is proven."""
        self._db.run(_VERIFY, {"id": account_id, "verified_at": at})

    def put_code(self, code: VerificationCode) -> None:
        """Keep a code, in place of the account's older one."""
        self._db.run(_PUT_CODE, {name: getattr(code, name) for name in _CODE_FIELDS})

    def lock_code(self, account_id: str) -> VerificationCode | None:
        """Return an account's code, holding it until the commit."""
        row = self._db.one(_LOCK_CODE, {"account_id": account_id})
        return VerificationCode(**dict(zip(_CODE_FIELDS, row, strict=True))) if row else None

    def drop_code(self, account_id: str) -> None:
        """Forget an account's code."""
        self._db.run(_DROP_CODE, {"account_id": account_id})

    def add_family(self, family: TokenFamily) -> None:
        """Keep a new sign-in."""
        self._db.run(_ADD_FAMILY, {name: getattr(family, name) for name in _FAMILY_FIELDS})

    def get_family(self, family_id: str) -> TokenFamily | None:
        """Return a sign-in."""
        row = self._db.one(_GET_FAMILY, {"id": family_id})
        return TokenFamily(**dict(zip(_FAMILY_FIELDS, row, strict=True))) if row else None

    def revoke_family(self, family_id: str, at: Micros) -> None:
        """End a sign-in; the first end stands."""
        self._db.run(_REVOKE, {"id": family_id, "at": at})

    def add_token(self, token: RefreshToken) -> None:
        """Keep a refresh token's hash."""
        self._db.run(_ADD_TOKEN, {name: getattr(token, name) for name in _TOKEN_FIELDS})

    def lock_token(self, token_hash: str) -> RefreshToken | None:
        """Return a token, holding it until the commit, so that it is exchanged once."""
        row = self._db.one(_LOCK_TOKEN, {"token_hash": token_hash})
        return RefreshToken(**dict(zip(_TOKEN_FIELDS, row, strict=True))) if row else None

    def use_token(self, token_hash: str, at: Micros) -> None:
        """Note when a token was exchanged."""
        self._db.run(_USE_TOKEN, {"token_hash": token_hash, "at": at})

    def prune_tokens(self, before: Micros, limit: int) -> int:
        """Forget tokens that expired before `before`; return how many went."""
        return self._db.run(_PRUNE, {"before": before, "limit": limit})


def _account(row: tuple[Any, ...] | None) -> Account | None:
    return None if row is None else Account(**dict(zip(_FIELDS, row, strict=True)))
