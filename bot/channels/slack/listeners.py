"""Bolt's side: six listeners, and before them a shortcut for messages, which are most of all.

Each answers once what it heard is stored.

Bolt would answer events before their listener has run, so it is told to run them first
(`process_before_response`): what fails is answered 503, and Slack sends it again.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt import BoltContext, BoltResponse
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.slack.door import FACT, INSTALLATION
from bot.channels.slack.facts import Deleted, Edited, Heard
from bot.channels.slack.installation import Installation
from bot.channels.slack.reception import Reception
from bot.domain.errors import HandraiseError

log = logging.getLogger(__name__)

EVENTS = (
    "agent_session_stopped",
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "assistant_thread_started",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "team_join",
    "tokens_revoked",
    "user_change",
)
"""What we subscribe to; the app's manifest names the same."""
_ANY = re.compile("")

# Bolt's own lines quote payloads.
_quiet = logging.getLogger("bot.channels.slack.bolt")
_quiet.setLevel(logging.CRITICAL)


def make_bolt(reception: Reception) -> AsyncApp:
    """Return the Bolt app, which asks Slack for nothing by itself and reads no environment."""
    bolt = AsyncApp(
        name="handraise",
        logger=_quiet,
        client=AsyncWebClient(logger=_quiet),
        authorize=_authorize,
        signing_secret="checked at the entrance",  # noqa: S106 - it is not one
        process_before_response=True,
        # All done before, once for both entrances.
        request_verification_enabled=False,
        ignoring_self_events_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )

    async def event(body: dict[str, Any], context: AsyncBoltContext) -> BoltResponse:
        return await _stored(reception.event(context[FACT], body, context[INSTALLATION]))

    async def interaction(body: dict[str, Any], context: AsyncBoltContext) -> BoltResponse:
        return await _stored(reception.interaction(context[FACT], body, context[INSTALLATION]))

    async def command(body: dict[str, Any], context: AsyncBoltContext) -> BoltResponse:
        return await _stored(reception.command(context[FACT], body))

    async def options() -> BoltResponse:
        return BoltResponse(status=200, body={"options": []})  # no menu of ours loads them

    bolt.use(_Messages(reception))
    bolt.event(_ANY)(event)
    bolt.action(_ANY)(interaction)
    bolt.view(_ANY)(interaction)
    bolt.shortcut(_ANY)(interaction)
    bolt.command(_ANY)(command)
    bolt.options(_ANY)(options)
    return bolt


class _Messages(AsyncMiddleware):
    """Answers messages before a listener is looked for."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,  # noqa: ARG002 - handed over by name
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - Bolt's own word
    ) -> BoltResponse | None:
        """Take a message to its inbox; leave all else to the listeners."""
        fact = req.context.get(FACT)
        if not isinstance(fact, Heard | Edited | Deleted):
            return await next()
        return await _stored(self._reception.event(fact, req.body, req.context[INSTALLATION]))


async def _authorize(context: BoltContext) -> AuthorizeResult:
    """Say who we are in the team, as the door has found out; Slack is not asked."""
    us: Installation = context[INSTALLATION]
    return AuthorizeResult(
        enterprise_id=us.enterprise, team_id=us.team, bot_user_id=us.bot_user or None
    )


async def _stored(taking: Awaitable[Any]) -> BoltResponse:
    """Answer 200 with what was returned, or that nothing was stored."""
    try:
        answer = await taking
    except HandraiseError as error:
        log.warning("what slack sent is not stored: %s", error.code)
        return BoltResponse(status=503, body="")
    except Exception:
        log.exception("what slack sent is not stored")
        return BoltResponse(status=500, body="")
    if isinstance(answer, str):
        answer = {"response_type": "ephemeral", "text": answer} if answer else None
    return BoltResponse(status=200, body=answer or "")
