"""Sealed values in the database; what is in them only the sealer can read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, bindparam, delete, select, tuple_

from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import vault
from bot.adapters.store.statements import Statement, columns, locked, names, upsert, where
from bot.domain.instants import Micros
from bot.service.ports.vault import Secret

_FIELDS = names(Secret)
_NAME = ("kind", "key")
_BY_NAME = and_(vault.c.kind == bindparam("kind"), vault.c.key == bindparam("key"))
_PUT = Statement(
    lambda: (
        upsert(vault)
        .values({name: bindparam(name) for name in _FIELDS})
        .on_conflict_do_update(
            index_elements=[vault.c[name] for name in _NAME],
            set_={name: bindparam(name) for name in _FIELDS if name not in _NAME},
        )
    )
)
_GET = where(vault, _FIELDS, _BY_NAME)
_LOCK = locked(vault, _FIELDS, _BY_NAME)
_ALL = Statement(
    lambda: columns(vault, _FIELDS).where(vault.c.kind == bindparam("kind")).order_by(vault.c.key)
)
_KINDS = Statement(lambda: select(vault.c.kind).distinct().order_by(vault.c.kind))
_DROP = Statement(lambda: delete(vault).where(_BY_NAME))
_PRUNE = Statement(
    lambda: delete(vault).where(
        tuple_(vault.c.kind, vault.c.key).in_(
            select(vault.c.kind, vault.c.key)
            .where(vault.c.expires_at < bindparam("before"))
            .limit(bindparam("limit"))
        ),
        # Once more: a value that was replaced while this waited for its row is kept.
        vault.c.expires_at < bindparam("before"),
    )
)


class Vault:
    """Implements the port `VaultTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def put(self, secret: Secret) -> None:
        """Keep a value, in place of the one before."""
        self._db.run(_PUT, {name: getattr(secret, name) for name in _FIELDS})

    def get(self, kind: str, key: str) -> Secret | None:
        """Return a value, expired or not."""
        row = self._db.one(_GET, {"kind": kind, "key": key})
        return None if row is None else _secret(row)

    def lock(self, kind: str, key: str) -> Secret | None:
        """Return a value, holding the row until the commit."""
        row = self._db.one(_LOCK, {"kind": kind, "key": key})
        return None if row is None else _secret(row)

    def all(self, kind: str) -> Sequence[Secret]:
        """Return every value of a kind, by key."""
        return [_secret(row) for row in self._db.all(_ALL, {"kind": kind})]

    def kinds(self) -> Sequence[str]:
        """Return of which kinds there are values."""
        return [row[0] for row in self._db.all(_KINDS, {})]

    def drop(self, kind: str, key: str) -> bool:
        """Forget a value; False when there was none: who gets True has used it up."""
        return self._db.run(_DROP, {"kind": kind, "key": key}) > 0

    def prune(self, before: Micros, limit: int) -> int:
        """Forget values that expired before then."""
        return self._db.run(_PRUNE, {"before": before, "limit": limit})


def _secret(row: tuple[Any, ...]) -> Secret:
    values = dict(zip(_FIELDS, row, strict=True))
    return Secret(**values | {"sealed": bytes(values["sealed"])})
