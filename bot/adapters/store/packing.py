"""Lists and maps inside one column: compact JSON text."""

from __future__ import annotations

from typing import Any

import orjson


def packed(value: object) -> str:
    """Return `value` as JSON."""
    return orjson.dumps(value).decode()


def unpacked(text: str) -> Any:
    """Return what `packed` was given, tuples as lists."""
    return orjson.loads(text)
