"""Which pages may open a socket: our own, and those the operator named; pure."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def is_allowed(origin: str | None, host: str, public_url: str, others: Iterable[str]) -> bool:
    """Tell whether a handshake may go on; without an `Origin` it is no browser (RFC 6455, 10.2).

    Beside `public_url`, the address that the request itself came to counts as ours: no cookie
    signs a socket in, so that a foreign page gains nothing by it.
    """
    if origin is None:
        return True
    asking = _place(origin)
    if asking is None:
        return False
    if asking in {_place(url) for url in (public_url, *others)}:
        return True
    return asking == _place(f"{urlsplit(origin).scheme}://{host}")


def _place(url: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port; None where it is no web address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme]
