"""The two addresses of Sign in with Slack: where it begins, and where Slack sends people back."""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import secrets
from typing import Protocol, runtime_checkable
from urllib.parse import urlencode

import aiohttp
import structlog
from aiohttp import web
from pydantic import BaseModel, Field

from bot.domain.errors import HandraiseError, NotAllowed, NotFound, RateLimited, Unavailable
from bot.domain.instants import MINUTE, Micros
from bot.service.identifiers import new_id
from bot.service.ports.accounts import Account
from bot.service.ports.store import Transaction
from bot.service.ports.vault import Secret
from bot.settings import Settings
from web.api.endpoint import Call, endpoint
from web.api.faults import answer_error
from web.auth import attempts, cookie, slack
from web.auth.id_tokens import KeySet, read_id_token
from web.auth.opening import open_sign_in, user_agent_of
from web.auth.proving import proving_of
from web.auth.registration import rules_of
from web.keys import AGENT, CLOCK, SEALER, SETTINGS, SLACK_KEYS, STORE, TOKENS

log = structlog.get_logger(__name__)

TAG = "accounts"
KIND = "slack.sign_in"
COOKIE = "handraise_slack"
PATH = "/api/auth/slack"
BEGUN: Micros = 10 * MINUTE
"""How long somebody may take on Slack's page."""
_TIMEOUT = aiohttp.ClientTimeout(total=10)
_MAX_ANSWER = 64 * 1024


@runtime_checkable
class _Serves(Protocol):
    """Slack as it runs here."""

    async def serves(self, team: str) -> bool: ...


class Callback(BaseModel):
    """What Slack sends a browser back with."""

    code: str = Field(default="", max_length=512)
    state: str = Field(default="", max_length=128)
    error: str = Field(default="", max_length=128)


@endpoint(
    "GET",
    PATH,
    summary="Begin to sign in with Slack",
    tag=TAG,
    media="text/html",
    status=302,
    signed_in=False,
    errors=(NotFound, RateLimited),
)
async def begin_slack(call: Call) -> web.Response:
    """Send the browser to Slack's page, with a state and a nonce that are good once."""
    app, settings, now = call.app, call.app[SETTINGS], call.app[CLOCK].now()
    if not settings.slack_client_id:
        raise NotFound("Sign in with Slack is not configured on this server.")
    await attempts.allow(call.request, "slack")
    state, nonce, browser = (secrets.token_urlsafe(32) for _ in range(3))
    key = _hash(state)
    held = json.dumps({"nonce": nonce, "browser": _hash(browser)}).encode()
    secret = Secret(
        kind=KIND,
        key=key,
        sealed=app[SEALER].seal(KIND, key, held),
        expires_at=now + BEGUN,
        updated_at=now,
    )
    await app[STORE].run(lambda tx: tx.vault.put(secret))
    query = urlencode(
        {
            "response_type": "code",
            "response_mode": "query",
            "scope": "openid email profile",
            "client_id": settings.slack_client_id,
            "state": state,
            "nonce": nonce,
            "redirect_uri": _redirect_uri(settings),
        }
    )
    where = f"{slack_origin(settings)}/openid/connect/authorize?{query}"
    response = web.Response(status=302, headers={"Location": where, "Cache-Control": "no-store"})
    # Ties what Slack answers to the browser that asked: nobody is signed in as somebody else by a
    # link that was prepared for them. Lax, since the way back begins at Slack.
    response.set_cookie(
        COOKIE,
        browser,
        max_age=BEGUN // (MINUTE // 60),
        path=PATH,
        httponly=True,
        samesite="Lax",
        secure=settings.public_url.startswith("https://"),
    )
    return response


@endpoint(
    "GET",
    f"{PATH}/callback",
    summary="Come back from Slack",
    tag=TAG,
    query=Callback,
    media="text/html",
    status=303,
    signed_in=False,
    errors=(NotAllowed, NotFound, RateLimited, Unavailable),
)
async def end_slack(call: Call) -> web.Response:
    """Sign in whom Slack names, as a login does, and go to the page; no token is in an address."""
    try:
        account = await _account(call)
        opened, refresh = await open_sign_in(call.app, account.id, user_agent_of(call.request))
    except HandraiseError as refused:
        log.info("slack_sign_in_refused", error_code=refused.code)
        return _page(call, refused)
    log.info("slack_sign_in", account_id=opened.account_id)
    where = f"{call.app[SETTINGS].public_url}/"
    response = web.Response(status=303, headers={"Location": where, "Cache-Control": "no-store"})
    seconds = call.app[TOKENS].refresh_lifetime // (MINUTE // 60)
    cookie.keep(response, call.request, refresh, seconds)
    response.del_cookie(COOKIE, path=PATH)
    return response


