"""Serves /openapi.json, Swagger UI and ReDoc; their scripts come from the package `offapi`."""

from __future__ import annotations

import asyncio
import hashlib
import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from aiohttp import web

from web.api.endpoint import ENDPOINTS
from web.api.openapi import describe
from web.headers import policy
from web.keys import SETTINGS

_HERE = Path(__file__).parent
_OURS = ("swagger.js", "redoc_start.js", "redoc.css", "redoc.svg")
_PACKAGED = ("swagger_bundle.js", "swagger_style.css", "redoc.js")
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
}

_EMPTY = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
"""An empty `<style>`: ReDoc makes one and fills it by script (CSSOM), which no text in it could."""
_POLICY = policy(
    {
        "script-src": "'self'",
        "style-src": f"'self' {_EMPTY}",
        "img-src": "'self' data:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "form-action": "'none'",
    }
)
_CONTENT: web.AppKey[dict[str, bytes]] = web.AppKey("reference_content")


def mount_reference(app: web.Application) -> None:
    """Serve the reference; the document is built when it is first asked for."""
    app[_CONTENT] = {}
    app.router.add_get("/openapi.json", _document)
    app.router.add_get("/docs", _swagger)
    app.router.add_get("/redoc", _redoc)
    app.router.add_get("/docs/assets/{name}", _asset)


async def _document(request: web.Request) -> web.Response:
    content = request.app[_CONTENT]
    if "openapi.json" not in content:
        endpoints = request.app[ENDPOINTS]
        document = describe(endpoints, request.app[SETTINGS].public_url)
        content["openapi.json"] = json.dumps(document, ensure_ascii=False).encode()
    return _answer(request, content["openapi.json"], "application/json")


async def _swagger(request: web.Request) -> web.Response:
    return await _file(request, "swagger.html")


async def _redoc(request: web.Request) -> web.Response:
    return await _file(request, "redoc.html")


async def _asset(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in _OURS and name not in _PACKAGED:
        raise web.HTTPNotFound
    return await _file(request, name)


async def _file(request: web.Request, name: str) -> web.Response:
    content = request.app[_CONTENT]
    if name not in content:
        content[name] = await asyncio.to_thread(_load, name)
    return _answer(request, content[name], _TYPES[Path(name).suffix])


def _load(name: str) -> bytes:
    if name not in _PACKAGED:
        return (_HERE / name).read_bytes()
    data = (_package() / name).read_bytes()
    # Images that ReDoc would fetch from its maker: its mark is here, and other icons it leaves out.
    data = data.replace(b"https://cdn.redocly.com/", b"data:,")
    for mark in (b"logo-mini-full.svg", b"logo-mini.svg"):
        data = data.replace(b"https://cdn.redoc.ly/redoc/" + mark, b"/docs/assets/redoc.svg")
    return data


@cache
def _package() -> Path:
    # Found, not imported: the package reads nine megabytes into memory when it is imported.
    spec = find_spec("offapi")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the package offapi is not installed")
    return Path(spec.submodule_search_locations[0])


def _answer(request: web.Request, body: bytes, content_type: str) -> web.Response:
    tag = hashlib.sha256(body).hexdigest()[:32]
    response = web.Response(
        headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"}
    )
    response.etag = tag
    if any(known.value in (tag, "*") for known in request.if_none_match or ()):
        response.set_status(304)
        return response
    response.body = body
    response.content_type = content_type
    response.charset = "utf-8"
    return response
