"""The door behind both entrances: only teams that are installed come in, and Bolt routes them."""

from __future__ import annotations

import logging
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.channels.slack.installation import Installation
from bot.channels.slack.installations import Installations
from bot.channels.slack.shape import Malformed
from bot.channels.slack.translate import team_of, translate
from bot.domain.errors import Unavailable

log = logging.getLogger(__name__)

INSTALLATION, FACT = "installation", "fact"
"""The names under which Bolt's context carries who we are in the team, and what happened."""
_STRANGERS = 1_000


class Door:
    """Takes a payload that is known to come from Slack; what it answers 200 to is stored."""

    def __init__(self, *, bolt: AsyncApp, installations: Installations) -> None:
        self._bolt = bolt
        self._installations = installations
        self._refused: set[str] = set()

    async def take(self, payload: dict[str, Any]) -> BoltResponse:
        """Return Bolt's answer; 403 to a team that is not installed, 400 to what is malformed."""
        context: dict[str, Any] = {}
        if not _is_teamless(payload):
            try:
                found = await self._installed(team_of(payload))
                if found is not None:
                    context[FACT] = translate(payload, bot=found.bot_user)
            except Malformed as wrong:
                log.warning("slack sent what cannot be read: %s", wrong.message)
                return BoltResponse(status=400, body="")
            except Unavailable as down:
                log.warning("slack's installations cannot be read: %s", down.code)
                return BoltResponse(status=503, body="")
            if found is None:
                return BoltResponse(status=403, body="", headers={"X-Slack-No-Retry": "1"})
            context[INSTALLATION] = found
        # The body was read and checked: this mode takes it as it is, and checks nothing twice.
        try:
            request = AsyncBoltRequest(body=payload, mode="socket_mode", context=context)
            return await self._bolt.async_dispatch(request)
        except Exception as error:  # noqa: BLE001 - listeners raise nothing: Bolt cannot read it
            # A shape that Slack does not send; the exception's words could quote it.
            log.error("slack sent what is no request: %s", type(error).__name__)  # noqa: TRY400
            return BoltResponse(status=400, body="")

    async def _installed(self, team: str) -> Installation | None:
        found = await self._installations.find(team)
        if found is None and team not in self._refused and len(self._refused) < _STRANGERS:
            self._refused.add(team)
            log.warning("slack sends for a team that is not installed", extra={"team": team})
        elif found is not None:
            self._refused.discard(team)
        return found


def _is_teamless(payload: dict[str, Any]) -> bool:
    """Tell whether Slack only checks that somebody is here, for no team."""
    if payload.get("type") == "url_verification":
        return True
    return "ssl_check" in payload and not payload.keys() & {"type", "command"}
