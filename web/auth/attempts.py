"""How often one address or one name may try the doors of the house."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from aiohttp import web

from bot.domain.errors import RateLimited
from bot.domain.instants import Micros
from bot.domain.rates import Limit
from bot.service.ports.store import Transaction
from web.keys import CLOCK, STORE

PER_ADDRESS = Limit(scope="sign_in", per_minute=60)
"""For each of register, login, refresh and verify; a whole office shares one address."""
PER_NAME = Limit(scope="sign_in", per_minute=20)
"""Sign-ins for one user name, from wherever they come."""


async def allow(request: web.Request, door: str, name: str | None = None) -> None:
    """Count a try at `door`; `RateLimited` when the remote address or the name had too many."""
    limits = [(f"auth:{door}:from:{network(request.remote)}", PER_ADDRESS)]
    if name is not None:
        limits.append((f"auth:{door}:name:{name.strip().casefold()[:254]}", PER_NAME))
    await request.app[STORE].run(take, limits, request.app[CLOCK].now())


def take(tx: Transaction, limits: list[tuple[str, Limit]], now: Micros) -> None:
    """Count a try against each limit; a refused one counts nowhere, since it is rolled back."""
    for key, limit in limits:
        wait = limit.wait(tx.rates.advance(key, now, limit.interval), now)
        if wait:
            raise RateLimited(
                f"Too many tries. Wait {wait} s and try again.",
                retry_after=wait,
                limit=limit.per_minute,
                scope=limit.scope,
            )


def network(remote: str | None) -> str:
    """Return what counts as one sender: an IPv4 address, or an IPv6 network of a household."""
    try:
        address = ip_address(remote or "")
    except ValueError:
        return "local"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(IPv6Address(int(address) >> 64 << 64))
    return str(address)
