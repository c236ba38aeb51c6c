"""What a request may look like: its arguments, read strictly, with every default filled in."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yarl import URL

from bot.channels.http.addresses import is_public
from bot.channels.http.hosts import AllowedHost
from bot.domain.digests import canonical
from bot.domain.errors import Invalid
from bot.domain.text import shortened

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "PUT", "DELETE"})  # RFC 9110, 9.2.2
ARGUMENT_BYTES = 16 * 1024
MAX_URL = 2_000
MAX_HEADERS = 20
MAX_SECONDS = 10
MAX_DEPTH = 20

_KEYS = {"method", "url", "headers", "body", "timeout"}
_URL = re.compile(r"https?://[A-Za-z0-9._~:\[\]-]+([/?][!-~]*)?", re.IGNORECASE)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"[\x20-\x7e]{0,1000}")
# Ours to set, or able to change where the request goes and where it ends.
_OURS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "expect",
        "host",
        "idempotency-key",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# They make of one method another, so that what looks repeatable is not.
_DISGUISES = frozenset({"x-http-method", "x-http-method-override", "x-method-override"})
_SECRET = frozenset({"authorization", "cookie", "proxy-authorization"})


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpCall:
    """One request as it will be sent, and the listed host that it goes to."""

    method: str
    url: URL
    headers: Mapping[str, str]
    body: object
    timeout: int
    target: AllowedHost

    @property
    def is_repeatable(self) -> bool:
        """Tell whether sending it twice does what sending it once does."""
        return self.method in SAFE_TO_REPEAT or self.target.keyed

    def plain(self) -> dict[str, object]:
        """Return the arguments in the form that approvers see and that runs."""
        return {
            "method": self.method,
            "url": str(self.url),
            "headers": dict(self.headers),
            "body": self.body,
            "timeout": self.timeout,
        }

    def sent_body(self) -> bytes | None:
        """Return the body as it is sent: text as it is, anything else as canonical JSON."""
        if self.body is None:
            return None
        return (self.body if isinstance(self.body, str) else canonical(self.body)).encode()


def read_call(arguments: str, hosts: Sequence[AllowedHost]) -> HttpCall:
    """Return the request that `arguments`, JSON text, describe; `Invalid` says what is wrong."""
    given = _parsed(arguments)
    unknown = sorted(set(given) - _KEYS)
    if unknown:
        raise Invalid(
            f"“{shortened(unknown[0], 40)}” is no argument of an HTTP request. It takes method, "
            "url, headers, body and timeout."
        )
    method = _method(given.get("method"))
    url, target = _url(given.get("url"), hosts)
    body = given.get("body")
    if body is not None and method in ("GET", "HEAD"):
        raise Invalid(f"A {method} has no body. Leave it out, or use another method.")
    return HttpCall(
        method=method,
        url=url,
        headers=_headers(given.get("headers"), body),
        body=body,
        timeout=_timeout(given.get("timeout")),
        target=target,
    )


def _parsed(arguments: str) -> dict[str, Any]:
    if len(arguments) > ARGUMENT_BYTES:
        raise Invalid(f"The request's arguments are over {ARGUMENT_BYTES // 1024} KiB.")
    try:
        arguments.encode()
        given = json.loads(
            arguments, object_pairs_hook=_once, parse_constant=_no_number, parse_float=_finite
        )
        encoded = canonical(given).encode()
    except (ValueError, RecursionError):  # surrogates are ValueErrors, too
        raise Invalid("The request's arguments are not valid JSON.") from None
    if not isinstance(given, dict):
        raise Invalid("The request's arguments must be a JSON object.")
    if len(encoded) > ARGUMENT_BYTES:
        raise Invalid(f"The request's arguments are over {ARGUMENT_BYTES // 1024} KiB.")
    if _is_deeper(given, MAX_DEPTH):
        raise Invalid("The request's body is nested too deeply.")
    return given


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that comes twice: readers do not agree on which one counts."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _is_deeper(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in inner)


def _method(given: object) -> str:
    if not isinstance(given, str) or given.upper() not in METHODS:
        raise Invalid(f"The request's method must be one of {', '.join(METHODS)}.")
    return given.upper()


def _timeout(given: object) -> int:
    if given is None:
        return MAX_SECONDS
    if type(given) is not int or not 1 <= given <= MAX_SECONDS:
        raise Invalid(f"The request's timeout must be 1 to {MAX_SECONDS} whole seconds.")
    return given


def _url(given: object, hosts: Sequence[AllowedHost]) -> tuple[URL, AllowedHost]:
    """Return the URL as it will be sent, parsed by the same parser that connects."""
    if not isinstance(given, str) or not given:
        raise Invalid("The request needs a url, such as https://api.example.org/orders/7.")
    if len(given) > MAX_URL:
        raise Invalid(f"The request's url is longer than {MAX_URL} characters.")
    if "@" in given.partition("://")[2].partition("/")[0].partition("?")[0]:
        raise Invalid("The request's url holds a user name or password. Leave it out.")
    if "#" in given:
        raise Invalid("The request's url has a fragment, which is never sent. Leave it out.")
    if not _URL.fullmatch(given):
        raise Invalid(
            "The request's url must be an https address of visible ASCII characters, such as "
            "https://api.example.org/orders/7."
        )
    try:
        url = URL(given)
        scheme, host, port = url.scheme, url.raw_host, url.port
    except ValueError:
        raise Invalid("The request's url cannot be understood.") from None
    if not host or url.user is not None or url.password is not None:
        raise Invalid("The request's url cannot be understood.")
    named = [h for h in hosts if h.host == host]
    for target in named:
        if (target.scheme, target.port) == (scheme, port):
            break
    else:
        raise Invalid(_not_listed(scheme, host, port, named))
    if _is_address(host) and not target.internal and not is_public(host):
        raise Invalid(f"{host} is an address inside a network, and not listed as internal.")
    return url, target


def _not_listed(scheme: str, host: str, port: int | None, named: Sequence[AllowedHost]) -> str:
    place = shortened(host, 100)
    if scheme == "http" and any(h.scheme == "https" for h in named):
        return f"Requests to {place} must use https."
    if named:
        return f"Requests to port {port} of {place} are not allowed here."
    return f"Requests to {place} are not allowed here. The operator lists hosts in ACTION_HOSTS."


def _is_address(host: str) -> bool:
    return ":" in host or bool(re.fullmatch(r"[0-9.]+", host))


def _headers(given: object, body: object) -> dict[str, str]:
    if given is None:
        given = {}
    if not isinstance(given, dict):
        raise Invalid("The request's headers must be a JSON object of names and values.")
    if len(given) > MAX_HEADERS:
        raise Invalid(f"The request has more than {MAX_HEADERS} headers.")
    headers: dict[str, str] = {}
    for name, value in given.items():
        shown = shortened(name, 40)
        lower = name.lower()
        if not _TOKEN.fullmatch(name):
            raise Invalid(f"“{shown}” is no name of a header.")
        if lower in _SECRET:
            raise Invalid(
                f"The header {lower} would show a secret to everybody who is asked. Leave it out."
            )
        if lower in _OURS:
            raise Invalid(f"The header {lower} is set by Handraise itself. Leave it out.")
        if lower in _DISGUISES:
            raise Invalid(f"The header {lower} would hide the method. Name it as the method.")
        if lower in headers:
            raise Invalid(f"The header {lower} comes twice.")
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise Invalid(f"The value of the header {lower} must be plain text on one line.")
        headers[lower] = value.strip()
    if body is not None:
        kind = "text/plain; charset=utf-8" if isinstance(body, str) else "application/json"
        headers.setdefault("content-type", kind)
    return headers
