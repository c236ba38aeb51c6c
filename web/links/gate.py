"""Who may knock: so many requests from one address, and posts from our own pages only."""

from __future__ import annotations

from aiohttp import web

from bot.domain.errors import NotAllowed
from bot.domain.rates import Limit
from web.auth.attempts import network, take
from web.chat.origin import is_allowed
from web.keys import CLOCK, SETTINGS, STORE

VIEWS = Limit(scope="link_page", per_minute=240)
"""From one address: a mail gateway opens every link of a whole company."""
POSTS = Limit(scope="link_page", per_minute=60)
UNKNOWN = Limit(scope="link_page", per_minute=20)
"""Links that open nothing, from one address."""


async def admit(request: web.Request, limit: Limit, door: str) -> None:
    """Count a request at `door`; `RateLimited` when its address sent too many."""
    key = f"link:{door}:{network(request.remote)}"
    await request.app[STORE].run(take, [(key, limit)], request.app[CLOCK].now())


def check_sender(request: web.Request) -> None:
    """Refuse a form that another site's page has sent; `NotAllowed`.

    A page without a referrer sends `Origin: null` (Fetch, "append a request Origin header"), which
    proves nothing either way. What always has to be known is the token, and the form's own name.
    """
    site = request.headers.get("Sec-Fetch-Site", "same-origin").strip().lower()
    origin = request.headers.get("Origin")
    ours = origin in (None, "null") or is_allowed(
        origin, request.host, request.app[SETTINGS].public_url, ()
    )
    if site not in ("same-origin", "none") or not ours:
        raise NotAllowed(
            "This was not sent from this page, so nothing was done. Open the link in your mail "
            "and answer there.",
            code="cross_site",
        )
