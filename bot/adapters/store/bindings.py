"""Which session each place outside the web belongs to, in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, update

from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import bindings
from bot.adapters.store.statements import Statement, columns, names, upsert, where
from bot.domain.place import Binding

_FIELDS = names(Binding)
_BY_PLACE = bindings.c.place == bindparam("at_place")
_ADD = Statement(
    lambda: (
        upsert(bindings)
        .values({name: bindparam(name) for name in _FIELDS})
        .on_conflict_do_nothing()
    )
)
_FIND = where(bindings, _FIELDS, _BY_PLACE)
_OF_SESSION = Statement(
    lambda: (
        columns(bindings, _FIELDS)
        .where(bindings.c.session_id == bindparam("session_id"))
        .order_by(bindings.c.created_at, bindings.c.place)
    )
)
_SAVE_HEAD = Statement(lambda: update(bindings).where(_BY_PLACE).values(head=bindparam("new_head")))
_REMOVE = Statement(lambda: delete(bindings).where(_BY_PLACE))


class Bindings:
    """Implements the port `BindingTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def add(self, binding: Binding) -> bool:
        """Keep a binding; False when the place belongs to a session already."""
        return self._db.run(_ADD, {name: getattr(binding, name) for name in _FIELDS}) > 0

    def find(self, place: str) -> Binding | None:
        """Return the binding of a place."""
        row = self._db.one(_FIND, {"at_place": place})
        return Binding(**dict(zip(_FIELDS, row, strict=True))) if row else None

    def of_session(self, session_id: str) -> Sequence[Binding]:
        """Return where a session lives, oldest first."""
        rows = self._db.all(_OF_SESSION, {"session_id": session_id})
        return [Binding(**dict(zip(_FIELDS, row, strict=True))) for row in rows]

    def save_head(self, place: str, head: str) -> None:
        """Write what the channel must know to write at a place."""
        self._db.run(_SAVE_HEAD, {"at_place": place, "new_head": head})

    def remove(self, place: str) -> None:
        """Let a place belong to no session."""
        self._db.run(_REMOVE, {"at_place": place})
