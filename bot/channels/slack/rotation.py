"""Rotating tokens before they end: one server at a time per team, and no new token is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.channels.slack.api import Api
from bot.channels.slack.config import SlackConfig
from bot.channels.slack.installation import Installation
from bot.channels.slack.keeping import Keeping
from bot.channels.slack.refusals import Refused
from bot.channels.slack.shape import Malformed
from bot.domain.errors import Unavailable
from bot.domain.instants import MINUTE, SECOND, Micros
from bot.service.outlet import Parts
from bot.service.ports.channel import Fate

log = logging.getLogger(__name__)

LEASE: Micros = MINUTE
AGAIN: Micros = 20 * SECOND
"""How long after a rotation that failed the next is tried, by one server."""
_WRITES = 5
_FINAL = frozenset({"invalid_refresh_token", "token_rotation_not_enabled"})


class Rotation:
    """Renews one team's tokens at a time; what Slack gave is kept even if the caller has gone."""

    def __init__(
        self,
        *,
        config: SlackConfig,
        parts: Parts,
        api: Api,
        keeping: Keeping,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._config = config
        self._store = parts.store
        self._clock = parts.clock
        self._owner = parts.name
        self._api = api
        self._keeping = keeping
        self._pause = pause
        self._running: dict[str, asyncio.Task[Installation]] = {}
        self._unsaved: dict[str, tuple[Installation, str | None]] = {}
        """Tokens that the database did not take yet, with the refresh token they cost."""
        self._not_before: dict[str, Micros] = {}

    async def renewed(self, current: Installation, *, force: bool = False) -> Installation:
        """Return the team's installation with a newer token if that can be had now, else as it is.

        `force` rotates although the token seems to be fresh.
        """
        if current.refresh_token is None:
            return current
        team = current.team
        if team in self._unsaved:
            # Nothing but this server knows it: what the vault says is spent.
            await self.save()
            held = self._unsaved.get(team)
            return current if held is None else held[0]
        task = self._running.get(team)
        if task is None:
            if self._clock.now() < self._not_before.get(team, 0):
                return current
            task = asyncio.create_task(self._rotate(current, force), name=f"rotate {team}")
            self._running[team] = task
            task.add_done_callback(lambda _: self._running.pop(team, None))
        # Whoever waits may be cut off; what Slack hands out only once is written all the same.
        return await asyncio.shield(task)

    def held(self, team: str) -> Installation | None:
        """Return tokens of a team that only this server knows."""
        found = self._unsaved.get(team)
        return None if found is None else found[0]

    async def save(self) -> None:
        """Try again to keep what the database did not take."""
        for team, (installation, spent) in list(self._unsaved.items()):
            if await self._write(installation, spent) is not None:
                self._unsaved.pop(team, None)

    async def close(self) -> None:
        """Finish what has begun."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        await self.save()

    async def _rotate(self, current: Installation, force: bool) -> Installation:
        team, now = current.team, self._clock.now()
        lease = f"slack.rotate:{team}"
        try:
            number = await self._store.run(
                lambda tx: tx.leases.take(lease, self._owner, now, now + LEASE)
            )
            if number is None:
                return current  # another server is at it
            try:
                return await self._rotate_alone(current, force)
            finally:
                await self._store.run(lambda tx: tx.leases.give_back(lease, self._owner, number))
        except Unavailable as error:
            log.warning("a token could not be rotated: %s", error.code)
            return self.held(team) or current

    async def _rotate_alone(self, current: Installation, force: bool) -> Installation:
        team = current.team
        kept = (await self._store.read(self._keeping.get, team)).installation
        if kept is None or kept.refresh_token is None:
            return current
        if kept.token != current.token or (kept.is_fresh(self._clock.now()) and not force):
            return kept  # another server was quicker
        spent = kept.refresh_token
        try:
            answer = await self._api.call(
                None,
                lambda client: client.oauth_v2_access(
                    client_id=self._config.client_id,
                    client_secret=self._config.client_secret,
                    grant_type="refresh_token",
                    refresh_token=spent,
                ),
            )
            renewed = kept.rotated(answer, self._clock.now())
        except Malformed:
            await self._failed(kept, Refused("bad_answer", Fate.UNKNOWN, ""))
            return kept
        except Refused as refused:
            await self._failed(kept, refused)
            return kept
        self._unsaved[team] = (renewed, spent)
        for attempt in range(_WRITES):
            if attempt:
                await self._pause(0.2 * attempt)
            written = await self._write(renewed, spent)
            if written is not None:
                self._unsaved.pop(team, None)
                log.info("token rotated", extra={"team": team})
                return written
        log.error("a rotated token is not kept yet: the database is down", extra={"team": team})
        return renewed

    async def _write(self, installation: Installation, spent: str | None) -> Installation | None:
        """Keep rotated tokens; return what is kept now, None when the database is down."""
        try:
            kept = await self._store.run(
                self._keeping.renew, installation, spent, self._clock.now()
            )
        except Unavailable:
            return None
        return installation if kept is None else kept

    async def _failed(self, kept: Installation, refused: Refused) -> None:
        """Remember a failure.

        When an answer was lost, Slack may have spent the refresh token: the next try says
        `invalid_refresh_token`, the present token lives on to its end, and the operator is told.
        """
        now = self._clock.now()
        wait = AGAIN
        if refused.retry_after is not None:
            wait = max(wait, round(refused.retry_after * SECOND))
        if refused.code in _FINAL:
            wait = 10 * MINUTE
        self._not_before[kept.team] = now + wait
        log.warning("a token was not rotated: %s", refused.code, extra={"team": kept.team})
        if refused.fate is Fate.FAILED:
            await self._store.run(self._keeping.stick, kept.team, refused.code, now)
