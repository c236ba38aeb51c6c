"""How often one address or one name may try the doors of the house."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from aiohttp import web

from bot.domain.errors import RateLimited
from bot.domain.instants import MINUTE, SECOND, Micros
from bot.service.ports.store import Transaction
from web.keys import CLOCK, STORE

PER_ADDRESS = 60
"""A minute, for each of register, login, refresh and verify; an office shares one address."""
PER_NAME = 20
"""Sign-ins a minute for one user name, from wherever they come."""


async def allow(request: web.Request, door: str, name: str | None = None) -> None:
    """Count a try at `door`; `RateLimited` when the remote address or the name had too many."""
    limits = [(f"auth:{door}:from:{_network(request.remote)}", PER_ADDRESS)]
    if name is not None:
        limits.append((f"auth:{door}:name:{name.strip().casefold()[:254]}", PER_NAME))
    await request.app[STORE].run(take, limits, request.app[CLOCK].now())


def take(tx: Transaction, limits: list[tuple[str, int]], now: Micros) -> None:
    """Take one cell of each limit; a refusal takes none, since it is rolled back.

    The generic cell rate algorithm: a whole minute's worth may come at once.
    """
    for key, per_minute in limits:
        ahead = tx.rates.advance(key, now, MINUTE // per_minute) - now - MINUTE
        if ahead > 0:
            wait = -(-ahead // SECOND)
            raise RateLimited(
                f"Too many tries. Wait {wait} second{'' if wait == 1 else 's'} and try again.",
                retry_after=wait,
                limit=per_minute,
                scope="sign_in",
            )


def _network(remote: str | None) -> str:
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
