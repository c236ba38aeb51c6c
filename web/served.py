"""Answers with the page and its files, from memory; knows nothing of what is in them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import web

import web as package
from web.assets import ANEW, Asset, Assets, read_assets
from web.headers import page_policy
from web.keys import SETTINGS
from web.negotiation import takes_gzip

_PAGES = Path(package.__file__).parent / "pages"


class Served:
    """The page's files, read at the first request; while one develops, after each change too."""

    def __init__(self, folder: Path, *, watch: bool) -> None:
        self._folder = folder
        self._watch = watch
        self._lock = asyncio.Lock()
        self._stamps: object = None
        self._assets: Assets | None = None

    async def now(self) -> Assets:
        """Return the files as they are now."""
        if self._assets is not None and not self._watch:
            return self._assets
        async with self._lock:
            stamps = await asyncio.to_thread(self._look)
            if self._assets is None or stamps != self._stamps:
                self._assets = await asyncio.to_thread(read_assets, self._folder)
                self._stamps = stamps
            return self._assets

    def _look(self) -> object:
        found = ((path, path.stat()) for path in self._folder.rglob("*"))
        return sorted((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in found)


SERVED: web.AppKey[Served] = web.AppKey("served")


def mount_pages(app: web.Application) -> None:
    """Serve the page's scripts, styles and pictures."""
    app[SERVED] = Served(_PAGES, watch=app[SETTINGS].debug)
    app.router.add_get("/static/{path:.+}", _static)


async def answer_page(request: web.Request) -> web.StreamResponse:
    """Return the companion page."""
    assets = await request.app[SERVED].now()
    response = _answer(request, assets.front, ANEW)
    response.headers["Content-Security-Policy"] = page_policy(request)
    return response


async def _static(request: web.Request) -> web.Response:
    assets = await request.app[SERVED].now()
    found = assets.find(request.match_info["path"])
    if found is None:
        raise web.HTTPNotFound
    asset, keep = found
    return _answer(request, asset, keep)


def _answer(request: web.Request, asset: Asset, keep: str) -> web.Response:
    """Return a file, or that the browser's own copy of it still holds (RFC 9110, 13.1.2)."""
    headers = {"Cache-Control": keep, "ETag": f'W/"{asset.tag}"', "Vary": "Accept-Encoding"}
    known = request.if_none_match or ()
    if any(each.value in ("*", asset.tag) for each in known):
        return web.Response(status=304, headers=headers)
    body = asset.body
    if asset.packed is not None and takes_gzip(request.headers.get("Accept-Encoding", "")):
        body = asset.packed
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=body, headers={**headers, "Content-Type": asset.kind})
