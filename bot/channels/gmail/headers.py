"""Header values as they came: unfolded, their encoded words and stray bytes made text."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header

from bot.channels.gmail.charset import decoded, shown

# A subject longer than this is nobody's; decoding words costs time by their number.
HEADER_CHARS = 16 * 1024
_FOLD = re.compile(r"[\r\n]+[ \t]*")
_ID = re.compile(r"<([^<>\s]{1,512})>")
MESSAGE_IDS = 100


def unfolded(value: str) -> str:
    """Return a raw value (its stray bytes as surrogates, as `email` gives it) on one line."""
    line = _FOLD.sub(" ", value).strip()
    if line.isascii():
        return shown(line)
    return shown(decoded(line.encode("utf-8", errors="surrogateescape"), None)).replace("\n", " ")


def words(value: str) -> str:
    """Return unfolded text with its encoded words decoded (RFC 2047); what is broken stays."""
    if "=?" not in value:
        return value
    try:
        parts = decode_header(value[:HEADER_CHARS])
    except (HeaderParseError, ValueError):
        return value
    text = "".join(
        part if isinstance(part, str) else decoded(part, charset or "utf-8")
        for part, charset in parts
    )
    return " ".join(shown(text).split())


def message_ids(value: str) -> tuple[str, ...]:
    """Return the ids between angle brackets, in order, each once; the newest hundred.

    The brackets are left off.
    """
    found = dict.fromkeys(_ID.findall(value[-HEADER_CHARS * 4 :]))
    return tuple(found)[-MESSAGE_IDS:]
