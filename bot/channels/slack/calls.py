"""Calling Slack for a team: by its token as it is now, at the pace that Slack allows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from bot.channels.slack.api import Act, Api
from bot.channels.slack.installation import Installation
from bot.channels.slack.installations import Installations
from bot.channels.slack.pacing import Pace, Pacing, Rank
from bot.channels.slack.refusals import Refused
from bot.domain.errors import HandraiseError
from bot.domain.instants import SECOND, Micros
from bot.service.ports.channel import Fate
from bot.service.ports.clock import Clock

PATIENCE: Micros = 8 * SECOND
"""How long a call waits for its turn; what must wait longer is tried again later."""


class Calls:
    """Makes calls; every failure is a `Refused`."""

    def __init__(
        self,
        *,
        api: Api,
        installations: Installations,
        clock: Clock,
        pacing: Pacing | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._api = api
        self._installations = installations
        self._clock = clock
        self._pacing = pacing or Pacing()
        self._pause = pause

    async def team(self, team: str) -> Installation:
        """Return the app in a team."""
        return await self._installations.of(team)

    async def rest(self, seconds: float) -> None:
        """Wait for so long before Slack is asked again."""
        await self._pause(seconds)

    async def call(
        self,
        team: str,
        act: Act,
        *,
        pace: Pace | None = None,
        channel: str = "",
        rank: Rank = Rank.WORDS,
        patience: Micros = PATIENCE,
    ) -> dict[str, Any]:
        """Make one call for a team and return Slack's answer."""
        try:
            return await self._call(team, act, pace, channel, rank, patience)
        except HandraiseError as error:
            raise Refused(error.code, Fate.RETRY, "the app's token cannot be read") from None

    async def _call(
        self, team: str, act: Act, pace: Pace | None, channel: str, rank: Rank, patience: Micros
    ) -> dict[str, Any]:
        installation = await self._installations.of(team)
        key = f"{team}/{channel}" if pace is Pace.POST else team
        if pace is not None:
            await self._wait(pace, key, rank, patience)
        try:
            try:
                return await self._api.call(installation.token, act)
            except Refused as refused:
                if not refused.token_is_dead:
                    raise
                installation = await self._installations.after(refused, installation)
            return await self._api.call(installation.token, act)
        except Refused as refused:
            if pace is not None and refused.retry_after is not None:
                wait = round(refused.retry_after * SECOND)
                self._pacing.hold(pace, key, self._clock.now() + wait)
            raise

    async def _wait(self, pace: Pace, key: str, rank: Rank, patience: Micros) -> None:
        """Wait for a turn; `Refused` where that would take too long, having asked for nothing."""
        until = self._clock.now() + patience
        while wait := self._pacing.take(pace, key, rank, now := self._clock.now()):
            if now + wait > until:
                raise Refused(
                    "paced", Fate.RETRY, "Slack takes no more at the moment",
                    retry_after=wait / SECOND,
                )  # fmt: skip
            await self._pause(wait / SECOND)
