"""Connecting the mailbox from the web: an administrator is sent to Google and comes back once."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from functools import partial
from html import escape
from typing import Protocol

from aiohttp import web

from bot.channels.gmail.config import GmailConfig
from bot.channels.gmail.connect import begin, finish, keep_consent
from bot.domain.errors import HandraiseError, Invalid, NotFound, Unavailable
from bot.domain.instants import MINUTE, Micros
from bot.service.outlet import Parts
from bot.service.ports.store import Transaction
from bot.service.ports.vault import Secret

MayConnect = Callable[[web.Request], Awaitable[str]]
"""Returns the person who asks, or raises when they are no administrator."""
KIND = "gmail.consent"
LIFETIME: Micros = 10 * MINUTE
AUTH = "/api/channels/gmail/auth"
CALLBACK = "/api/channels/gmail/callback"
COOKIE = "handraise_gmail_consent"


class Connecting(Protocol):
    """The channel as this entrance needs it."""

    @property
    def parts(self) -> Parts: ...
    async def connect_again(self) -> None: ...


class ConsentPages:
    """Begins a consent (`auth`) and takes it (`callback`), each state once."""

    def __init__(
        self,
        config: GmailConfig,
        running: Callable[[], Connecting | None],
        may_connect: MayConnect | None,
    ) -> None:
        self._config = config
        self._running = running
        self._may_connect = may_connect

    def mount(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get(AUTH, self.auth, allow_head=False)
        app.router.add_get(CALLBACK, self.callback, allow_head=False)

    @property
    def _redirect_uri(self) -> str:
        return f"{self._config.public_url}{CALLBACK}"

    async def auth(self, request: web.Request) -> web.Response:
        """Return, as JSON, where to give consent; for administrators."""
        if self._may_connect is None:
            raise NotFound("The mailbox is connected with `handraise gmail connect`.")
        person_id = await self._may_connect(request)
        parts = self._parts()
        begun = await asyncio.to_thread(begin, self._config, self._redirect_uri)
        value = json.dumps({"verifier": begun.verifier, "person": person_id}).encode()
        now = parts.clock.now()
        key = _hash(begun.state)
        secret = Secret(
            kind=KIND,
            key=key,
            sealed=parts.sealer.seal(KIND, key, value),
            expires_at=now + LIFETIME,
            updated_at=now,
        )
        await parts.store.run(lambda tx: tx.vault.put(secret))
        response = web.json_response({"authorization_url": begun.url})
        # Whoever comes back must be the browser that began.
        response.set_cookie(
            COOKIE,
            key,
            max_age=LIFETIME // 1_000_000,
            path=CALLBACK,
            httponly=True,
            samesite="Lax",
            secure=self._config.public_url.startswith("https:"),
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    async def callback(self, request: web.Request) -> web.Response:
        """Take what Google sends back, and connect the mailbox."""
        parts = self._parts()
        key = _hash(request.query.get("state", ""))
        if not hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), key.encode()):
            return _page("This link was not begun in this browser. Begin again.", 400)
        secret = await parts.store.run(partial(_used_up, key=key, now=parts.clock.now()))
        if secret is None:
            return _page("This consent has ended or was used. Begin again.", 400)
        code = request.query.get("code", "")
        if not code:
            return _page("No consent was given, so nothing has changed.", 400)
        begun = json.loads(parts.sealer.unseal(KIND, key, secret.sealed))
        try:
            token = await asyncio.to_thread(
                finish, self._config, self._redirect_uri, code, begun["verifier"]
            )
            await parts.store.run(
                keep_consent, parts.sealer, token, "", begun["person"], parts.clock.now()
            )
            running = self._running()
            if running is not None:
                await running.connect_again()
        except Invalid as refusal:
            return _page(refusal.message, 400)
        except HandraiseError as refusal:
            return _page(refusal.message, 503)
        return _page("The mailbox is connected. You can close this window.", 200)

    def _parts(self) -> Parts:
        running = self._running()
        if running is None:
            raise Unavailable("The server is starting. Try again in a moment.")
        return running.parts


def _used_up(tx: Transaction, *, key: str, now: Micros) -> Secret | None:
    """Take a state out of the vault: who gets it has used it up."""
    secret = tx.vault.lock(KIND, key)
    if secret is None or not tx.vault.drop(KIND, key):
        return None
    return secret if (secret.expires_at or 0) > now else None


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode("utf-8", "replace")).hexdigest()


def _page(words: str, status: int) -> web.Response:
    response = web.Response(
        status=status,
        content_type="text/html",
        charset="utf-8",
        text=(
            '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Handraise</title>'
            f'<meta name="viewport" content="width=device-width"><p>{escape(words)}</p></html>'
        ),
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Content-Security-Policy"] = "default-src 'none'"
    response.del_cookie(COOKIE, path=CALLBACK)
    return response
