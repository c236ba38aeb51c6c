"""Whether a model's raw answer is one whole JSON object; BAML's own parser is too kind to say.

It completes truncated JSON, takes the first of several objects, and drops list items that do not
fit: each of these could turn half an answer into a decision.
"""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import BaseModel

_THOUGHT = re.compile(r"^\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_FENCED = re.compile(r"^\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*$", re.DOTALL)


class Unusable(Exception):
    """The answer cannot be used; `reason` says why, in words the model can act on."""

    def __init__(self, reason: str, *, cut_off: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.cut_off = cut_off


def whole_object(raw: str) -> tuple[str, dict[str, Any]]:
    """Return the only JSON object of `raw`, as text and decoded; raise `Unusable` otherwise."""
    text = _THOUGHT.sub("", raw)
    fenced = _FENCED.match(text)
    if fenced is not None:
        text = fenced[1]
    start = text.find("{")
    if start < 0:
        raise Unusable("It held no JSON object.")
    try:
        decoded, end = json.JSONDecoder().raw_decode(text, start)
    except json.JSONDecodeError as error:
        if not _closes(text, start):
            raise Unusable("It was cut off before its end.", cut_off=True) from None
        raise Unusable(f"It was not valid JSON: {error.msg}.") from None
    except (RecursionError, ValueError):
        raise Unusable("It was nested too deeply, or held a number that is too long.") from None
    if "{" in text[end:]:
        raise Unusable("It held more than one JSON object.")
    return text[start:end], decoded


def nothing_lost(written: Any, read: Any) -> bool:
    """Tell whether `read` has all that was `written`: no list item, no field may have gone."""
    if isinstance(written, dict) and isinstance(read, BaseModel):
        values = {name: getattr(read, name) for name in type(read).model_fields}
        return all(
            nothing_lost(value, values[name]) for name, value in written.items() if name in values
        )
    if isinstance(written, list) and isinstance(read, list):
        return len(written) == len(read) and all(map(nothing_lost, written, read))
    return read is not None or written is None or written in ("", [], {})


def _closes(text: str, start: int) -> bool:
    """Tell whether the object that begins at `start` has an end."""
    depth = 0
    quoted = escaped = False
    for character in text[start:]:
        if escaped:
            escaped = False
        elif quoted:
            escaped = character == "\\"
            quoted = character != '"'
        elif character == '"':
            quoted = True
        elif character in "{[":
            depth += 1
        elif character in "}]":
            depth -= 1
            if depth == 0:
                return True
    return False
