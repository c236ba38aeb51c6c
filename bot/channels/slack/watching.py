"""What this server does for Slack now and then: list people, and note until when it was read."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.channels.slack.addresses import SLACK
from bot.channels.slack.installations import Installations
from bot.channels.slack.roster import Roster
from bot.domain.errors import HandraiseError
from bot.domain.instants import DAY, HOUR, MINUTE, SECOND, Micros
from bot.service.chores import Chore
from bot.service.outlet import Parts
from bot.service.ports.store import Transaction

log = logging.getLogger(__name__)

REACHED: Micros = 6 * MINUTE
"""How long this server must have been reachable: Slack sends again for five minutes."""
BEHIND: Micros = MINUTE
"""How far behind the clock Slack counts as read: an event may still be on its way."""
_LISTED = "slack.listed:"
_NOT_AGAIN: Micros = HOUR


@dataclass(kw_only=True, slots=True)
class Watching:
    """Keeps the directory and the mark of what was read up to date."""

    parts: Parts
    installations: Installations
    roster: Roster
    is_reachable: Callable[[], Awaitable[bool]]
    _since: Micros | None = None

    @property
    def chores(self) -> Sequence[Chore]:
        """Return what there is to do."""
        return [
            Chore(name="slack.people", every=DAY, run=self.list_people, takes=30 * MINUTE),
            Chore(name="slack.read", every=30 * SECOND, run=self.note_read, takes=MINUTE),
        ]

    async def list_people(self) -> None:
        """List everybody of every team that was not listed just now."""
        for team in await self.installations.teams():
            try:
                await self.list_team(team)
            except HandraiseError as error:
                log.warning("a team's people are not listed: %s", error.code, extra={"team": team})

    async def list_team(self, team: str) -> None:
        """List everybody of one team, unless that was done within the hour."""
        mark = _LISTED + team
        listed = await self.parts.store.read(lambda tx: tx.marks.get(mark))
        now = self.parts.clock.now()
        if listed is not None and now - int(listed) < _NOT_AGAIN:
            return
        await self.roster.list_team(team)
        await self.parts.store.run(lambda tx: tx.marks.put(mark, str(now), now))

    async def note_read(self) -> None:
        """Note until when everything that people did in Slack is known here."""
        now = self.parts.clock.now()
        if self.installations.health().state == "closed" or not await self.is_reachable():
            self._since = None
            return
        if self._since is None:
            self._since = now
        if now - self._since >= REACHED:
            await self.parts.store.run(self._note, now)

    def _note(self, tx: Transaction, now: Micros) -> None:
        # What waits in the inbox is acknowledged, but nobody has looked at it yet.
        waits = tx.inbox.next_due()
        until = now if waits is None else min(now, waits)
        tx.inbound.note(SLACK, until - BEHIND)
