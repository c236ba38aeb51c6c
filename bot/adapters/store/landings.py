"""Where our own words landed outside, in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam

from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import landings
from bot.adapters.store.statements import Statement, columns, names, upsert, where
from bot.service.ports.places import Landing

_FIELDS = names(Landing)
_SPOT = ("channel", "key")
_ADD = Statement(
    lambda: (
        upsert(landings)
        .values({name: bindparam(name) for name in _FIELDS})
        .on_conflict_do_update(
            index_elements=[landings.c[name] for name in _SPOT],
            set_={name: bindparam(name) for name in _FIELDS if name not in _SPOT},
        )
    )
)
_FIND = where(
    landings,
    _FIELDS,
    landings.c.channel == bindparam("channel"),
    landings.c.key == bindparam("key"),
)
_OF_SURFACE = Statement(
    lambda: (
        columns(landings, _FIELDS)
        .where(landings.c.surface_id == bindparam("surface_id"))
        .order_by(landings.c.at, landings.c.key)
    )
)


class Landings:
    """Implements the port `LandingTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def add(self, landing: Landing) -> None:
        """Keep a landing; the same spot again is the same landing, the newer data."""
        self._db.run(_ADD, {name: getattr(landing, name) for name in _FIELDS})

    def find(self, channel: str, key: str) -> Landing | None:
        """Return what stands at a spot."""
        row = self._db.one(_FIND, {"channel": channel, "key": key})
        return Landing(**dict(zip(_FIELDS, row, strict=True))) if row else None

    def of_surface(self, surface_id: str) -> Sequence[Landing]:
        """Return where a surface's cards landed, oldest first."""
        rows = self._db.all(_OF_SURFACE, {"surface_id": surface_id})
        return [Landing(**dict(zip(_FIELDS, row, strict=True))) for row in rows]
