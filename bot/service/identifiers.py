"""Ids: UUIDv7 as text, made in code, so that rows sort by when they were made."""

from __future__ import annotations

from uuid_utils import uuid7


def new_id() -> str:
    """Return a new UUIDv7 (RFC 9562)."""
    return str(uuid7())
