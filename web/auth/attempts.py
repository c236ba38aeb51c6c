"""How often one address or one name may try the doors of the house."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from aiohttp import web

from bot.domain.errors import RateLimited
from bot.domain.instants import HOUR, MINUTE, SECOND, Micros
from bot.domain.rates import Limit
from bot.service.ports.store import Transaction
from web.keys import CLOCK, STORE


@dataclass(frozen=True, kw_only=True, slots=True)
class Hourly:
    """So many an hour, all of them at once if need be; `scope` names what they are."""

    scope: str
    per_hour: int
    per_minute: int = 1

    @property
    def interval(self) -> Micros:
        """Return the time that one uses up."""
        return HOUR // self.per_hour

    def wait(self, arrival: Micros, now: Micros) -> int:
        """Return the whole seconds to wait, 0 when it may go on, as `Limit.wait` does."""
        return max(0, -(-(arrival - now - HOUR) // SECOND))


PER_ADDRESS = Limit(scope="sign_in", per_minute=60)
"""For login and refresh; a whole office shares one address."""
DOORS = {
    "register": Limit(scope="sign_in", per_minute=30),
    "verify": Limit(scope="sign_in", per_minute=30),
    "slack": Limit(scope="sign_in", per_minute=30),
    "password": Limit(scope="sign_in", per_minute=10),
    "reset": Limit(scope="sign_in", per_minute=10),
    "administrator": Limit(scope="sign_in", per_minute=10),
}
"""For doors where nobody knocks often."""
PER_NAME = Limit(scope="sign_in", per_minute=20)
"""Sign-ins for one user name, from wherever they come."""
CODE, LINK = "code", "link"
PER_LETTER = Hourly(scope="letters", per_hour=6)
"""Codes to one mail address, and links to it, whoever asks: nobody is flooded through us."""


async def allow(request: web.Request, door: str, name: str | None = None) -> None:
    """Count a try at `door`; `RateLimited` when the remote address or the name had too many."""
    limits: list[tuple[str, Limit | Hourly]] = [
        (f"auth:{door}:from:{network(request.remote)}", DOORS.get(door, PER_ADDRESS))
    ]
    if name is not None:
        limits.append((f"auth:{door}:name:{name.strip().casefold()[:254]}", PER_NAME))
    await request.app[STORE].run(take, limits, request.app[CLOCK].now())


def spend_letter(tx: Transaction, kind: str, email: str, now: Micros) -> None:
    """Count a letter to an address; `RateLimited` when it got too many of its kind.

    Each kind has its own count: codes are refused in so many words, links are not, and one that
    used up the other would tell whose address is known.
    """
    take(tx, [(f"auth:letters:{kind}:{email.casefold()[:254]}", PER_LETTER)], now)


def take(tx: Transaction, limits: Sequence[tuple[str, Limit | Hourly]], now: Micros) -> None:
    """Count a try against each limit; a refused one counts nowhere, since it is rolled back."""
    for key, limit in limits:
        longest = 2 * (HOUR if isinstance(limit, Hourly) else MINUTE)
        wait = limit.wait(tx.rates.advance(key, now, limit.interval, longest), now)
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
