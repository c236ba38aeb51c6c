"""The entrance for Pub/Sub's pushes: who sends them is checked, then that they came is stored.

A push says only that there is something: the mailbox is read from where it was read last.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
import logging
import time
from collections.abc import Callable
from typing import Any, Protocol

from aiohttp import web
from google.auth import jwt
from google.auth.exceptions import GoogleAuthError

from bot.channels.gmail.config import GmailConfig
from bot.channels.gmail.http import CarefulHttp
from bot.domain.errors import HandraiseError
from bot.service.outlet import Parts
from bot.service.ports.inbox import Received
from bot.service.ports.store import Topic, Transaction

log = logging.getLogger(__name__)

PUSH = "gmail.push"
"""The kind under which a push waits in the inbox."""
PATH = "/gmail/push"
MAX_BODY = 64 * 1024
ISSUERS = frozenset({"https://accounts.google.com", "accounts.google.com"})
_SKEW = 30
"""Seconds by which Google's clock and ours may differ."""
_CERTS_KEPT = 3_600.0
_CERTS_AGAIN = 60.0
_KEPT_PAYLOAD = 4_000


class _Refused(Exception):
    """The push is not from whom it must be."""


class Running(Protocol):
    """The channel as this entrance needs it."""

    @property
    def parts(self) -> Parts: ...
    @property
    def address(self) -> str: ...


class Verifier:
    """Checks a push's bearer token: signature, expiry, audience, issuer, service account.

    google-auth checks the first three, and accepts any issuer and any account.
    """

    def __init__(self, config: GmailConfig) -> None:
        self._config = config
        self._certs: dict[str, str] = {}
        self._fetched = float("-inf")

    async def check(self, authorization: str) -> None:
        """Raise `_Refused` unless the token is right; `OSError` when it cannot be checked now."""
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token or len(token) > 8_192:
            raise _Refused("no bearer token")
        try:
            known = jwt.decode_header(token).get("kid")  # type: ignore[no-untyped-call]
        except (GoogleAuthError, ValueError, UnicodeError):
            raise _Refused("not a token") from None
        certs = await self._certificates(str(known))
        try:
            claims = await asyncio.to_thread(self._decode, token, certs)
        except (GoogleAuthError, ValueError, UnicodeError, TypeError, KeyError):
            raise _Refused("not valid") from None
        if claims.get("iss") not in ISSUERS:
            raise _Refused("of another issuer")
        account = self._config.push_service_account
        if (
            not account
            or claims.get("email") != account
            or claims.get("email_verified") is not True
        ):
            raise _Refused("of another account")

    def _decode(self, token: str, certs: dict[str, str]) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(  # type: ignore[no-untyped-call]
            token,
            certs=certs,
            audience=self._config.push_audience,
            clock_skew_in_seconds=_SKEW,
        )
        return claims

    async def _certificates(self, key_id: str) -> dict[str, str]:
        age = time.monotonic() - self._fetched
        if age > _CERTS_KEPT or (key_id not in self._certs and age > _CERTS_AGAIN):
            self._certs = await asyncio.to_thread(_fetched, self._config.certs_url)
            self._fetched = time.monotonic()
        if key_id not in self._certs:
            raise _Refused("of an unknown key")
        return self._certs


class PushEntrance:
    """Takes `POST /gmail/push`; closed without a configured audience."""

    def __init__(self, config: GmailConfig, running: Callable[[], Running | None]) -> None:
        self._config = config
        self._running = running
        self._verifier = Verifier(config)

    def mount(self, app: web.Application) -> None:
        """Add the route."""
        app.router.add_post(PATH, self.take)

    async def take(self, request: web.Request) -> web.Response:
        """Store a push, then acknowledge it: 401 for strangers, 503 to have it come again."""
        if not self._config.push_audience:
            raise web.HTTPNotFound
        running = self._running()
        if running is None:
            return web.Response(status=503)
        try:
            await self._verifier.check(request.headers.get("Authorization", ""))
        except _Refused as refusal:
            log.warning("a push was refused: its token is %s", refusal)
            return web.Response(status=401)
        except OSError as error:
            log.warning("pushes cannot be checked: %s", type(error).__name__)
            return web.Response(status=503)
        body = await _body(request)
        received, poison = self._read(body, running)
        try:
            await running.parts.store.run(_keep, received)
        except HandraiseError:
            return web.Response(status=503)
        if poison:
            log.warning("a push was set aside: %s", poison)
        return web.Response(status=204)

    def _read(self, body: bytes, running: Running) -> tuple[Received, str]:
        """Return what to store; what makes no sense is set aside, so that it ends coming."""
        now = running.parts.clock.now()
        address, history_id, message_id = "", "", ""
        poison = ""
        try:
            message = json.loads(body)["message"]
            message_id = str(message.get("messageId") or message.get("message_id") or "")
            said = json.loads(base64.b64decode(message["data"], validate=False))
            address, history_id = str(said["emailAddress"]), str(int(said["historyId"]))
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error, RecursionError):
            poison = "it is not what Gmail sends"
        if not poison and running.address and address.casefold() != running.address.casefold():
            poison = "it is for another mailbox"
        key = message_id if message_id.isalnum() and len(message_id) <= 64 else ""
        key = key or hashlib.sha256(body).hexdigest()
        kept = body[:_KEPT_PAYLOAD].decode("utf-8", "replace").replace("\x00", "")
        return (
            Received(
                key=f"gmail-push:{key}",
                kind=PUSH,
                payload=kept if poison else json.dumps({"history_id": history_id}),
                due_at=None if poison else now,
                last_error=poison or None,
                received_at=now,
            ),
            poison,
        )


def _keep(tx: Transaction, received: Received) -> None:
    if tx.inbox.add(received) and received.due_at is not None:
        tx.announce(Topic.INBOX, PUSH)


async def _body(request: web.Request) -> bytes:
    if (request.content_length or 0) > MAX_BODY:
        raise web.HTTPRequestEntityTooLarge(MAX_BODY, request.content_length or 0)
    body = await request.content.read(MAX_BODY + 1)
    while len(body) <= MAX_BODY and (more := await request.content.read(MAX_BODY + 1)):
        body += more
    if len(body) > MAX_BODY:
        raise web.HTTPRequestEntityTooLarge(MAX_BODY, len(body))
    return body


def _fetched(url: str) -> dict[str, str]:
    """Fetch the certificates; `OSError` when that fails. Runs in a thread."""
    http = CarefulHttp()
    try:
        response, content = http.request(url)
        found = json.loads(content) if response.status == 200 else None
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - httplib2 and http.client have no common root
        raise OSError(type(error).__name__) from None
    finally:
        http.close()
    if not isinstance(found, dict):
        raise OSError("no certificates")
    return {str(name): str(cert) for name, cert in found.items()}
