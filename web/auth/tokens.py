"""Access tokens (JWT) and refresh tokens (opaque); pure computing, the time is an argument."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any

import jwt

from bot.domain.errors import Unauthenticated
from bot.domain.instants import MINUTE, SECOND, Micros
from bot.service.identifiers import new_id

ISSUER = "handraise"
AUDIENCE = "handraise/web"
_ALGORITHM = "HS256"
_REQUIRED = ["iss", "aud", "sub", "fam", "typ", "iat", "exp", "jti"]
_MAX_TOKEN = 4096
_AHEAD: Micros = 10 * MINUTE
"""How far the clocks of two servers may differ: a token from further ahead is none of ours."""
_HEADER = jwt.encode({}, b"\0" * 32, algorithm=_ALGORITHM).partition(".")[0] + "."
"""The only header we make. No other is read: no other algorithm, `kid`, `jku`, `x5u`, `crit`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessClaims:
    """What a valid access token says."""

    account_id: str
    family_id: str
    expires_at: Micros


class Tokens:
    """Makes and reads tokens with one secret; lifetimes are in microseconds."""

    def __init__(
        self,
        secret: str,
        *,
        access_lifetime: Micros,
        refresh_lifetime: Micros,
        former: tuple[str, ...] = (),
    ) -> None:
        """`former` are the secrets before this one: what they signed is valid until it ends."""
        self._secret = secret.encode()
        self._former = tuple(each.encode() for each in former)
        # A key of its own for each purpose: what signs here proves nothing elsewhere.
        self._signing_key = self.keyed("access-token")
        self._reading_keys = self.keyed_by_each("access-token")
        self.access_lifetime = access_lifetime
        self.refresh_lifetime = refresh_lifetime

    def keyed(self, purpose: str, *parts: str) -> bytes:
        """Return HMAC-SHA256 of `parts` under the secret, told apart by `purpose`."""
        return _keyed(self._secret, purpose, parts)

    def keyed_by_each(self, purpose: str, *parts: str) -> tuple[bytes, ...]:
        """Return `keyed` under this secret and each former one: to recognise, not to make."""
        secrets = (self._secret, *self._former)
        return tuple(_keyed(secret, purpose, parts) for secret in secrets)

    def issue_access(self, account_id: str, family_id: str, now: Micros) -> str:
        """Return a signed access token that ends a lifetime after `now`."""
        issued = now // SECOND
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": account_id,
            "fam": family_id,
            "typ": "access",
            "iat": issued,
            "exp": issued + self.access_lifetime // SECOND,
            "jti": new_id(),
        }
        return jwt.encode(claims, self._signing_key, algorithm=_ALGORITHM)

    def read_access(self, token: str, now: Micros) -> AccessClaims:
        """Return what `token` says; `Unauthenticated` when it is forged, foreign or over."""
        invalid = Unauthenticated(
            "This token is not valid here. Sign in again.", code="token_invalid"
        )
        if len(token) > _MAX_TOKEN or not token.startswith(_HEADER):
            raise invalid
        claims = next((c for key in self._reading_keys if (c := _claims(token, key))), None)
        if claims is None:
            raise invalid
        subject, family, expires = claims["sub"], claims["fam"], claims["exp"]
        texts = isinstance(subject, str) and isinstance(family, str)
        whole = type(expires) is int and type(claims["iat"]) is int
        if claims["typ"] != "access" or not texts or not whole:
            raise invalid
        if claims["iat"] * SECOND > now + _AHEAD:
            raise invalid
        if now >= expires * SECOND:
            raise Unauthenticated(
                "This token has ended. Refresh it or sign in again.", code="token_expired"
            )
        return AccessClaims(account_id=subject, family_id=family, expires_at=expires * SECOND)

    def successor(self, refresh_token: str) -> str:
        """Return the token that replaces `refresh_token`: the same one however often asked.

        Derived, so that a client whose answer was lost can ask again and only hashes are stored.
        """
        return f"hrr_{self.keyed('refresh-successor', refresh_token).hex()}"


def new_refresh_token() -> str:
    """Return an opaque token of 256 random bits, for a new sign-in."""
    return f"hrr_{secrets.token_hex(32)}"


def hash_of(refresh_token: str) -> str:
    """Return what is stored of a refresh token; it is random, so a plain hash is enough."""
    return hashlib.sha256(refresh_token.encode(errors="surrogatepass")).hexdigest()


def _keyed(secret: bytes, purpose: str, parts: tuple[str, ...]) -> bytes:
    message = "|".join((purpose, *parts)).encode(errors="surrogatepass")
    return hmac.digest(secret, message, "sha256")


def _claims(token: str, key: bytes) -> dict[str, Any] | None:
    """Return what a token says that this key signed, for us; None for every other."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            # PyJWT would ask the machine for the time; the clock is ours.
            options={
                "require": _REQUIRED,
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return None
    return claims
