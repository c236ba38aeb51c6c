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


def is_address(name: str) -> bool:
    """Tell whether a name is a mail address that can be written to (dot-atoms, RFC 5321)."""
    return len(name) <= 254 and _ADDRESS.fullmatch(name) is not None


_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")
