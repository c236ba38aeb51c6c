"""What surrounds every request: its id, its log line, its metrics, and errors as JSON."""

from __future__ import annotations

import re
from time import perf_counter

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.domain.errors import HandraiseError
from bot.service.identifiers import new_id
from web.api.faults import answer_broken, answer_error, answer_http
from web.keys import METRICS, REQUEST_ID

log = structlog.get_logger(__name__)

_QUIET = frozenset({"/health", "/ready", "/metrics", "/static/{path}", "/docs/assets/{name}"})
_SUBJECTS = (("/api/sessions/{id}", "session_id"), ("/api/questions/{id}", "question_id"))
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id of our own making, and tell afterwards how it went.

    The log has the route's pattern and the id in it, never the address, its query or a body:
    those hold texts and tokens.
    """
    request_id = request[REQUEST_ID] = new_id()
    started = perf_counter()
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        status = 499  # what is left when the client went away: nobody gets an answer
        try:
            response = await handler(request)
            status = response.status
            if not response.prepared:
                response.headers["X-Request-Id"] = request_id
            return response
        finally:
            _tell(request, status, perf_counter() - started)


@web.middleware
async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every refusal and every accident into an answer of the one shape."""
    try:
        return await handler(request)
    except HandraiseError as error:
        return answer_error(error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return answer_http(error)
    except Exception:  # the one place where nothing may get through
        log.exception("request_failed", route=_route(request))
        return answer_broken(request[REQUEST_ID])


def _tell(request: web.Request, status: int, seconds: float) -> None:
    route, metrics = _route(request), request.app[METRICS]
    method = request.method if request.method in _METHODS else "other"
    metrics.http_requests.labels(method=method, route=route, status=str(status)).inc()
    if status != 101:  # a socket lives for hours, which says nothing about our speed
        metrics.http_request_seconds.labels(route=route).observe(seconds)
    write = log.debug if route in _QUIET else log.info
    write(
        "request",
        method=method,
        route=route,
        status=status,
        ms=round(seconds * 1000, 1),
        **_subject(request, route),
    )


def _subject(request: web.Request, route: str) -> dict[str, str]:
    """Return which session or question is asked for; what has not the shape of an id is no id."""
    given = request.match_info.get("id", "")
    for prefix, name in _SUBJECTS:
        if route.startswith(prefix) and _ID.fullmatch(given):
            return {name: given}
    return {}


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unmatched"
