"""Cross-origin calls: for the origins that the settings name, with tokens, never with cookies."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from web.keys import SETTINGS

_METHODS = "DELETE, GET, HEAD, PATCH, POST, PUT"
# Not X-Handraise-Client: it is what proves that the page itself uses the cookie.
_HEADERS = "Authorization, Content-Type, Idempotency-Key"
_EXPOSED = (
    "Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, RateLimit-Policy, "
    "X-Request-Id"
)


@web.middleware
async def share(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer preflights of known origins; what their other calls need is added by `expose`."""
    preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if preflight and _known(request):
        return web.Response(
            status=204,
            headers={
                "Access-Control-Allow-Methods": _METHODS,
                "Access-Control-Allow-Headers": _HEADERS,
                "Access-Control-Max-Age": "600",
            },
        )
    return await handler(request)


async def expose(request: web.Request, response: web.StreamResponse) -> None:
    """Let the browser of a known origin read the answer."""
    if not request.app[SETTINGS].cors_origins:
        return
    response.headers.add("Vary", "Origin")
    if _known(request):
        response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response.headers["Access-Control-Expose-Headers"] = _EXPOSED
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"


def _known(request: web.Request) -> bool:
    return request.headers.get("Origin", "") in request.app[SETTINGS].cors_origins
