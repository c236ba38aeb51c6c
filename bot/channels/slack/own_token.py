"""The one workspace of a deployment that was given its bot token: who we are there."""

from __future__ import annotations

import asyncio
import logging

from bot.channels.slack.api import Api
from bot.channels.slack.config import SlackConfig
from bot.channels.slack.installation import Installation, read_auth_test
from bot.channels.slack.keeping import Keeping
from bot.channels.slack.refusals import TOKEN_IS_DEAD, Refused
from bot.channels.slack.shape import Malformed
from bot.domain.errors import Unavailable
from bot.domain.instants import SECOND, Micros
from bot.service.outlet import Parts

log = logging.getLogger(__name__)

AGAIN: Micros = 10 * SECOND
"""How often Slack is asked who we are while it does not say."""


class OwnToken:
    """Asks once whose the configured token is; without one it is nobody's."""

    def __init__(self, *, config: SlackConfig, parts: Parts, api: Api, keeping: Keeping) -> None:
        self._token = config.bot_token
        self._parts = parts
        self._api = api
        self._keeping = keeping
        self._asking = asyncio.Lock()
        self._asked_at: Micros | None = None
        self.installation: Installation | None = None
        """None until Slack has said."""
        self.refused = ""
        """Why Slack does not say."""

    @property
    def is_dead(self) -> bool:
        """Tell whether Slack has said that the token will never do."""
        return self.refused in TOKEN_IS_DEAD

    async def identify(self) -> Installation | None:
        """Return who we are; `Unavailable` while Slack does not say."""
        if not self._token:
            return None
        if self.installation is None:
            async with self._asking:
                await self._ask()
        return self.installation

    async def _ask(self) -> None:
        if self.installation is not None:
            return  # it was found while the lock was waited for
        now = self._parts.clock.now()
        if self._asked_at is not None and now - self._asked_at < AGAIN:
            raise _unknown()
        self._asked_at = now
        try:
            answer, scopes = await self._api.call_with_scopes(
                self._token, lambda client: client.auth_test()
            )
            found = read_auth_test(answer, self._token, scopes, now)
        except (Refused, Malformed) as refused:
            self.refused = refused.code
            log.warning("slack does not say who the bot is: %s", refused.code)
            raise _unknown() from None
        # The operator has given this token: why an earlier one was closed is history.
        await self._parts.store.run(self._keeping.reopen, found.team)
        self.refused, self.installation = "", found


def _unknown() -> Unavailable:
    return Unavailable(
        "Slack did not say which workspace SLACK_BOT_TOKEN belongs to; it is asked again.",
        code="slack_unknown",
    )
