"""What one server at a time does, in the database."""

from __future__ import annotations

from sqlalchemy import and_, bindparam, or_, select, update

from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import leases
from bot.adapters.store.statements import Statement, upsert
from bot.domain.instants import Micros

_TAKE = Statement(
    lambda: (
        upsert(leases)
        .values({c.name: bindparam(c.name) for c in leases.c})
        .on_conflict_do_update(
            index_elements=[leases.c.name],
            set_={
                "owner": bindparam("owner"),
                "number": leases.c.number + bindparam("number"),
                "until": bindparam("until"),
            },
            where=or_(leases.c.owner == bindparam("owner"), leases.c.until <= bindparam("now")),
        )
        .returning(leases.c.number)
    )
)
_OWN = and_(
    leases.c.name == bindparam("of_name"),
    leases.c.owner == bindparam("of_owner"),
    leases.c.number == bindparam("of_number"),
)
_HOLDS = Statement(lambda: select(leases.c.number).where(_OWN).with_for_update(key_share=True))
_GIVE_BACK = Statement(
    lambda: update(leases).where(_OWN).values(owner=bindparam("nobody"), until=bindparam("never"))
)


class Leases:
    """Implements the port `LeaseTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def take(self, name: str, owner: str, now: Micros, until: Micros) -> int | None:
        """Take a lease that is free or one's own; return its number, which grows; else None."""
        values = {"name": name, "owner": owner, "number": 1, "now": now, "until": until}
        row = self._db.one(_TAKE, values)
        return int(row[0]) if row else None

    def holds(self, name: str, owner: str, number: int) -> bool:
        """Tell, holding the row, whether that lease is still the one in force."""
        values = {"of_name": name, "of_owner": owner, "of_number": number}
        return self._db.one(_HOLDS, values) is not None

    def give_back(self, name: str, owner: str, number: int) -> None:
        """Free a lease, if it is still the one in force."""
        values = {"of_name": name, "of_owner": owner, "of_number": number}
        self._db.run(_GIVE_BACK, values | {"nobody": "", "never": 0})
