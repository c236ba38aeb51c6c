"""Who has allowed which client what: clients, codes, grants and access tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.domain.instants import MINUTE, SECOND, Micros
from tests.gmail.clock import Clock

ACCESS_LIFETIME = 3_599
"""Seconds that an access token is valid, as Google counts them."""
_CODE_LIFETIME = 10 * MINUTE
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class OAuthError(Exception):
    """What the token endpoint says no with: RFC 6749, section 5.2."""

    def __init__(self, error: str, description: str, *, code: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """A registered application; one with no redirect addresses is an installed one."""

    id: str
    secret: str
    redirect_uris: tuple[str, ...]

    def may_redirect(self, uri: str) -> bool:
        """Say whether it may be sent there; an installed one, to the person's own machine."""
        if self.redirect_uris:
            return uri in self.redirect_uris
        parts = urlsplit(uri)
        return parts.scheme == "http" and parts.hostname in _LOOPBACK


@dataclass(kw_only=True)
class Grant:
    """What one person allowed one client; its refresh token lives until that is revoked."""

    client_id: str
    email: str
    scopes: frozenset[str]
    refresh_token: str = field(default_factory=lambda: f"1//0{secrets.token_urlsafe(60)}")
    revoked: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessToken:
    grant: Grant
    scopes: frozenset[str]
    expires_at: Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """What the redirect carries, to be exchanged once."""

    grant: Grant
    scopes: frozenset[str]
    redirect_uri: str
    challenge: str
    method: str
    with_refresh_token: bool
    expires_at: Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Issued:
    """An answer of the token endpoint."""

    access_token: str
    refresh_token: str | None
    grant: Grant
    scopes: frozenset[str]


class Consent:
    """The authorisation server's memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.clients: dict[str, Client] = {}
        self.grants: list[Grant] = []
        self._codes: dict[str, Code] = {}
        self._access: dict[str, AccessToken] = {}

    def register(self, client_id: str, secret: str, redirect_uris: tuple[str, ...]) -> Client:
        client = Client(id=client_id, secret=secret, redirect_uris=redirect_uris)
        self.clients[client_id] = client
        return client

    def allow(self, client_id: str, email: str, scopes: frozenset[str]) -> tuple[Grant, bool]:
        """Keep that a person allowed a client these scopes; say too whether for the first time."""
        for grant in self.grants:
            if (grant.client_id, grant.email, grant.revoked) == (client_id, email, False):
                grant.scopes |= scopes
                return grant, False
        grant = Grant(client_id=client_id, email=email, scopes=scopes)
        self.grants.append(grant)
        return grant, True

    def code(
        self,
        grant: Grant,
        *,
        scopes: frozenset[str],
        redirect_uri: str,
        challenge: str,
        method: str,
        with_refresh_token: bool,
    ) -> str:
        code = f"4/0A{secrets.token_urlsafe(48)}"
        self._codes[code] = Code(
            grant=grant,
            scopes=scopes,
            redirect_uri=redirect_uri,
            challenge=challenge,
            method=method,
            with_refresh_token=with_refresh_token,
            expires_at=self._clock.now() + _CODE_LIFETIME,
        )
        return code

    def check_client(self, client_id: str, secret: str) -> Client:
        client = self.clients.get(client_id)
        if client is None:
            raise OAuthError("invalid_client", "The OAuth client was not found.", code=401)
        if not hmac.compare_digest(client.secret, secret):
            raise OAuthError("invalid_client", "Unauthorized", code=401)
        return client

    def exchange(self, client: Client, code: str, redirect_uri: str, verifier: str) -> Issued:
        """Turn a code into tokens, once; the PKCE verifier must fit (RFC 7636, section 4.6)."""
        held = self._codes.pop(code, None)
        if (
            held is None
            or held.grant.client_id != client.id
            or held.expires_at <= self._clock.now()
            or held.grant.revoked
        ):
            raise OAuthError("invalid_grant", "Malformed auth code.")
        if held.redirect_uri != redirect_uri:
            raise OAuthError("redirect_uri_mismatch", "Bad Request")
        if held.challenge and not verifier:
            raise OAuthError("invalid_grant", "Missing code verifier.")
        if verifier and _challenge(verifier, held.method) != held.challenge:
            raise OAuthError("invalid_grant", "Invalid code verifier.")
        refresh = held.grant.refresh_token if held.with_refresh_token else None
        return self._issue(held.grant, held.scopes, refresh)

    def refresh(self, client: Client, refresh_token: str, scopes: frozenset[str]) -> Issued:
        """Issue a new access token, with all granted scopes unless fewer are asked for."""
        grant = self._grant_of(refresh_token)
        if grant is None or grant.revoked or grant.client_id != client.id:
            raise OAuthError("invalid_grant", "Token has been expired or revoked.")
        if not scopes <= grant.scopes:
            raise OAuthError("invalid_scope", "Some requested scopes were invalid.")
        return self._issue(grant, scopes or grant.scopes, None)

    def revoke(self, token: str) -> bool:
        """Take back the grant that a token of either kind belongs to; False for an unknown one."""
        access = self._access.get(token)
        grant = access.grant if access else self._grant_of(token)
        if grant is None or grant.revoked:
            return False
        grant.revoked = True
        return True

    def revoke_all(self, email: str) -> None:
        """Take back everything that a person allowed."""
        for grant in self.grants:
            if grant.email == email:
                grant.revoked = True

    def access(self, token: str) -> AccessToken | None:
        """Return what a token allows; None when it is unknown, expired or revoked."""
        found = self._access.get(token)
        if found is None or found.grant.revoked or found.expires_at <= self._clock.now():
            return None
        return found

    def expire_access(self, email: str | None = None) -> None:
        """Let access tokens end now, of one person or of all."""
        self._access = {
            token: access
            for token, access in self._access.items()
            if email is not None and access.grant.email != email
        }

    def _issue(self, grant: Grant, scopes: frozenset[str], refresh: str | None) -> Issued:
        token = f"ya29.a0{secrets.token_urlsafe(96)}"
        expires_at = self._clock.now() + ACCESS_LIFETIME * SECOND
        self._access[token] = AccessToken(grant=grant, scopes=scopes, expires_at=expires_at)
        return Issued(access_token=token, refresh_token=refresh, grant=grant, scopes=scopes)

    def _grant_of(self, refresh_token: str) -> Grant | None:
        return next((one for one in self.grants if one.refresh_token == refresh_token), None)


def _challenge(verifier: str, method: str) -> str:
    if method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return verifier
