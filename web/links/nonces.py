"""Names of rendered forms: each is one act at most, and is known to have been made here; pure."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable

from bot.domain.instants import HOUR, SECOND, Micros

FRESH: Micros = HOUR
"""How old a form may be when it is sent; an older one is shown once more."""

_SHAPE = re.compile(r"([0-9]{1,16})\.[0-9a-f]{16}\.[0-9a-f]{32}", re.ASCII)

Keyed = Callable[..., bytes]
"""Computes HMAC-SHA256 of a purpose and its parts, under the deployment's secret."""


def new_nonce(keyed: Keyed, token_hash: str, now: Micros) -> str:
    """Return the name of a form that is rendered now, for the link with this hash."""
    name = f"{now // SECOND}.{secrets.token_hex(8)}"
    return f"{name}.{_seal(keyed, token_hash, name)}"


def age_of(keyed: Keyed, token_hash: str, nonce: str, now: Micros) -> Micros | None:
    """Return how long ago a form was rendered for this link; None when it never was."""
    found = _SHAPE.fullmatch(nonce)
    if found is None:
        return None
    name, _, seal = nonce.rpartition(".")
    if not hmac.compare_digest(seal, _seal(keyed, token_hash, name)):
        return None
    return max(0, now - int(found[1]) * SECOND)


def _seal(keyed: Keyed, token_hash: str, name: str) -> str:
    return keyed("link-form", token_hash, name).hex()[:32]
