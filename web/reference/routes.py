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
_OURS = ("swagger.js", "redoc.css")
_PACKAGED = ("swagger_bundle.js", "swagger_style.css", "redoc.js")
_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}

# Both draw with inline styles, and ReDoc searches in a worker made of a blob.
_POLICY = policy(
    {
        "script-src": "'self'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
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
    # Images that ReDoc would fetch from its maker; an empty one makes it leave them out.
    for host in (b"https://cdn.redoc.ly/redoc/", b"https://cdn.redocly.com/"):
        data = data.replace(host, b"data:,")
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
