"""Words in what channels keep for themselves as JSON: a mail's subject, and who is written to."""

from __future__ import annotations

import json
from typing import Any

from bot.service.ports.personal import ERASED


def without_subject(text: str) -> str:
    """Return a thread without its subject, which quotes what was said; else as it was."""
    found = _object(text)
    return json.dumps({**found, "subject": ERASED}) if found.get("subject") else text


def without_address(text: str, address: str) -> str:
    """Return a thread in which an address is nobody's any more, nor a name beside it."""
    found = _object(text)
    people = found.get("people")
    if not isinstance(people, list):
        return text
    left = [each for each in people if str(each[:1][0]).casefold() != address.casefold()]
    return json.dumps({**found, "people": left}) if left != people else text


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