ENDPOINTS = (begin_slack, end_slack)


def slack_origin(settings: Settings) -> str:
    """Return where Slack is: it issues its tokens in this name."""
    return settings.slack_api_url.rstrip("/").removesuffix("/api")


def slack_keys(settings: Settings) -> KeySet:
    """Return the keys that Slack signs identity tokens by."""
    return KeySet(f"{slack_origin(settings)}/openid/connect/keys")


async def _account(call: Call) -> Account:
    app, settings, query = call.app, call.app[SETTINGS], call.query
    if not settings.slack_client_id:
        raise NotFound("Sign in with Slack is not configured on this server.")
    await attempts.allow(call.request, "slack")
    now = app[CLOCK].now()
    nonce = await _nonce(call, query.state, now)
    if query.error or not query.code:
        raise NotAllowed(
            "Slack has not signed you in. Begin once more, and allow it there.",
            code="slack_refused",
        )
    token = await _exchange(settings, query.code)
    claims = await read_id_token(
        token,
        app[SLACK_KEYS],
        issuer=slack_origin(settings),
        audience=settings.slack_client_id,
        nonce=nonce,
        now=now,
    )
    visitor = slack.visitor_of(claims, development=settings.debug)
    welcome = slack.Welcome(
        rules=rules_of(settings),
        proving=proving_of(settings),
        account_id=new_id(),
        person_id=new_id(),
        own_team=await _own_team(app, visitor.team),
    )
    account: Account = await app[STORE].run(welcome.account_of, visitor, now)
    return account


async def _own_team(app: web.Application, team: str) -> str | None:
    """Return a team if it is the one that SLACK_BOT_TOKEN is of; `Unavailable` if Slack is down."""
    opened: object = app[AGENT].outlets.get("slack")
    if not app[SETTINGS].slack_bot_token.get_secret_value() or not isinstance(opened, _Serves):
        return None
    return team if await opened.serves(team) else None


async def _nonce(call: Call, state: str, now: Micros) -> str:
    """Use up what was begun in this browser; `NotAllowed` for anything else."""
    key = _hash(state)

    def take(tx: Transaction) -> Secret | None:
        secret = tx.vault.get(KIND, key)
        return secret if secret is not None and tx.vault.drop(KIND, key) else None

    secret: Secret | None = await call.app[STORE].run(take)
    refused = NotAllowed(
        "This sign-in was not begun in this browser, or too long ago. Begin once more.",
        code="state_invalid",
    )
    if secret is None or secret.expires_at is None or now >= secret.expires_at:
        raise refused
    held = json.loads(call.app[SEALER].unseal(KIND, key, secret.sealed))
    if not hmac.compare_digest(held["browser"], _hash(call.request.cookies.get(COOKIE, ""))):
        raise refused
    return str(held["nonce"])


async def _exchange(settings: Settings, code: str) -> str:
    """Return the identity token that Slack gives for a code."""
    form = {
        "grant_type": "authorization_code",
        "client_id": settings.slack_client_id,
        "client_secret": settings.slack_client_secret.get_secret_value(),
        "code": code,
        "redirect_uri": _redirect_uri(settings),
    }
    url = f"{settings.slack_api_url.rstrip('/')}/openid.connect.token"
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.post(url, data=form, allow_redirects=False) as answer,
        ):
            told = json.loads(await answer.content.read(_MAX_ANSWER))
    except (aiohttp.ClientError, TimeoutError, ValueError):
        raise Unavailable(
            "Slack does not answer just now. Try again in a minute.", code="slack_down"
        ) from None
    token = told.get("id_token") if isinstance(told, dict) and told.get("ok") else None
    if not isinstance(token, str):
        raise NotAllowed(
            "Slack did not accept this sign-in. Begin once more.", code="slack_refused"
        )
    return token


def _redirect_uri(settings: Settings) -> str:
    return f"{settings.public_url}{PATH}/callback"


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode(errors="surrogatepass")).hexdigest()


def _page(call: Call, refused: HandraiseError) -> web.Response:
    """Return a refusal as a page: a browser is looking at it, and no script of ours."""
    response = answer_error(refused)
    home = html.escape(f"{call.app[SETTINGS].public_url}/")
    response.body = (
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Not signed in</title>'
        f'<h1>Not signed in</h1><p>{html.escape(refused.message)}</p><p><a href="{home}">Back</a>'
    ).encode()
    response.content_type = "text/html"
    response.charset = "utf-8"
    response.del_cookie(COOKIE, path=PATH)
    return response
