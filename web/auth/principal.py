"""Who a request or a socket acts for: an access token, checked against the clock and the store."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from bot.domain.errors import NotAllowed, Unauthenticated
from bot.domain.instants import Micros
from bot.service.ports.store import Transaction
from web.auth.tokens import AccessClaims
from web.keys import CLOCK, SETTINGS, STORE, TOKENS


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """An account that is signed in, until `expires_at`; `person_id` is canonical."""

    account_id: str
    person_id: str
    username: str
    verified: bool
    family_id: str
    expires_at: Micros
    is_admin: bool = False


async def authenticate(
    app: web.Application, token: str, *, unconfirmed_too: bool = False
) -> Principal:
    """Return whom an access token stands for.

    Raises `Unauthenticated` with the code `token_invalid`, `token_expired` or `signed_out`, and
    `NotAllowed` with `not_verified` where only the organisation's own addresses may register and
    this one is not confirmed yet: until then anybody may have claimed it.
    """
    claims = app[TOKENS].read_access(token, app[CLOCK].now())
    principal: Principal = await app[STORE].read(_principal, claims)
    if app[SETTINGS].registration == "domain" and not (principal.verified or unconfirmed_too):
        raise NotAllowed("Confirm your address first.", code="not_verified")
    return principal


async def principal_of(request: web.Request, *, unconfirmed_too: bool = False) -> Principal:
    """Return who signed this request, by its `Authorization: Bearer` header."""
    return await authenticate(request.app, bearer_of(request), unconfirmed_too=unconfirmed_too)


def bearer_of(request: web.Request) -> str:
    """Return the token in the `Authorization` header (RFC 6750, section 2.1)."""
    header = request.headers.get("Authorization")
    if header is None:
        raise Unauthenticated("Sign in first.")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("Send `Authorization: Bearer <token>`.", code="token_invalid")
    return token.strip()


def _principal(tx: Transaction, claims: AccessClaims) -> Principal:
    family = tx.accounts.get_family(claims.family_id)
    account = tx.accounts.get(claims.account_id)
    if account is None or family is None or family.account_id != account.id:
        raise Unauthenticated("This token is not valid here. Sign in again.", code="token_invalid")
    if family.revoked_at is not None or account.disabled_at is not None:
        raise Unauthenticated("You are signed out. Sign in again.", code="signed_out")
    person = tx.people.get(account.person_id)
    return Principal(
        account_id=account.id,
        person_id=person.canonical_id if person else account.person_id,
        username=account.username,
        verified=account.verified_at is not None,
        family_id=family.id,
        expires_at=claims.expires_at,
        is_admin=account.is_admin,
    )
