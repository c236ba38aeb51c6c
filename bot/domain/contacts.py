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
    return any(names(own_words(text), person) for text in texts)


def own_words(text: str) -> str:
    """Return a text without what is quoted in it: those are the words of somebody else.

    Quoted is what Markdown and mail take for it: lines behind `>`, and code blocks.
    """
    kept: list[str] = []
    fence = ""
    for line in text.splitlines():
        bare = line.strip()
        ticks = _FENCE.match(bare)
        if fence:
            closes = ticks is not None and bare == ticks[0] and ticks[0].startswith(fence)
            fence = "" if closes else fence
        elif ticks is not None:
            fence = ticks[0]
        elif not bare.startswith((">", "&gt;")):
            kept.append(line)
    return "\n".join(kept)


def is_address(name: str) -> bool:
    """Tell whether a name is a mail address that can be written to (dot-atoms, RFC 5321)."""
    return len(name) <= 254 and _ADDRESS.fullmatch(name) is not None


_FENCE = re.compile(r"`{3,}|~{3,}")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")
