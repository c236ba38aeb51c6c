"""The page's refresh token: in a cookie that no script reads and no other site can use."""

from __future__ import annotations

from aiohttp import web

from bot.domain.errors import NotAllowed
from web.keys import SETTINGS

COOKIE = "handraise_refresh"
PATH = "/api/auth"
CLIENT_HEADER = "X-Handraise-Client"


def is_page(request: web.Request) -> bool:
    """Tell whether our own page asks.

    Another site's script can send this header only after a preflight, which is never granted.
    """
    return request.headers.get(CLIENT_HEADER) == "page"


def presented(request: web.Request) -> str | None:
    """Return the cookie's token; `NotAllowed` when it comes without the page's header."""
    token = request.cookies.get(COOKIE)
    if token is not None and not is_page(request):
        raise NotAllowed(
            f"Send `{CLIENT_HEADER}: page` with the cookie.", code="client_header_missing"
        )
    return token


def keep(response: web.StreamResponse, request: web.Request, token: str, seconds: int) -> None:
    """Set the cookie."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=seconds,
        path=PATH,
        httponly=True,
        samesite="Strict",
        secure=_secure(request),
    )


def drop(response: web.StreamResponse, request: web.Request) -> None:
    """Remove the cookie."""
    response.del_cookie(
        COOKIE, path=PATH, httponly=True, samesite="Strict", secure=_secure(request)
    )


def _secure(request: web.Request) -> bool:
    return request.app[SETTINGS].public_url.startswith("https://")
