"""From a refusal to an HTTP answer: the one table from error class to status."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from bot.domain.errors import (
    Conflict,
    HandraiseError,
    Invalid,
    NotAllowed,
    NotFound,
    PlanningFailed,
    RateLimited,
    StaleClaim,
    TooLarge,
    Unauthenticated,
    Unavailable,
)


class Malformed(Invalid):
    """The bytes are not what their content type says."""

    code = "malformed"


class WrongContentType(Invalid):
    """The body is of a kind that this endpoint does not read."""

    code = "wrong_content_type"


class TooSlow(Invalid):
    """The body did not come in time."""

    code = "request_timeout"


STATUSES: Mapping[type[HandraiseError], int] = {
    Malformed: 400,
    Unauthenticated: 401,
    NotAllowed: 403,
    NotFound: 404,
    TooSlow: 408,
    Conflict: 409,
    StaleClaim: 409,
    TooLarge: 413,
    WrongContentType: 415,
    Invalid: 422,
    RateLimited: 429,
    PlanningFailed: 502,
    Unavailable: 503,
    HandraiseError: 500,
}
"""A class that is not named here has the status of its nearest base."""

_SENTENCES: Mapping[int, tuple[str, str]] = {
    400: ("malformed", "The request could not be read."),
    403: ("not_allowed", "This is not allowed."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take that method."),
    413: ("too_large", "The request is too large: send at most 128 KiB."),
    415: ("wrong_content_type", "This address does not read that content type."),
    416: ("range_not_satisfiable", "There is no such part of this file."),
    431: ("headers_too_large", "A header is too long: send at most 8 KiB in each."),
    500: ("internal", "Something went wrong on our side. Try again."),
    504: ("unavailable", "This took too long. Try again."),
    417: ("expectation_failed", "The Expect header asks for something unknown."),
}


class Fault(BaseModel):
    """What went wrong: a stable code, a sentence for a person, and particulars."""

    model_config = ConfigDict(title="Fault")

    code: str
    message: str
    details: dict[str, object]


class ErrorBody(BaseModel):
    """The body of every error."""

    error: Fault


def status_of(error: type[HandraiseError]) -> int:
    """Return the HTTP status of a class of errors."""
    return next(STATUSES[base] for base in error.__mro__ if base in STATUSES)


def fault_of(error: HandraiseError) -> Fault:
    """Return an error as it is shown, over HTTP and in frames alike."""
    return Fault(code=error.code, message=error.message, details=dict(error.details))


def answer_error(error: HandraiseError) -> web.Response:
    """Return the response that tells `error`, with the headers that say when to come back."""
    headers: dict[str, str] = {}
    if isinstance(error, RateLimited):
        # draft-ietf-httpapi-ratelimit-headers: a refused client has nothing left until the reset.
        headers = {
            "Retry-After": str(error.retry_after),
            "RateLimit-Limit": str(error.limit),
            "RateLimit-Remaining": "0",
            "RateLimit-Reset": str(error.retry_after),
            "RateLimit-Policy": f"{error.limit};w=60",
        }
    elif isinstance(error, Unavailable):
        headers = {"Retry-After": str(error.details.get("retry_after", 2))}
    elif isinstance(error, Unauthenticated):
        headers = {"WWW-Authenticate": 'Bearer realm="handraise"'}  # RFC 6750, section 3
    return _answer(status_of(type(error)), fault_of(error), headers)


def answer_http(error: web.HTTPException) -> web.Response:
    """Return aiohttp's own refusal (no such path, wrong method) in the common shape."""
    code, message = _SENTENCES.get(error.status, ("error", "This request was refused."))
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return _answer(error.status, Fault(code=code, message=message, details={}), headers)


def answer_refused(status: int) -> web.Response:
    """Return what is said where a request could not even be read as one."""
    code, message = _SENTENCES.get(status, ("error", "This request was refused."))
    return _answer(status, Fault(code=code, message=message, details={}), {})


def answer_broken(request_id: str) -> web.Response:
    """Return a 500 that tells nothing but where to look it up."""
    message = "Something went wrong on our side. Try again; if it stays, name the request id."
    fault = Fault(code="internal", message=message, details={"request_id": request_id})
    return _answer(500, fault, {})


def _answer(status: int, fault: Fault, headers: Mapping[str, str]) -> web.Response:
    return web.Response(
        status=status,
        body=ErrorBody(error=fault).model_dump_json().encode(),
        content_type="application/json",
        headers={"Cache-Control": "no-store", **headers},
    )
