"""Installing the app in workspaces: an administrator begins it, Slack sends them back.

(docs.slack.dev, "Installing with OAuth".)
"""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import logging
import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from aiohttp import web

from bot.channels.slack.api import Api
from bot.channels.slack.config import SlackConfig
from bot.channels.slack.installation import Installation
from bot.channels.slack.installations import Installations
from bot.channels.slack.refusals import Refused
from bot.channels.slack.scopes import BOT_SCOPES
from bot.channels.slack.shape import Malformed
from bot.domain.errors import HandraiseError, Invalid, NotAllowed, Unavailable
from bot.domain.instants import MINUTE, SECOND, Micros
from bot.service.outlet import Parts
from bot.service.ports.channel import Fate
from bot.service.ports.store import Transaction
from bot.service.ports.vault import Secret

log = logging.getLogger(__name__)

INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"
COOKIE = "handraise_slack_state"
KIND = "slack.state"
LIFETIME: Micros = 10 * MINUTE
_LONGEST = 512
_ASKING = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>Connect Slack - Handraise</title>
<p id="says" role="status">One moment: you are taken to Slack.</p>
<script type="module" src="{script}"></script>
</html>
"""

MayInstall = Callable[[web.Request], Awaitable[bool]]
"""Tells whether whoever asks is an administrator of this deployment."""
Installed = Callable[[Installation], Awaitable[None]]


async def nobody(request: web.Request) -> bool:  # noqa: ARG001 - as the protocol has it
    """Let nobody install the app: where no administrators are known."""
    return False


class OAuth:
    """Answers the two addresses; closed until opened."""

    def __init__(self, config: SlackConfig, may_install: MayInstall, script: str = "") -> None:
        self._config = config
        self._script = script
        self.may_install = may_install
        self._parts: Parts | None = None
        self._api: Api | None = None
        self._installations: Installations | None = None
        self._installed: Installed | None = None

    def open(
        self, parts: Parts, api: Api, installations: Installations, installed: Installed
    ) -> None:
        """Answer from now on; `installed` is told of every workspace that is."""
        self._parts, self._api = parts, api
        self._installations, self._installed = installations, installed

    async def begin(self, request: web.Request) -> web.Response:
        """Send an administrator to Slack; the state is single-use, and bound to their browser.

        A GET is redirected; a POST, which a page sends with its token, gets the address. A browser
        that follows a link sends no token: it gets a page whose script sends the POST.
        """
        parts = self._opened()
        if request.method == "GET" and self._script and "Authorization" not in request.headers:
            return self._asking()
        if not await self.may_install(request):
            raise NotAllowed("Only an administrator can install the app in a workspace.")
        state = secrets.token_urlsafe(32)
        await parts.store.run(self._keep, parts, state)
        asked = {
            "client_id": self._config.client_id,
            "scope": ",".join(BOT_SCOPES),
            "redirect_uri": self._redirect_uri(),
            "state": state,
        }
        url = f"{self._config.authorize_url}?{urlencode(asked)}"
        answer: web.Response
        if request.method == "POST":
            answer = web.json_response({"url": url})
        else:
            answer = web.Response(status=302, headers={"Location": url})
        answer.headers["Cache-Control"] = "no-store"
        answer.set_cookie(
            COOKIE,
            state,
            max_age=LIFETIME // SECOND,
            path="/slack",
            httponly=True,
            samesite="Lax",
            secure=self._config.public_url.startswith("https://"),
        )
        return answer

    async def finish(self, request: web.Request) -> web.Response:
        """Take Slack's answer: its code becomes an installation, once."""
        parts = self._opened()
        state, code = request.query.get("state", ""), request.query.get("code", "")
        held = request.cookies.get(COOKIE, "")
        # As bytes: what is not ASCII would raise.
        same = hmac.compare_digest(state.encode(), held.encode())
        if not state or len(state) > _LONGEST or not same:
            raise NotAllowed("This did not begin in this browser. Begin the installation again.")
        if not await parts.store.run(self._use, parts, state):
            raise NotAllowed("This took longer than ten minutes, or was used. Begin again.")
        if "error" in request.query or not code or len(code) > _LONGEST:
            return self._page("Slack was not allowed in, so nothing is installed.")
        installation = await self._exchange(code)
        if self._installed is not None:
            await self._installed(installation)
        name = installation.team_name or "your workspace"
        return self._page(f"Handraise is installed in {name}. You can close this page.")

    async def _exchange(self, code: str) -> Installation:
        api, installations = self._api, self._installations
        if api is None or installations is None:
            raise _not_open()
        try:
            answer = await api.call(
                None,
                lambda client: client.oauth_v2_access(
                    client_id=self._config.client_id,
                    client_secret=self._config.client_secret,
                    code=code,
                    redirect_uri=self._redirect_uri(),
                ),
            )
            return await installations.install(answer)
        except Malformed:
            raise Invalid(
                "Slack's answer has no token for one workspace. Install the app in a workspace, "
                "not in a whole organisation."
            ) from None
        except Refused as refused:
            if refused.fate is Fate.FAILED:
                raise Invalid(
                    f"Slack refused the installation ({refused.code}). Begin again.",
                    code="slack_refused",
                ) from None
            raise Unavailable("Slack did not answer. Begin the installation again.") from None

    def _keep(self, tx: Transaction, parts: Parts, state: str) -> None:
        now, key = parts.clock.now(), _hashed(state)
        begun = json.dumps({"at": now}).encode()
        tx.vault.put(
            Secret(
                kind=KIND,
                key=key,
                sealed=parts.sealer.seal(KIND, key, begun),
                expires_at=now + LIFETIME,
                updated_at=now,
            )
        )

    def _use(self, tx: Transaction, parts: Parts, state: str) -> bool:
        """Use a state up; False when it is not known, was used, is too old, or is not ours."""
        key = _hashed(state)
        kept = tx.vault.lock(KIND, key)
        if kept is None or not tx.vault.drop(KIND, key):
            return False
        try:
            parts.sealer.unseal(KIND, key, kept.sealed)
        except HandraiseError:
            return False
        return (kept.expires_at or 0) > parts.clock.now()

    def _redirect_uri(self) -> str:
        return f"{self._config.public_url.rstrip('/')}{REDIRECT}"

    def _opened(self) -> Parts:
        if self._parts is None:
            raise _not_open()
        return self._parts

    def _asking(self) -> web.Response:
        """Return the page that asks for the address in the name of who is signed in."""
        return web.Response(
            text=_ASKING.format(script=html.escape(self._script)),
            content_type="text/html",
            headers={
                "Cache-Control": "no-store",
                "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src "
                "'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            },
        )

    def _page(self, sentence: str) -> web.Response:
        answer = web.Response(text=sentence, content_type="text/plain")
        answer.del_cookie(COOKIE, path="/slack")
        return answer


def _not_open() -> Unavailable:
    return Unavailable("Slack is not connected on this server yet. Try again in a moment.")


def _hashed(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
