"""The sealer port: secrets that are kept are sealed, each to its own place."""

from __future__ import annotations

from typing import Protocol


class Sealer(Protocol):
    """Seals values under the deployment's key; former keys still open what they sealed."""

    def seal(self, kind: str, key: str, value: bytes) -> bytes:
        """Return `value` sealed to this kind and key: elsewhere it does not open."""
        ...

    def unseal(self, kind: str, key: str, sealed: bytes) -> bytes:
        """Return what was sealed; `Unavailable` when no key of this deployment opens it."""
        ...

    def is_current(self, sealed: bytes) -> bool:
        """Tell whether it is sealed under the newest key."""
        ...
