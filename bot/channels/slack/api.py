"""The Web API's clients: one connection pool for all, one client for each token, no retries."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.channels.slack.refusals import refusal_of

CONNECT = 5.0
"""Seconds to reach Slack; after these nothing was sent."""
TOTAL = 12.0
"""Seconds that one call may take: a delivery makes two or three within its thirty."""
_CLIENTS = 256
_STRANGE = (AttributeError, TypeError, ValueError)
"""What the SDK raises where an answer is not what Slack sends."""

Act = Callable[[AsyncWebClient], Awaitable[AsyncSlackResponse]]
"""What to call: one method of the client, with its arguments."""

# The SDK writes arguments and answers, texts and tokens included, to a logger at DEBUG.
_quiet = logging.getLogger("bot.channels.slack.sdk")
_quiet.setLevel(logging.WARNING)


class Api:
    """Calls Slack at `url`; `open` it on the event loop that uses it."""

    def __init__(self, url: str, *, total: float = TOTAL) -> None:
        self._url = url
        self._total = total
        self._session: aiohttp.ClientSession | None = None
        self._clients: dict[str, AsyncWebClient] = {}

    async def open(self) -> None:
        """Make the connection pool; connects to nothing yet."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._total, connect=CONNECT)
        )

    async def close(self) -> None:
        """Let go of all connections."""
        session, self._session = self._session, None
        self._clients.clear()
        if session is not None:
            await session.close()

    def client(self, token: str | None) -> AsyncWebClient:
        """Return the client of a token; None for what needs none."""
        if self._session is None:
            raise RuntimeError("Slack's API was not opened")
        client = self._clients.pop(token or "", None)
        if client is None:
            client = AsyncWebClient(
                token=token,
                base_url=self._url,
                timeout=round(TOTAL),
                session=self._session,
                retry_handlers=[],  # theirs would sleep; whoever calls knows when to come again
                logger=_quiet,
            )
        self._clients[token or ""] = client
        while len(self._clients) > _CLIENTS:
            del self._clients[next(iter(self._clients))]
        return client

    async def call(self, token: str | None, act: Act) -> dict[str, Any]:
        """Make one call; return its answer, raise `Refused` for every way in which it fails."""
        answer, _ = await self.call_with_scopes(token, act)
        return answer

    async def call_with_scopes(
        self, token: str | None, act: Act
    ) -> tuple[dict[str, Any], frozenset[str]]:
        """Make one call; return its answer with the scopes that its token has, if Slack says."""
        try:
            response = await act(self.client(token))
            data = response.data
            scopes = response.headers.get("x-oauth-scopes", "")
        except (SlackClientError, aiohttp.ClientError, OSError, *_STRANGE) as error:
            # The SDK's exceptions hold the answer: they must not be chained into a log.
            raise refusal_of(error) from None
        found = frozenset(part.strip() for part in scopes.split(",") if part.strip())
        return (data if isinstance(data, dict) else {}), found
