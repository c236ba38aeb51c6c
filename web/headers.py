"""Security headers: what a browser may do with our answers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiohttp import web

from web.keys import SETTINGS

_HOST = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


def policy(directives: Mapping[str, str]) -> str:
    """Return a Content-Security-Policy that forbids all but `directives`."""
    base = {"default-src": "'none'", "base-uri": "'none'", "frame-ancestors": "'none'"}
    return "; ".join(f"{name} {sources}" for name, sources in {**base, **directives}.items())


_PARTS = frozenset({"text/css", "text/javascript"})
"""Parts of a page, under whose policy they stand; a first load has dozens of them."""
NOTHING = policy({"form-action": "'none'"})
"""For what is no page: data, scripts, pictures."""


def page_policy(request: web.Request) -> str:
    """Return the companion page's policy: our own host only, no inline script or style."""
    return policy(
        {
            "script-src": "'self'",
            "style-src": "'self'",
            "connect-src": " ".join(["'self'", *_sockets(request)]),
            "img-src": "'self' data:",
            "font-src": "'self'",
            "manifest-src": "'self'",
            "form-action": "'self'",
            "require-trusted-types-for": "'script'",
            "trusted-types": "handraise",
        }
    )


def _sockets(request: web.Request) -> list[str]:
    """Return our own WebSocket addresses, which `'self'` does not cover in older browsers."""
    scheme, _, rest = request.app[SETTINGS].public_url.partition("://")
    hosts = {rest.partition("/")[0]: None}
    asked = request.host
    if _HOST.fullmatch(asked):
        hosts[asked] = None
    return [f"{'wss' if scheme == 'https' else 'ws'}://{host}" for host in hosts]


async def secure(request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers that every answer carries, right before it is sent."""
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-site")
    if response.content_type not in _PARTS:
        headers.setdefault("Content-Security-Policy", NOTHING)
        headers.setdefault("Referrer-Policy", "no-referrer")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.app[SETTINGS].public_url.startswith("https://"):
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    headers.popall("Server", None)
