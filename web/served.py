"""Answers with the page and its files, from memory; knows nothing of what is in them."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path

from aiohttp import web

import web as package
from web.assets import ANEW, Asset, Assets, read_assets
from web.headers import page_policy
from web.keys import SETTINGS
from web.negotiation import takes_gzip

_PAGES = Path(package.__file__).parent / "pages"


Stamps = tuple[tuple[str, int, int], ...]


@functools.lru_cache(maxsize=1)
def _read(folder: Path, stamps: Stamps) -> Assets:  # noqa: ARG001 - what the cache goes by
    """Read the files once for each state of theirs, however many applications a process makes."""
    return read_assets(folder)


def _look(folder: Path) -> Stamps:
    found = ((path, path.stat()) for path in folder.rglob("*"))
    return tuple(sorted((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in found))


class Served:
    """The page's files, read once; while one develops, after each change too."""

    def __init__(self, folder: Path, *, watch: bool) -> None:
        self._folder = folder
        self._watch = watch
        self._lock = asyncio.Lock()
        self._assets: Assets | None = None

    def begin(self) -> None:
        """Read them before anybody is served; a thread of its own would keep its memory."""
        self._assets = self._read()

    async def now(self) -> Assets:
        """Return the files as they are now; raises `CannotJoin`."""
        if self._assets is not None and not self._watch:
            return self._assets
        async with self._lock:
            self._assets = await asyncio.to_thread(self._read)
            return self._assets

    def _read(self) -> Assets:
        return _read(self._folder, _look(self._folder))


SERVED: web.AppKey[Served] = web.AppKey("served")


def mount_pages(app: web.Application) -> None:
    """Serve the page's scripts, styles and pictures."""
    app[SERVED] = Served(_PAGES, watch=app[SETTINGS].debug)
    app.on_startup.append(_begin)
    app.router.add_get("/static/{path:.+}", _static)


async def _begin(app: web.Application) -> None:
    """Read the files at the start: modules that cannot be joined are told then."""
    app[SERVED].begin()


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
    headers["Content-Type"] = asset.kind
    if not asset.packed or not takes_gzip(request.headers.get("Accept-Encoding", "")):
        return web.Response(body=asset.body, headers=headers)
    headers["Content-Encoding"] = "gzip"
    return web.Response(body=asset.kept, headers=headers)
