"""The mailbox's credentials: from the vault or the settings, kept when rotated, shut when revoked.

What was connected by hand goes before the settings, unless the settings' token is a new one.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from google.auth.exceptions import RefreshError, TransportError
from google.oauth2.credentials import Credentials

from bot.channels.gmail.config import GmailConfig
from bot.channels.gmail.refusals import Broken, NotConnected
from bot.domain.errors import HandraiseError
from bot.domain.instants import Micros
from bot.service.ports.clock import Clock
from bot.service.ports.sealer import Sealer
from bot.service.ports.store import Store, Transaction
from bot.service.ports.vault import Secret

SCOPES = ("https://www.googleapis.com/auth/gmail.modify",)
KIND = "gmail.credentials"
KEY = "mailbox"
CLOSED = "gmail.closed"
"""The mark that says why the mailbox is shut."""
REVOKED = (
    "Google does not take the mailbox's credentials any more: access was revoked or has ended. "
    "Connect it again with `handraise gmail connect`."
)
NEVER = "No mailbox is connected. Run `handraise gmail connect`, or set GMAIL_REFRESH_TOKEN."


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What is kept, sealed, of a mailbox that was connected."""

    refresh_token: str
    address: str = ""
    from_settings: str = ""
    """A hash of the settings' token that it came from; empty when connected by hand."""

    def to_json(self) -> bytes:
        """Return it as it is sealed."""
        return json.dumps(
            {
                "refresh_token": self.refresh_token,
                "address": self.address,
                "from_settings": self.from_settings,
            }
        ).encode()


class Keyring:
    """Holds the credentials in force; `load` before use, and again when somebody else may write."""

    def __init__(self, *, config: GmailConfig, store: Store, sealer: Sealer, clock: Clock) -> None:
        self._config = config
        self._store = store
        self._sealer = sealer
        self._clock = clock
        self._kept: Kept | None = None
        self._credentials: Credentials | None = None
        self.closed: str = NEVER
        """Why there is nothing to sign calls with; empty while there is."""

    @property
    def address(self) -> str:
        """Return the address of the mailbox that was connected, as far as it is known."""
        return self._kept.address if self._kept else ""

    async def load(self) -> None:
        """Read what is in force now: somebody may have connected the mailbox meanwhile."""
        secret, closed = await self._store.read(_stored)
        kept: Kept | None = None
        if secret is not None:
            kept = unsealed(self._sealer, secret)
        given = self._config.refresh_token
        if given and (kept is None or kept.from_settings not in ("", _hash(given))):
            kept = Kept(refresh_token=given, from_settings=_hash(given))
            closed = closed if closed and closed.endswith(_hash(given)) else None
        if kept is None:
            self._kept = self._credentials = None
            self.closed = NEVER
            return
        if self._kept is None or kept.refresh_token != self._kept.refresh_token:
            self._credentials = _credentials(self._config, kept.refresh_token)
        self._kept = kept
        self.closed = REVOKED if closed and closed.endswith(_hash(kept.refresh_token)) else ""

    def current(self) -> Credentials:
        """Return what signs calls; `NotConnected` when there is nothing, or it was revoked."""
        if self._credentials is None or self.closed:
            raise NotConnected(self.closed or NEVER)
        return self._credentials

    async def after_call(self, used: Credentials) -> None:
        """Keep a refresh token that was rotated during a call."""
        kept = self._kept
        if kept is None or used is not self._credentials:
            return
        token = used.refresh_token
        if token and token != kept.refresh_token:
            await self.keep(
                Kept(
                    refresh_token=token,
                    address=kept.address,
                    from_settings=kept.from_settings,
                )
            )

    async def keep(self, kept: Kept) -> None:
        """Keep credentials in place of those before, and open the mailbox."""
        await self._store.run(seal_in, self._sealer, kept, self._clock.now())
        await self.load()

    async def close(self, used: Credentials) -> None:
        """Shut the mailbox: its owner took the credentials back; remembered after a restart."""
        if self._kept is None or used is not self._credentials:
            return
        self.closed = REVOKED
        value = f"revoked:{_hash(self._kept.refresh_token)}"
        await self._store.run(lambda tx: tx.marks.put(CLOSED, value, self._clock.now()))


def refresh_refusal(error: RefreshError | TransportError) -> tuple[HandraiseError, bool]:
    """Return our error for a refresh that failed, and whether the credentials are void."""
    words = str(error.args[0]) if error.args else ""
    if isinstance(error, RefreshError) and (
        "invalid_grant" in words or "invalid_client" in words or "unauthorized_client" in words
    ):
        return NotConnected(REVOKED), True
    return Broken("Google's sign-in cannot be reached."), False


def seal_in(tx: Transaction, sealer: Sealer, kept: Kept, now: Micros) -> None:
    """Keep a mailbox's credentials, and forget why it was shut."""
    sealed = sealer.seal(KIND, KEY, kept.to_json())
    tx.vault.put(Secret(kind=KIND, key=KEY, sealed=sealed, updated_at=now))
    tx.marks.drop(CLOSED)


def unsealed(sealer: Sealer, secret: Secret) -> Kept:
    """Return what was sealed; `Unavailable` when the deployment's key does not open it."""
    found = json.loads(sealer.unseal(KIND, KEY, secret.sealed))
    return Kept(
        refresh_token=found["refresh_token"],
        address=found.get("address", ""),
        from_settings=found.get("from_settings", ""),
    )


def _stored(tx: Transaction) -> tuple[Secret | None, str | None]:
    return tx.vault.get(KIND, KEY), tx.marks.get(CLOSED)


def _credentials(config: GmailConfig, refresh_token: str) -> Credentials:
    return Credentials(  # type: ignore[no-untyped-call]
        token=None,
        refresh_token=refresh_token,
        token_uri=config.token_url,
        client_id=config.client_id,
        client_secret=config.client_secret,
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:16]
