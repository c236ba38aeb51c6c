"""Which hosts an approved request may reach: the operator's list, read strictly."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

_PORTS = {"https": 443, "http": 80}
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_HINT = (
    "such as api.example.org, api.example.org:8443, internal!http://10.0.0.5:8080 "
    "or keyed!pay.example.org; separate several by commas."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class AllowedHost:
    """One host that may be reached, by one scheme, on one port."""

    scheme: str
    host: str
    port: int
    internal: bool = False
    """Whether its address may be private, loopback or otherwise not on the public internet."""
    keyed: bool = False
    """Whether it honours `Idempotency-Key`, so that any method may be repeated."""


def read_hosts(entries: Iterable[str]) -> tuple[AllowedHost, ...]:
    """Return what a list such as ACTION_HOSTS allows; ValueError says what an entry must be.

    An entry is `[internal!][keyed!][https://|http://]host[:port]`; without a scheme it is https.
    There are no wildcards: whoever can make a name below a listed one could receive what was
    approved.
    """
    return tuple(_read(entry.strip()) for entry in entries)


def _read(entry: str) -> AllowedHost:
    *flags, place = entry.lower().split("!")
    scheme, mark, rest = place.rpartition("://")
    scheme = scheme if mark else "https"
    if rest.startswith("["):
        host, closed, port = rest[1:].partition("]")
        known = closed == "]" and _version(host) == 6
    else:
        host, _, port = rest.partition(":")
        port = rest[len(host) :]
        known = bool(_NAME.fullmatch(host)) and _is_name_or_address(host)
    if port and not re.fullmatch(r":[0-9]{1,5}", port):
        known = False
    number = int(port[1:]) if known and port else _PORTS.get(scheme, 0)
    fits = len(host) <= 253 and 0 < number <= 65_535
    if not known or not fits or scheme not in _PORTS or not set(flags) <= {"internal", "keyed"}:
        raise ValueError(f"must list hosts, {_HINT}")
    if _version(host) == 6:
        host = ip_address(host).compressed
    return AllowedHost(
        scheme=scheme,
        host=host,
        port=number,
        internal="internal" in flags,
        keyed="keyed" in flags,
    )


def _version(host: str) -> int:
    """Return 4 or 6 for an address, 0 for anything else (zones such as `%eth0` included)."""
    try:
        return 0 if "%" in host else ip_address(host).version
    except ValueError:
        return 0


def _is_name_or_address(host: str) -> bool:
    """Refuse what only looks like an address: 127.1, 0x7f.0.0.1, 2130706433."""
    last = host.rpartition(".")[2]
    return _version(host) == 4 or not re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last)
