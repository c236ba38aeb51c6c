"""How far each inbound channel has been read, in the database."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import inbound
from bot.adapters.store.statements import Statement, upsert
from bot.domain.instants import Micros

_READ = Statement(
    lambda: select(inbound.c.read_until).where(inbound.c.channel == bindparam("channel"))
)
_NOTE = Statement(
    lambda: (
        upsert(inbound)
        .values(channel=bindparam("channel"), read_until=bindparam("until"))
        .on_conflict_do_update(
            index_elements=[inbound.c.channel],
            set_={"read_until": bindparam("until")},
            where=inbound.c.read_until < bindparam("until"),
        )
    )
)


class Inbound:
    """Implements the port `InboundTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def read_until(self, channel: str) -> Micros:
        """Return until when everything that was sent over a channel is known; 0 for never."""
        row = self._db.one(_READ, {"channel": channel})
        return int(row[0]) if row else 0

    def note(self, channel: str, until: Micros) -> None:
        """Note that a channel was read until then; it never goes back."""
        self._db.run(_NOTE, {"channel": channel, "until": until})
