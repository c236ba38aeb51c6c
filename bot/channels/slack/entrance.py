"""The HTTP entrance: signed requests are checked, read once, and handed to the door."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response

from bot.channels.slack.door import Door
from bot.channels.slack.shape import Malformed
from bot.channels.slack.signatures import Signatures
from bot.domain.errors import TooLarge, Unavailable
from bot.service.ports.clock import Clock

MAX_BODY = 1024 * 1024
"""Bytes; Slack's largest, a submitted modal of a hundred blocks, is a quarter of that."""
PATH = "/slack/events"
_MAX_FIELDS = 100


class Entrance:
    """Takes events, interactions, options and commands at one address; closed until opened."""

    def __init__(self, secret: str) -> None:
        self._signatures = Signatures(secret=secret)
        self._door: Door | None = None
        self._clock: Clock | None = None

    def open(self, door: Door, clock: Clock) -> None:
        """Take requests from now on."""
        self._door, self._clock = door, clock

    def close(self) -> None:
        """Take none any more: Slack sends them again later, perhaps to another server."""
        self._door = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request of Slack's once what it says is stored."""
        door, clock = self._door, self._clock
        if door is None or clock is None:
            raise Unavailable("Slack is not connected on this server yet. Send it again.")
        body = await _read(request)
        self._signatures.check(
            body,
            _only(request, "X-Slack-Request-Timestamp"),
            _only(request, "X-Slack-Signature"),
            clock.now(),
        )
        return await to_aiohttp_response(await door.take(payload_of(body, request.content_type)))


def _only(request: web.Request, name: str) -> str | None:
    """Return a header that stands there once; two of them may be read in two ways."""
    found = request.headers.getall(name, [])
    return found[0] if len(found) == 1 else None


async def _read(request: web.Request) -> bytes:
    """Return the body; `TooLarge` as soon as it is, whatever its header claims."""
    body = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > MAX_BODY:
            raise TooLarge(f"A request may have at most {MAX_BODY // 1024} KiB.")
    return bytes(body)


def payload_of(body: bytes, content_type: str) -> dict[str, Any]:
    """Return what a signed body says: JSON, a form with a `payload` in JSON, or a plain form."""
    try:
        text = body.decode()
        if content_type == "application/json":
            return _object(text)
        form = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS))
        return _object(form["payload"]) if "payload" in form else form
    except (ValueError, RecursionError):
        raise Malformed("The body is neither JSON nor a form, in UTF-8.") from None


def _object(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise Malformed("The body is not a JSON object.")
    return found
