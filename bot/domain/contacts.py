"""Whom a session may write to: people whom its owner named in their own words."""

from __future__ import annotations

import re
from collections.abc import Iterable


def names(text: str, person: str) -> bool:
    """Tell whether `text` names `person` (a user name or an address) as a word of its own."""
    wanted = person.strip().lstrip("@").casefold()
    if not wanted:
        return False
    pattern = rf"(?<![\w.@+-])@?{re.escape(wanted)}(?![\w@+-])(?!\.\w)"
    return re.search(pattern, text.casefold()) is not None


def named_by_owner(texts: Iterable[str], person: str) -> bool:
    """Tell whether any of the owner's own texts names `person`."""
    return any(names(text, person) for text in texts)
