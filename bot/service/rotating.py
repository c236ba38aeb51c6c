"""Rotating the deployment's secret: what the former one sealed or signed is done anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.domain.chain import key_id
from bot.domain.errors import Conflict, Unavailable
from bot.domain.instants import Micros
from bot.service.ports.sealer import Sealer
from bot.service.ports.store import Transaction

SERVING = "secret.serving"
"""The mark that names the key under which a server started last."""


def note_key(tx: Transaction, journal_key: bytes, now: Micros) -> None:
    """Note with which key the server signs, by its name."""
    name = key_id(journal_key)
    if tx.marks.get(SERVING) != name:
        tx.marks.put(SERVING, name, now)


def check_key(tx: Transaction, journal_key: bytes) -> None:
    """Refuse to sign with a key that the server, started before, does not know."""
    serving = tx.marks.get(SERVING)
    if serving is not None and serving != key_id(journal_key):
        raise Conflict(
            "The server was started with another SECRET_KEY than this command sees. Restart every "
            "server with the new SECRET_KEY, and the former one in SECRET_KEY_PREVIOUS; then "
            "rotate.",
            code="other_key",
        )


def kept(tx: Transaction) -> Iterator[tuple[str, str]]:
    """Return kind and key of everything that is kept sealed."""
    for kind in tx.vault.kinds():
        for secret in tx.vault.all(kind):
            yield kind, secret.key


def seal_anew(tx: Transaction, sealer: Sealer, kind: str, key: str) -> bool | None:
    """Seal one value under the newest key; False when it is already, None when nothing opens it."""
    secret = tx.vault.lock(kind, key)
    if secret is None or sealer.is_current(secret.sealed):
        return False
    try:
        value = sealer.unseal(kind, key, secret.sealed)
    except Unavailable:
        return None
    tx.vault.put(replace(secret, sealed=sealer.seal(kind, key, value)))
    return True
