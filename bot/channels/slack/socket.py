"""Socket Mode: no public address is needed; an envelope is acknowledged once it is stored."""

from __future__ import annotations

import asyncio
import json
import logging

from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.slack.door import Door

log = logging.getLogger(__name__)

FIRST, LONGEST = 1.0, 60.0
"""Seconds between two tries to connect, doubling."""
_OK = 200

_quiet = logging.getLogger("bot.channels.slack.sdk")


class Socket:
    """One server's connection; Slack spreads envelopes over all servers that are connected."""

    def __init__(self, *, app_token: str, api_url: str, door: Door) -> None:
        self._app_token = app_token
        self._api_url = api_url
        self._door = door
        self._client: SocketModeClient | None = None
        self._connecting: asyncio.Task[None] | None = None
        self.trouble = "it is being connected"
        """Why it is not connected; empty once it was, since then the SDK keeps it up."""

    async def open(self) -> None:
        """Begin to connect; Slack may be down."""
        web = AsyncWebClient(base_url=self._api_url, logger=_quiet, retry_handlers=[])
        self._client = SocketModeClient(app_token=self._app_token, web_client=web, logger=_quiet)
        self._client.socket_mode_request_listeners.append(self._take)
        self._connecting = asyncio.create_task(self._connect(self._client), name="slack-socket")

    async def close(self) -> None:
        """Take nothing any more; what is not acknowledged comes again, perhaps elsewhere."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        if self._client is not None:
            await self._client.close()  # type: ignore[no-untyped-call]

    async def is_connected(self) -> bool:
        """Tell whether Slack can reach this server."""
        return self._client is not None and await self._client.is_connected()

    async def _connect(self, client: SocketModeClient) -> None:
        wait = FIRST
        while True:
            try:
                await client.connect_to_new_endpoint()
            except SlackApiError as refusal:
                code = refusal.response.get("error") if refusal.response else None
                self.trouble = f"Slack says {code or 'no'}"
                log.warning("slack takes no socket: %s", code)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
                self.trouble = "Slack cannot be reached"
                log.warning("slack takes no socket: %s", type(error).__name__)
            else:
                self.trouble = ""
                return
            await asyncio.sleep(wait)
            wait = min(LONGEST, wait * 2)

    async def _take(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """Hand one envelope to the door; what is not stored is not acknowledged."""
        answered = await self._door.take(request.payload)
        if answered.status != _OK:
            return
        payload = json.loads(answered.body) if answered.body.startswith("{") else None
        await client.send_socket_mode_response(
            SocketModeResponse(envelope_id=request.envelope_id, payload=payload)
        )
