"""A sign-in that begins or goes on, as the answer that tells its tokens."""

from __future__ import annotations

from aiohttp import web

from bot.domain.instants import SECOND
from bot.service.identifiers import new_id
from web.api.endpoint import Call, answer_json
from web.auth import cookie, families
from web.auth.models import Tokens
from web.auth.tokens import hash_of, new_refresh_token
from web.keys import CLOCK, STORE, TOKENS

_USER_AGENT = 200


async def open_sign_in(
    app: web.Application, account_id: str, user_agent: str
) -> tuple[families.SignIn, str]:
    """Keep a new sign-in; return it with its refresh token. `NotAllowed` for the disabled."""
    now, token = app[CLOCK].now(), new_refresh_token()
    until = now + app[TOKENS].refresh_lifetime
    opened: families.SignIn = await app[STORE].run(
        families.open_family, account_id, new_id(), hash_of(token), now, until, user_agent
    )
    return opened, token


async def sign_in(call: Call, account_id: str, status: int) -> web.Response:
    """Open a sign-in, always a new one: what a browser brought along is not taken over."""
    opened, token = await open_sign_in(call.app, account_id, user_agent_of(call.request))
    return answer_tokens(call, opened, token, status)


def answer_tokens(call: Call, opened: families.SignIn, refresh: str, status: int) -> web.Response:
    """Return the answer; the page's refresh token travels in its cookie."""
    tokens, now = call.app[TOKENS], call.app[CLOCK].now()
    page = cookie.is_page(call.request)
    body = Tokens(
        access_token=tokens.issue_access(opened.account_id, opened.family_id, now),
        refresh_token=None if page else refresh,
        expires_in=tokens.access_lifetime // SECOND,
    )
    response = answer_json(body, status)
    if page:
        cookie.keep(response, call.request, refresh, tokens.refresh_lifetime // SECOND)
    return response


def user_agent_of(request: web.Request) -> str:
    """Return what the browser calls itself, on one line and bounded."""
    given = request.headers.get("User-Agent", "")[:_USER_AGENT]
    return "".join(char if " " <= char <= "~" else "?" for char in given)
