"""Sealing secrets at rest: AES-256-GCM under keys derived from the deployment's secrets."""

from __future__ import annotations

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.domain.errors import Unavailable

_FORMAT = b"\x01"
_KEY_ID = 8
_NONCE = 12


class SecretSealer:
    """Implements the port `Sealer`; seals under `secret`, opens what any of `former` sealed too.

    Sealed: a format byte, the key's id, a nonce (96 bits, random: NIST SP 800-38D allows 2**32
    under one key), then ciphertext and tag. Kind and key are authenticated with it.
    """

    def __init__(self, secret: str, *, former: tuple[str, ...] = ()) -> None:
        self._current = _derived(secret)
        self._keys = {_id_of(key): key for key in (*map(_derived, former), self._current)}

    def seal(self, kind: str, key: str, value: bytes) -> bytes:
        """Return `value` sealed to this kind and key."""
        nonce = os.urandom(_NONCE)
        sealed = AESGCM(self._current).encrypt(nonce, value, _bound(kind, key))
        return _FORMAT + _id_of(self._current) + nonce + sealed

    def unseal(self, kind: str, key: str, sealed: bytes) -> bytes:
        """Return what was sealed; `Unavailable` when no key of this deployment opens it."""
        start = len(_FORMAT) + _KEY_ID
        secret = self._keys.get(sealed[len(_FORMAT) : start])
        if secret is None or not sealed.startswith(_FORMAT):
            raise _lost(kind)
        nonce, ciphertext = sealed[start : start + _NONCE], sealed[start + _NONCE :]
        try:
            return AESGCM(secret).decrypt(nonce, ciphertext, _bound(kind, key))
        except (InvalidTag, ValueError):
            raise _lost(kind) from None

    def is_current(self, sealed: bytes) -> bool:
        """Tell whether it is sealed under the newest key."""
        return sealed[len(_FORMAT) : len(_FORMAT) + _KEY_ID] == _id_of(self._current)


def _lost(kind: str) -> Unavailable:
    return Unavailable(
        f"What was kept for {kind} cannot be opened with this SECRET_KEY. Set SECRET_KEY_PREVIOUS "
        "to the key it was kept under, or connect it again.",
        code="sealed",
    )


def _derived(secret: str) -> bytes:
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"handraise sealing")
    return hkdf.derive(secret.encode())


def _id_of(key: bytes) -> bytes:
    return hashlib.sha256(b"id" + key).digest()[:_KEY_ID]


def _bound(kind: str, key: str) -> bytes:
    return f"{kind}\n{key}".encode()
