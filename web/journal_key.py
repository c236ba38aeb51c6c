"""The key that signs the journal's heads, derived from the deployment's secret."""

from __future__ import annotations

import hmac

from pydantic import SecretStr


def journal_key(secret: SecretStr) -> bytes:
    """Return a key that signs nothing else, and from which the secret cannot be told."""
    return hmac.digest(secret.get_secret_value().encode(), b"journal", "sha256")
