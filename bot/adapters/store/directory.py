"""The people of the channels in the database, found by any of their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Text, and_, bindparam, case, delete, func, literal_column, or_

from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import directory
from bot.adapters.store.statements import Statement, columns, names, upsert, where
from bot.domain.text import folded
from bot.service.ports.directory import Listed

_FIELDS = names(Listed)
_ID = ("kind", "key")
_PUT = Statement(
    lambda: (
        upsert(directory)
        .values({c.name: bindparam(c.name) for c in directory.c})
        .on_conflict_do_update(
            index_elements=[directory.c[name] for name in _ID],
            set_={c.name: bindparam(c.name) for c in directory.c if c.name not in _ID},
        )
    )
)
_GET = where(
    directory,
    _FIELDS,
    and_(directory.c.kind == bindparam("kind"), directory.c.key == bindparam("key")),
)
_WANTED = bindparam("wanted", type_=Text())
_IS_ADDRESSED = or_(directory.c.handle_key == _WANTED, directory.c.email_key == _WANTED)
_SEARCH = Statement(
    lambda: (
        columns(directory, _FIELDS)
        .where(
            or_(
                _IS_ADDRESSED,
                directory.c.name_key == _WANTED,
                directory.c.first_key == _WANTED,
            ),
            directory.c.is_person == literal_column("1"),
        )
        .order_by(
            case(
                (_IS_ADDRESSED, literal_column("0")),
                (directory.c.name_key == _WANTED, literal_column("1")),
                else_=literal_column("2"),
            ),
            directory.c.name_key,
            directory.c.kind,
            directory.c.key,
        )
        .limit(bindparam("limit"))
    )
)
_NAMED = Statement(
    lambda: (
        columns(directory, _FIELDS)
        .where(directory.c.kind == bindparam("kind"), directory.c.name_key == _WANTED)
        .order_by(directory.c.key)
        .limit(bindparam("limit"))
    )
)
_PREFIX = bindparam("prefix", type_=Text())
_DROP = Statement(
    lambda: delete(directory).where(
        directory.c.kind == bindparam("kind"),
        func.substr(directory.c.key, literal_column("1"), func.length(_PREFIX)) == _PREFIX,
    )
)


class Directory:
    """Implements the port `DirectoryTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def put(self, listed: Listed) -> None:
        """Keep an entry, in place of the one before."""
        values: dict[str, Any] = {name: getattr(listed, name) for name in _FIELDS}
        name = folded(listed.name)
        found_by = {
            "name_key": name or None,
            "handle_key": folded(listed.handle) or None,
            "first_key": name.partition(" ")[0] or None,
            "email_key": folded(listed.email or "") or None,
        }
        self._db.run(_PUT, values | found_by | {"is_person": int(listed.is_person)})

    def get(self, kind: str, key: str) -> Listed | None:
        """Return an entry, a person's or not."""
        row = self._db.one(_GET, {"kind": kind, "key": key})
        return None if row is None else _listed(row)

    def search(self, name: str, limit: int) -> Sequence[Listed]:
        """Return persons by handle or address, then by whole name, then by first name."""
        rows = self._db.all(_SEARCH, {"wanted": folded(name), "limit": limit})
        return [_listed(row) for row in rows]

    def named(self, kind: str, name: str, limit: int) -> Sequence[Listed]:
        """Return entries of a kind, persons or not, whose name is `name`."""
        values = {"kind": kind, "wanted": folded(name), "limit": limit}
        return [_listed(row) for row in self._db.all(_NAMED, values)]

    def drop(self, kind: str, prefix: str) -> None:
        """Forget entries whose key begins so: a team that has gone."""
        self._db.run(_DROP, {"kind": kind, "prefix": prefix})


def _listed(row: tuple[Any, ...]) -> Listed:
    values = dict(zip(_FIELDS, row, strict=True))
    return Listed(**values | {"is_person": bool(values["is_person"])})
