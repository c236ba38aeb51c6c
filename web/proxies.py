"""Who really asks when a proxy stands before us: `X-Forwarded-*`, believed from our own only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, cast

from aiohttp import web
from aiohttp.typedefs import Handler

from web.keys import SETTINGS

Network = IPv4Network | IPv6Network
_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_MAX_HOPS = 32
"""Entries of a chain that are looked at, from its near end."""

PROXIES: web.AppKey[tuple[Network, ...]] = web.AppKey("proxies")


@web.middleware
async def unwrap(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let the rest see the client's own address, scheme and host, where a proxy of ours tells."""
    trusted = request.app[PROXIES]
    if not trusted or not _is_trusted(_parsed(request.remote or ""), trusted):
        return await handler(request)
    found = cast("Any", told(request.headers, request.remote or "", trusted))
    return await handler(request.clone(**found))


def setup(app: web.Application) -> None:
    """Read once which proxies are trusted."""
    app[PROXIES] = tuple(ip_network(each) for each in app[SETTINGS].trusted_proxies)


def told(headers: Any, remote: str, trusted: Sequence[Network]) -> Mapping[str, str]:
    """Return what a trusted proxy at `remote` tells of its client, as arguments of `clone`.

    Each proxy appends whom it saw, so that only the far end of the chain can be made up: the
    client is the first from the right that is no proxy of ours. What is no address ends the chain.
    """
    found: dict[str, str] = {}
    chain = _entries(headers.getall("X-Forwarded-For", ()))
    client, hops = remote, 0
    for entry in reversed(chain[-_MAX_HOPS:]):
        address = _parsed(entry)
        if address is None:
            break
        client, hops = str(address), hops + 1
        if not _is_trusted(address, trusted):
            break
    found["remote"] = client
    scheme = _nearest(_entries(headers.getall("X-Forwarded-Proto", ())), hops).lower()
    if scheme in ("http", "https"):
        found["scheme"] = scheme
    host = _nearest(_entries(headers.getall("X-Forwarded-Host", ())), hops)
    if _HOST.fullmatch(host):
        found["host"] = host
    return found


def _nearest(entries: Sequence[str], hops: int) -> str:
    """Return what the outermost of our proxies said; of one entry alone, that one."""
    if not entries:
        return ""
    return entries[-max(1, min(hops, len(entries)))]


def _entries(values: Sequence[str]) -> list[str]:
    return [entry.strip() for value in values for entry in value.split(",")]


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address in an entry, which may carry a port or brackets (RFC 7239, section 6)."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _is_trusted(address: IPv4Address | IPv6Address | None, trusted: Sequence[Network]) -> bool:
    return address is not None and any(address in network for network in trusted)
