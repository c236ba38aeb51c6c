"""The key that signs the journal's heads, derived from the deployment's secret."""

from __future__ import annotations

import hmac

from pydantic import SecretStr

from bot.settings import Settings


def journal_key(secret: SecretStr) -> bytes:
    """Return a key that signs nothing else, and from which the secret cannot be told."""
    return hmac.digest(secret.get_secret_value().encode(), b"journal", "sha256")


def former_journal_keys(settings: Settings) -> tuple[bytes, ...]:
    """Return the keys that signed before SECRET_KEY was changed, as far as they are given."""
    return tuple(journal_key(former) for former in settings.secret_key_previous)
