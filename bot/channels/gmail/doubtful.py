"""A mail that may not be from whom it says: nothing is decided, and who is on file is told.

At most once an hour, and only at the address that is known: never at one that the mail names.
"""

from __future__ import annotations

from functools import partial

from bot.channels.gmail.incoming import EMAIL, Asked, Incoming
from bot.domain.instants import HOUR
from bot.service.notices import tell
from bot.service.outlet import Parts
from bot.service.ports.store import Transaction

_ASKED = (
    "A reply that says it is from you came in, but your mail server did not vouch for it, so it "
    "was not counted. If it was yours, please confirm your answer here. If it was not, you need "
    "not do anything."
)
_SAID = (
    "A mail that says it is from you came in, but your mail server did not vouch for it, so I "
    "have not acted on it. If it was yours, please go on on the web. If it was not, you need not "
    "do anything."
)


class Doubtful:
    """Keeps what is not authenticated; its text stays with Gmail, under its id."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def take(self, mail: Incoming) -> str:
        """Ask the address on file, where the mail would have done something."""
        status: str = await self._parts.store.run(partial(self._ask, mail=mail))
        return status

    def _ask(self, tx: Transaction, *, mail: Incoming) -> str:
        now = self._parts.clock.now()
        known = mail.known
        claimed = known.claimed
        if claimed is None:
            return "unverified"
        hour = now // HOUR
        asked = known.asked
        if asked is not None and claimed.id in asked.recipients:
            if not self._is_open(tx, asked):
                return "unverified"
            tell(
                tx,
                channel=EMAIL,
                person_id=claimed.id,
                text=_ASKED,
                now=now,
                url=f"{self._parts.public_url}/#/questions/{asked.request_id}",
                request_id=asked.request_id,
                once=f"doubt:{asked.request_id}:{claimed.id}:{hour}",
            )
            return "confirm"
        if asked is None and (known.takes_part or known.may_begin):
            tell(
                tx,
                channel=EMAIL,
                person_id=claimed.id,
                text=_SAID,
                now=now,
                url=self._parts.public_url,
                once=f"doubt:{claimed.id}:{hour}",
            )
            return "confirm"
        return "unverified"

    def _is_open(self, tx: Transaction, asked: Asked) -> bool:
        request = tx.requests.get(asked.request_id)
        return request is not None and request.is_open
