"""Judges the signing secret, and keeps the one that development makes for itself."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

MIN_SECRET_LENGTH = 32
"""Characters; an HS256 key should have at least the 256 bits of its hash (RFC 7518, 3.2)."""

_MIN_DIFFERENT_CHARACTERS = 6
_PLACEHOLDER_WORDS = ("change-me", "changeme", "change_me", "your-secret", "placeholder")
_FILE_NAME = "secret.key"


class SecretFileError(Exception):
    """The kept secret cannot be made or read; the message is a sentence for the operator."""


def is_placeholder(secret: str) -> bool:
    """Tell whether `secret` is an example's text or a run of a few characters."""
    plain = secret.lower()
    few = len(set(secret)) < _MIN_DIFFERENT_CHARACTERS
    return few or any(word in plain for word in _PLACEHOLDER_WORDS)


def production_fault(secret: str) -> str | None:
    """Return what is wrong with `secret` for production, without showing it; None when nothing."""
    if not secret:
        fault = "must be set"
    elif is_placeholder(secret):
        fault = "is still a placeholder"
    elif len(secret) < MIN_SECRET_LENGTH:
        fault = "is too short"
    else:
        return None
    return (
        f"{fault} when DEBUG=false: set it to at least {MIN_SECRET_LENGTH} random characters, "
        "for example what `openssl rand -hex 32` prints."
    )


def kept_secret(data_dir: Path) -> str:
    """Return the secret in `data_dir`, making it once; raises `SecretFileError`.

    Processes that start together agree on one secret: it is written to a private file first and
    then hard-linked to its name, which succeeds for exactly one of them and never shows half a
    secret to the others.
    """
    path = data_dir / _FILE_NAME
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _create(path)
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "it is not text"
        raise SecretFileError(
            f"The secret in {path} cannot be kept or read ({reason}): "
            "make DATA_DIR writable or set SECRET_KEY."
        ) from None
    if len(secret) < MIN_SECRET_LENGTH:
        raise SecretFileError(
            f"The secret in {path} is damaged: delete the file (everybody signs in again) "
            "or set SECRET_KEY."
        )
    return secret


def _create(path: Path) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # Whoever links first wins; the loser reads the winner's secret.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
