"""Google's OAuth pages and endpoints: consent, tokens, revocation, identity, certificates."""

from __future__ import annotations

import base64
import binascii
import html
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from aiohttp import web

from tests.gmail import signing
from tests.gmail.consent import ACCESS_LIFETIME, Client, Consent, Issued, OAuthError
from tests.gmail.edge import Edge
from tests.gmail.errors import ApiError
from tests.gmail.post_office import PostOffice

AUTH, TOKEN, REVOKE = "/o/oauth2/v2/auth", "/token", "/revoke"
USERINFO, CERTS, KEYS = "/oauth2/v3/userinfo", "/oauth2/v1/certs", "/oauth2/v3/certs"
_EMAIL_SCOPES = {"email", "openid", "https://www.googleapis.com/auth/userinfo.email"}


class Refused(Exception):
    """A request for consent that is shown to the person and never redirected."""


class OAuthPages:
    """Answers browsers, and clients that exchange, refresh and revoke."""

    def __init__(self, edge: Edge, consent: Consent, post_office: PostOffice) -> None:
        self._edge = edge
        self._consent = consent
        self._post_office = post_office
        self.consents_as: str | None = None
        """Who agrees without being shown the page; nobody when None."""

    def routes(self) -> list[Any]:
        return [
            web.get(AUTH, self.page),
            web.post(AUTH, self.choose),
            web.post(TOKEN, self._endpoint("oauth.token", self._token)),
            web.post(REVOKE, self._endpoint("oauth.revoke", self._revoke)),
            web.get(USERINFO, self._endpoint("oauth.userinfo", self._userinfo)),
            web.post(USERINFO, self._endpoint("oauth.userinfo", self._userinfo)),
            web.get(CERTS, self._endpoint("oauth.certs", lambda *_: signing.certificates())),
            web.get(KEYS, self._endpoint("oauth.keys", lambda *_: signing.key_set())),
        ]

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Show who could agree, or redirect at once when it is settled who does."""
        self._edge.begin("oauth.auth", request)
        try:
            self._check(request.query)
        except Refused as refusal:
            return web.Response(status=400, text=_page(f"<p>{html.escape(str(refusal))}</p>"),
                                content_type="text/html")  # fmt: skip
        if self.consents_as is not None:
            raise web.HTTPFound(self.consented(str(request.rel_url), self.consents_as))
        scopes = "".join(f"<li>{html.escape(s)}</li>" for s in request.query["scope"].split())
        people = "".join(
            f'<button name="account" value="{one}">Allow as {one}</button> '
            for one in map(html.escape, self._post_office.mailboxes)
        )
        body = (
            f'<ul>{scopes}</ul><form method="post">{people}<button name="account" value="">Cancel'
        )
        return web.Response(text=_page(f"{body}</button></form>"), content_type="text/html")

    async def choose(self, request: web.Request) -> web.StreamResponse:
        """Take a person's click on the page."""
        form = await request.post()
        try:
            target = self.consented(str(request.rel_url), str(form.get("account", "")) or None)
        except Refused as refusal:
            raise web.HTTPBadRequest(text=str(refusal)) from None
        raise web.HTTPFound(target)

    def consented(self, auth_url: str, account: str | None) -> str:
        """Return where the browser is sent once `account` agreed; with None, once declined."""
        query = dict(parse_qsl(urlsplit(auth_url).query, keep_blank_values=True))
        client = self._check(query)
        back: dict[str, str] = {"state": query["state"]} if "state" in query else {}
        redirect_uri = query["redirect_uri"]
        if account is None:
            return _with_query(redirect_uri, {"error": "access_denied", **back})
        if account not in self._post_office.mailboxes:
            raise Refused(f"There is no account {account}.")
        scopes = frozenset(query["scope"].split())
        grant, first = self._consent.allow(client.id, account, scopes)
        if query.get("include_granted_scopes") == "true":
            scopes |= grant.scopes
        # A refresh token comes the first time only, unless consent is asked for again.
        offline = query.get("access_type") == "offline"
        code = self._consent.code(
            grant,
            scopes=scopes,
            redirect_uri=redirect_uri,
            challenge=query.get("code_challenge", ""),
            method=query.get("code_challenge_method", "plain"),
            with_refresh_token=offline and (first or "consent" in query.get("prompt", "").split()),
        )
        return _with_query(redirect_uri, {**back, "code": code, "scope": " ".join(sorted(scopes))})

    def _check(self, query: Mapping[str, str]) -> Client:
        client = self._consent.clients.get(query.get("client_id", ""))
        if client is None:
            raise Refused("Error 401: invalid_client. The OAuth client was not found.")
        if not client.may_redirect(query.get("redirect_uri", "")):
            raise Refused("Error 400: redirect_uri_mismatch.")
        if query.get("response_type") != "code":
            raise Refused("Error 400: unsupported_response_type.")
        if not query.get("scope"):
            raise Refused("Error 400: invalid_request. Missing required parameter: scope.")
        if query.get("code_challenge_method", "S256") not in {"S256", "plain"}:
            raise Refused("Error 400: invalid_request. Invalid code_challenge_method.")
        return client

    def _endpoint(
        self, name: str, act: Callable[[web.Request, Mapping[str, str]], Any]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            call = self._edge.begin(name, request)
            text = (await request.read()).decode("utf-8", "replace")
            form = dict(parse_qsl(text, keep_blank_values=True))
            # Secrets are not for the record.
            call.body = {key: form[key] for key in ("grant_type", "redirect_uri") if key in form}

            async def nothing_to_check() -> None:
                return

            return await self._edge.answer(
                call, request, nothing_to_check, lambda: act(request, form)
            )

        return handle

    def _token(self, request: web.Request, form: Mapping[str, str]) -> dict[str, Any]:
        client = self._consent.check_client(*_client_of(request, form))
        match form.get("grant_type"):
            case "authorization_code":
                issued = self._consent.exchange(
                    client,
                    unquote(form.get("code", "")),
                    form.get("redirect_uri", ""),
                    form.get("code_verifier", ""),
                )
            case "refresh_token":
                issued = self._consent.refresh(
                    client, form.get("refresh_token", ""), frozenset(form.get("scope", "").split())
                )
            case other:
                raise OAuthError("unsupported_grant_type", f"Invalid grant_type: {other}")
        return _tokens(issued, client)

    def _revoke(self, request: web.Request, form: Mapping[str, str]) -> dict[str, Any]:
        token = form.get("token") or request.query.get("token", "")
        if not self._consent.revoke(token):
            raise OAuthError("invalid_token", "Token expired or revoked")
        return {}

    def _userinfo(self, request: web.Request, form: Mapping[str, str]) -> dict[str, Any]:
        token = request.headers.get("Authorization", "").partition(" ")[2]
        access = self._consent.access(token)
        if access is None:
            raise ApiError.unauthenticated()
        if not access.scopes & _EMAIL_SCOPES:
            raise ApiError.insufficient_scope("google.userinfo")
        email = access.grant.email
        name = self._post_office.mailboxes[email].name
        sub = signing.subject(email)
        return {"sub": sub, "name": name, "email": email, "email_verified": True}


def _tokens(issued: Issued, client: Client) -> dict[str, Any]:
    out: dict[str, Any] = {
        "access_token": issued.access_token,
        "expires_in": ACCESS_LIFETIME,
        "scope": " ".join(sorted(issued.scopes)),
        "token_type": "Bearer",
    }
    if issued.refresh_token is not None:
        out["refresh_token"] = issued.refresh_token
    if "openid" in issued.scopes:
        claims = signing.identity_claims(issued.grant.email, client.id, now=int(time.time()))
        out["id_token"] = signing.token({**claims, "azp": client.id})
    return out


def _client_of(request: web.Request, form: Mapping[str, str]) -> tuple[str, str]:
    """Return the client's id and secret, from the form or from Basic authentication."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(value).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise OAuthError("invalid_client", "Unauthorized", code=401) from None
        return unquote(client_id), unquote(secret)
    return form.get("client_id", ""), form.get("client_secret", "")


def _with_query(uri: str, more: Mapping[str, str]) -> str:
    parts = urlsplit(uri)
    query = urlencode([*parse_qsl(parts.query), *more.items()])
    return urlunsplit(parts._replace(query=query))


def _page(body: str) -> str:
    return (
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Sign in</title>'
        f"<h1>An application wants access</h1>{body}</html>"
    )
