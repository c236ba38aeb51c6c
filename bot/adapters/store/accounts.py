"""Accounts, their codes and their tokens in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    bindparam,
    delete,
    func,
    literal_column,
    or_,
    select,
    update,
)

from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import (
    accounts,
    identities,
    persons,
    refresh_tokens,
    token_families,
    verification_codes,
)
from bot.adapters.store.statements import (
    Statement,
    columns,
    insert_into,
    locked,
    names,
    update_by_id,
    upsert,
    where,
)
from bot.domain.instants import Micros
from bot.service.ports.accounts import Account, RefreshToken, TokenFamily, VerificationCode

_FIELDS = names(Account)
_CODE_FIELDS = names(VerificationCode)
_FAMILY_FIELDS = names(TokenFamily)
_TOKEN_FIELDS = names(RefreshToken)
_PAST_ALL = "g"
"""Beyond every id, which is hexadecimal."""

_ADD = insert_into(accounts)
_GET = where(accounts, _FIELDS, accounts.c.id == bindparam("id"))
_BY_USERNAME = where(accounts, _FIELDS, accounts.c.username_key == bindparam("key"))
_PROVER = Statement(
    lambda: (
        select(func.coalesce(persons.c.merged_into, persons.c.id))
        .select_from(persons.join(identities, identities.c.person_id == persons.c.id))
        .where(identities.c.kind == bindparam("kind"), identities.c.key == bindparam("key"))
    )
)
_LOCK = locked(accounts, _FIELDS, accounts.c.id == bindparam("id"))
_VERIFY = update_by_id(accounts, ["verified_at"])
_SET_PASSWORD = update_by_id(accounts, ["password_hash"])
_SET_ADMIN = update_by_id(accounts, ["is_admin"])
_SET_DISABLED = update_by_id(accounts, ["disabled_at"])
_ANY = Statement(lambda: select(literal_column("1")).where(select(accounts.c.id).exists()))
_LISTED = Statement(
    lambda: (
        columns(accounts, _FIELDS)
        .where(accounts.c.id < bindparam("before"))
        .order_by(accounts.c.id.desc())
        .limit(bindparam("limit"))
    )
)
_ADMINISTRATORS = Statement(
    lambda: (
        columns(accounts, _FIELDS)
        .where(accounts.c.is_admin == literal_column("1"), accounts.c.disabled_at.is_(None))
        .order_by(accounts.c.id)
        .with_for_update(key_share=True)
    )
)
_HAS_ADMINISTRATOR = where(
    accounts,
    ["id"],
    accounts.c.is_admin == literal_column("1"),
    accounts.c.disabled_at.is_(None),
)
_OWNED = accounts.join(persons, persons.c.id == accounts.c.person_id)
_IS_THEIRS = or_(
    persons.c.id == bindparam("person_id"), persons.c.merged_into == bindparam("person_id")
)
_OF_PERSON = Statement(
    lambda: columns(accounts, _FIELDS).select_from(_OWNED).where(_IS_THEIRS).order_by(accounts.c.id)
)
_PUT_CODE = Statement(
    lambda: (
        upsert(verification_codes)
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
_SEE_FAMILY = update_by_id(token_families, ["seen_at"])
_FAMILIES = Statement(
    lambda: (
        columns(token_families, _FAMILY_FIELDS)
        .where(
            token_families.c.account_id == bindparam("account_id"),
            token_families.c.revoked_at.is_(None),
            func.coalesce(token_families.c.seen_at, token_families.c.created_at)
            >= bindparam("since"),
        )
        .order_by(token_families.c.id.desc())
    )
)
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
_PRUNE_FAMILIES = Statement(
    lambda: delete(token_families).where(
        token_families.c.id.in_(
            select(token_families.c.id)
            .where(
                token_families.c.created_at < bindparam("before"),
                ~select(refresh_tokens.c.token_hash)
                .where(refresh_tokens.c.family_id == token_families.c.id)
                .exists(),
            )
            .order_by(token_families.c.id)
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
        values["is_admin"] = int(account.is_admin)
        self._db.run(_ADD, values)

    def get(self, account_id: str) -> Account | None:
        """Return an account."""
        return _account(self._db.one(_GET, {"id": account_id}))

    def by_username(self, username: str) -> Account | None:
        """Return the account with this user name."""
        return _account(self._db.one(_BY_USERNAME, {"key": username.casefold()}))

    def by_verified_email(self, email: str) -> Account | None:
        """Return the account that has proven this address, itself or by an alias of its person."""
        key = email.casefold()
        prover = self._db.one(_PROVER, {"kind": "email", "key": key})
        found = self.of_person(prover[0]) if prover else []
        return next((a for a in found if a.verified_at and a.email.casefold() == key), None)

    def lock(self, account_id: str) -> Account | None:
        """Return an account, holding it until the commit."""
        return _account(self._db.one(_LOCK, {"id": account_id}))

    def of_person(self, person_id: str) -> Sequence[Account]:
        """Return the accounts of a person and of all their aliases, oldest first."""
        return _accounts(self._db.all(_OF_PERSON, {"person_id": person_id}))

    def listed(self, before: str | None, limit: int) -> Sequence[Account]:
        """Return accounts, newest first, those whose id is below `before`."""
        values = {"before": _PAST_ALL if before is None else before, "limit": limit}
        return _accounts(self._db.all(_LISTED, values))

    def exist(self) -> bool:
        """Tell whether there is any account."""
        return self._db.one(_ANY, {}) is not None

    def administrators(self) -> Sequence[Account]:
        """Return the administrators who are not disabled, holding them until the commit."""
        return _accounts(self._db.all(_ADMINISTRATORS, {}))

    def has_administrator(self) -> bool:
        """Tell whether there is an administrator who is not disabled."""
        return self._db.one(_HAS_ADMINISTRATOR, {}) is not None

    def is_administrator(self, person_id: str) -> bool:
        """Tell whether a person, or an alias of theirs, has an administrator's account."""
        found = self.of_person(person_id)
        return any(account.is_admin and account.disabled_at is None for account in found)

    def is_shut_out(self, person_id: str) -> bool:
        """Tell whether a person has accounts and all of them are disabled."""
        found = self.of_person(person_id)
        return bool(found) and all(account.disabled_at is not None for account in found)

    def set_password(self, account_id: str, password_hash: str) -> None:
        """Change the hash of an account's password."""
        self._db.run(_SET_PASSWORD, {"id": account_id, "password_hash": password_hash})

    def set_admin(self, account_id: str, is_admin: bool) -> None:
        """Make an account an administrator's, or not any more."""
        self._db.run(_SET_ADMIN, {"id": account_id, "is_admin": int(is_admin)})

    def set_disabled(self, account_id: str, at: Micros | None) -> None:
        """Disable an account, or (None) enable it again."""
        self._db.run(_SET_DISABLED, {"id": account_id, "disabled_at": at})

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

    def families_of(self, account_id: str, since: Micros) -> Sequence[TokenFamily]:
        """Return the open sign-ins of an account that were seen since then, newest first."""
        rows = self._db.all(_FAMILIES, {"account_id": account_id, "since": since})
        return [TokenFamily(**dict(zip(_FAMILY_FIELDS, row, strict=True))) for row in rows]

    def see_family(self, family_id: str, at: Micros) -> None:
        """Note when a sign-in was last refreshed."""
        self._db.run(_SEE_FAMILY, {"id": family_id, "seen_at": at})

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

    def prune_families(self, before: Micros, limit: int) -> int:
        """Forget sign-ins begun before `before` that have no token left; return how many went."""
        return self._db.run(_PRUNE_FAMILIES, {"before": before, "limit": limit})


def _account(row: tuple[Any, ...] | None) -> Account | None:
    if row is None:
        return None
    values = dict(zip(_FIELDS, row, strict=True))
    return Account(**values | {"is_admin": bool(values["is_admin"])})


def _accounts(rows: Sequence[tuple[Any, ...]]) -> list[Account]:
    return [account for row in rows if (account := _account(row)) is not None]
