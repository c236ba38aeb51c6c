"""The guard of the channels' own pages: whoever connects a channel is an administrator."""

from __future__ import annotations

from aiohttp import web

from web.auth.principal import principal_of


async def may_install(request: web.Request) -> bool:
    """Tell whether an administrator asks; `Unauthenticated` when nobody is signed in."""
    return (await principal_of(request)).is_admin
