"""What a transaction can do with secrets, marks, leases and link tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.instants import Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Secret:
    """A sealed value: an installation, a credential, the state of a sign-in that has begun."""

    kind: str
    key: str
    sealed: bytes
    expires_at: Micros | None = None
    updated_at: Micros


class VaultTable(Protocol):
    """Sealed values by kind and key; what is in them only the sealer can read."""

    def put(self, secret: Secret) -> None:
        """Keep a value, in place of the one before."""
        ...

    def get(self, kind: str, key: str) -> Secret | None: ...
    def lock(self, kind: str, key: str) -> Secret | None: ...
    def all(self, kind: str) -> Sequence[Secret]: ...
    def kinds(self) -> Sequence[str]: ...
    def drop(self, kind: str, key: str) -> bool:
        """Forget a value; False when there was none: who gets True has used it up."""
        ...

    def prune(self, before: Micros, limit: int) -> int:
        """Forget values that expired before then."""
        ...


class MarkTable(Protocol):
    """Small facts that outlive a restart, by name: how far a mailbox was read, why a door shut."""

    def get(self, name: str) -> str | None: ...
    def put(self, name: str, value: str, at: Micros) -> None: ...
    def drop(self, name: str) -> None: ...
    def like(self, prefix: str) -> Sequence[tuple[str, str, Micros]]:
        """Return name, value and time of the marks whose name begins so."""
        ...

    def prune(self, prefix: str, before: Micros, limit: int) -> int:
        """Forget marks whose name begins so and that were put before then."""
        ...


class LeaseTable(Protocol):
    """What one server at a time does: rotating a token, reading a mailbox."""

    def take(self, name: str, owner: str, now: Micros, until: Micros) -> int | None:
        """Take a lease that is free or one's own; return its number, which grows; else None."""
        ...

    def holds(self, name: str, owner: str, number: int) -> bool:
        """Tell, holding the row, whether that lease is still the one in force."""
        ...

    def give_back(self, name: str, owner: str, number: int) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A one-use link to a question, for one person; only its token's hash is kept."""

    token_hash: str
    request_id: str
    person_id: str
    address: str
    """To where it was sent, in the channel's words; said with the answer."""
    created_at: Micros
    expires_at: Micros
    used_at: Micros | None = None


class LinkTable(Protocol):
    """Links that were sent."""

    def add(self, link: Link) -> None: ...
    def find(self, token_hash: str) -> Link | None: ...
    def lock(self, token_hash: str) -> Link | None: ...
    def use(self, token_hash: str, at: Micros) -> None: ...
    def prune(self, before: Micros, limit: int) -> int:
        """Forget links that expired before then."""
        ...
