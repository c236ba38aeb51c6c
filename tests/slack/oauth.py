"""The pages on which people let the app in: installation, and Sign in with Slack."""

from __future__ import annotations

import html
import secrets
from urllib.parse import parse_qsl, urlencode, urlsplit

from aiohttp import web

from tests.slack.calling import Backend
from tests.slack.failures import SlackRefusal
from tests.slack.identity import key_set
from tests.slack.records import Json, User

PATHS = {"/oauth/v2/authorize": "install", "/openid/connect/authorize": "openid"}


class Consent:
    """Hands out codes to those who agree."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    def approve(self, user: User, authorize_url: str) -> str:
        """Let a user agree on the page; return where their browser is sent."""
        asked, redirect_uri = self._read(authorize_url)
        code = f"{secrets.token_hex(6)}.{secrets.token_hex(8)}"
        self.backend.codes[code] = asked | {
            "team_id": asked["team"] or user.team_id,
            "user_id": user.id,
            "issued": self.backend.workspace.clock.now(),
            "used": False,
        }
        return _with_query(redirect_uri, {"code": code, "state": asked["state"]})

    def refuse(self, authorize_url: str) -> str:
        """Let a user say no; return where their browser is sent."""
        asked, redirect_uri = self._read(authorize_url)
        return _with_query(redirect_uri, {"error": "access_denied", "state": asked["state"]})

    def _read(self, authorize_url: str) -> tuple[Json, str]:
        split = urlsplit(authorize_url)
        query = dict(parse_qsl(split.query))
        purpose = PATHS.get(split.path)
        app = self.backend.workspace.app
        if purpose is None:
            raise SlackRefusal("not_found")
        if query.get("client_id") != app.client_id:
            raise SlackRefusal("invalid_client_id")
        named = query.get("redirect_uri", "")
        redirect_uri = named or next(iter(app.redirect_urls), "")
        allowed = app.redirect_urls
        if not redirect_uri or (allowed and not redirect_uri.startswith(allowed)):
            raise SlackRefusal("bad_redirect_uri")
        separated = query.get("scope", "").replace(",", " ").split()
        if purpose == "openid" and "openid" not in separated:
            raise SlackRefusal("invalid_scope")
        if purpose == "install" and not separated:
            raise SlackRefusal("invalid_scope")
        asked: Json = {
            "purpose": purpose,
            "scopes": separated,
            "state": query.get("state", ""),
            "nonce": query.get("nonce", ""),
            "redirect_uri": named,
            "team": query.get("team", ""),
        }
        return asked, redirect_uri

    async def page(self, request: web.Request) -> web.Response:
        """Show who may agree; each is a link that agrees as that person."""
        url = str(request.rel_url)
        chosen = request.query.get("simulated_user")
        try:
            if chosen == "nobody":
                raise web.HTTPFound(self.refuse(url))
            if chosen is not None:
                user = self.backend.workspace.users[chosen]
                raise web.HTTPFound(self.approve(user, url))
            self._read(url)
        except SlackRefusal as refusal:
            return web.Response(status=400, text=f"Something went wrong: {refusal.code}")
        people = [
            u for u in self.backend.workspace.users.values() if not u.is_bot and not u.deleted
        ]
        links = [(user.id, f"Allow as {user.real_name}") for user in people]
        items = "".join(
            f'<li><a href="{html.escape(f"{url}&simulated_user={id_}")}">{html.escape(label)}</a>'
            for id_, label in [*links, ("nobody", "Cancel")]
        )
        title = f"{html.escape(self.backend.workspace.app.name)} wants to come in"
        body = f"<!DOCTYPE html><title>{title}</title><h1>{title}</h1><ul>{items}</ul>"
        return web.Response(text=body, content_type="text/html")

    async def keys(self, request: web.Request) -> web.Response:
        """Show the keys that sign identity tokens."""
        return web.json_response(key_set())


def _with_query(url: str, more: Json) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(more)}"
