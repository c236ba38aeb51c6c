"""One-use links to questions, in the database: by their tokens' hashes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, delete, func, select, update

from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import links
from bot.adapters.store.statements import Statement, locked, names, upsert, where
from bot.domain.instants import Micros
from bot.service.ports.vault import Link

_FIELDS = names(Link)
_BY_HASH = links.c.token_hash == bindparam("token_hash")
# The same card is offered once more whenever it is tried or painted again.
_ADD = Statement(
    lambda: (
        upsert(links)
        .values({name: bindparam(name) for name in _FIELDS})
        .on_conflict_do_update(
            index_elements=[links.c.token_hash], set_={"expires_at": bindparam("expires_at")}
        )
    )
)
_FIND = where(links, _FIELDS, _BY_HASH)
_LOCK = locked(links, _FIELDS, _BY_HASH)
_USE = Statement(
    lambda: (
        update(links)
        .where(links.c.token_hash == bindparam("of_hash"))
        .values(used_at=func.coalesce(links.c.used_at, bindparam("at")))
    )
)
_PRUNE = Statement(
    lambda: delete(links).where(
        links.c.token_hash.in_(
            select(links.c.token_hash)
            .where(links.c.expires_at < bindparam("before"))
            .limit(bindparam("limit"))
        )
    )
)


class Links:
    """Implements the port `LinkTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def add(self, link: Link) -> None:
        """Keep a link that is about to be sent."""
        self._db.run(_ADD, {name: getattr(link, name) for name in _FIELDS})

    def find(self, token_hash: str) -> Link | None:
        """Return a link, used or expired or not."""
        return _link(self._db.one(_FIND, {"token_hash": token_hash}))

    def lock(self, token_hash: str) -> Link | None:
        """Return a link, holding the row until the commit: it is used once."""
        return _link(self._db.one(_LOCK, {"token_hash": token_hash}))

    def use(self, token_hash: str, at: Micros) -> None:
        """Note that a link was used; the first time stays."""
        self._db.run(_USE, {"of_hash": token_hash, "at": at})

    def prune(self, before: Micros, limit: int) -> int:
        """Forget links that expired before then."""
        return self._db.run(_PRUNE, {"before": before, "limit": limit})


def _link(row: tuple[Any, ...] | None) -> Link | None:
    return None if row is None else Link(**dict(zip(_FIELDS, row, strict=True)))
