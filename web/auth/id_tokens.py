"""Identity tokens of OpenID Connect: signed by their issuer, for us, just now, once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
import jwt

from bot.domain.errors import NotAllowed, Unavailable
from bot.domain.instants import HOUR, MINUTE, SECOND, Micros

KEPT: Micros = HOUR
"""How long keys are believed without asking again."""
AGAIN: Micros = MINUTE
"""How soon an unknown key makes us ask again."""
SKEW: Micros = 5 * MINUTE
_TIMEOUT = aiohttp.ClientTimeout(total=10)
_MAX_KEYS = 256 * 1024
_MAX_TOKEN = 8192
_REQUIRED = ["iss", "aud", "sub", "exp", "iat", "nonce"]


class KeySet:
    """The keys of one issuer, fetched when they are needed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str, jwt.PyJWK] = {}
        self._asked_at: Micros | None = None
        self._asking = asyncio.Lock()

    async def key(self, key_id: str, now: Micros) -> jwt.PyJWK:
        """Return a key by its id; `NotAllowed` for an unknown one, `Unavailable` while none."""
        async with self._asking:
            age = None if self._asked_at is None else now - self._asked_at
            if age is None or age >= KEPT or (key_id not in self._keys and age >= AGAIN):
                self._keys = await self._fetch()
                self._asked_at = now
        if key_id not in self._keys:
            raise forged()
        return self._keys[key_id]

    async def _fetch(self) -> dict[str, jwt.PyJWK]:
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                session.get(self._url, allow_redirects=False) as answer,
            ):
                if answer.status != 200:
                    raise _unreachable()
                body = await answer.content.read(_MAX_KEYS)
            found = jwt.PyJWKSet.from_json(body.decode())
        except (aiohttp.ClientError, TimeoutError, ValueError, jwt.PyJWTError):
            raise _unreachable() from None
        return {
            key.key_id: key
            for key in found.keys
            if key.key_id is not None and key.key_type == "RSA"
        }


async def read_id_token(
    token: str, keys: KeySet, *, issuer: str, audience: str, nonce: str, now: Micros
) -> Mapping[str, Any]:
    """Return the claims of an identity token; `NotAllowed` when it is not all that it must be.

    OpenID Connect Core 1.0, 3.1.3.7: signed by RS256 with a key of the issuer's own set, issued by
    it, for us alone, with the nonce of this very sign-in, not over and not from the future.
    """
    if len(token) > _MAX_TOKEN:
        raise forged()
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise forged() from None
    key_id = header.get("kid")
    if header.get("alg") != "RS256" or not isinstance(key_id, str) or "crit" in header:
        raise forged()
    key = await keys.key(key_id, now)
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=["RS256"],
            audience=audience,
            issuer=issuer,
            options={
                "require": _REQUIRED,
                "strict_aud": True,
                # The clock is ours.
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise forged() from None
    expires, issued = claims["exp"], claims["iat"]
    if type(expires) is not int or type(issued) is not int or claims["nonce"] != nonce:
        raise forged()
    if now >= expires * SECOND + SKEW or issued * SECOND > now + SKEW:
        raise forged()
    return claims


def forged() -> NotAllowed:
    """Return the refusal of what cannot be believed."""
    return NotAllowed(
        "Slack's answer could not be believed. Begin to sign in once more.", code="id_token_invalid"
    )


def _unreachable() -> Unavailable:
    return Unavailable("Slack does not answer just now. Try again in a minute.", code="slack_down")
