"""How Slack signs what it sends, and how a forger or a broken proxy would."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Tampering:
    """What is wrong with a request; by default nothing is."""

    secret: str | None = None
    """Sign with this secret and not the app's."""
    signature: str | None = None
    """Send this as the signature; the empty string sends no such header."""
    timestamp: str | None = None
    """Send this as the timestamp; the empty string sends no such header."""
    age: float = 0.0
    """How many seconds ago the request claims to have been made."""
    body: bytes | None = None
    """Send this body under the signature of the true one."""


HONEST = Tampering()


def headers(secret: str, now: float, body: bytes, tampering: Tampering = HONEST) -> dict[str, str]:
    """Return the signature's headers for a body."""
    timestamp = str(int(now - tampering.age))
    base = f"v0:{timestamp}:".encode() + body
    digest = hmac.new((tampering.secret or secret).encode(), base, hashlib.sha256).hexdigest()
    signature = f"v0={digest}" if tampering.signature is None else tampering.signature
    timestamp = timestamp if tampering.timestamp is None else tampering.timestamp
    sent = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature}
    return {name: value for name, value in sent.items() if value}
