"""What text people may send: no control characters, nothing unencodable, bounded in bytes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from bot.domain.errors import Invalid, TooLarge
from bot.domain.invisible import visible

MESSAGE_BYTES = 64 * 1024
ANSWER_BYTES = 16 * 1024

# C0 and C1 controls but tab and newline; and halves of surrogate pairs, which UTF-8 cannot hold.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def clean(text: str, *, what: str = "message", limit: int = MESSAGE_BYTES) -> str:
    """Return `text` with its line ends made one kind, and what is not seen and outer space gone.

    Raises `Invalid` when it is empty or holds what cannot be shown, `TooLarge` over `limit` bytes
    of UTF-8.
    """
    if len(text) > limit:
        raise _too_large(what, limit)
    text = visible(text.replace("\r\n", "\n").replace("\r", "\n"))
    found = _FORBIDDEN.search(text)
    if found:
        raise Invalid(
            f"The {what} holds a character that cannot be shown (U+{ord(found[0]):04X}). "
            "Remove it and send again.",
            code="control_character",
        )
    text = text.strip()
    if not text:
        raise Invalid(f"The {what} is empty. Write something first.", code="empty")
    if len(text) * 4 > limit and len(text.encode()) > limit:
        raise _too_large(what, limit)
    return text


def presentable(text: str) -> str:
    """Return what a model wrote as it can be kept and shown: without control characters, and
    without what is not seen.

    Who writes can be asked to write again; a model's stray byte is not worth another call, and no
    text of PostgreSQL's holds a NUL.
    """
    text = visible(text)
    if text.isprintable():
        return text
    return _FORBIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _too_large(what: str, limit: int) -> TooLarge:
    return TooLarge(
        f"The {what} is over {limit // 1024} KiB. Send it in parts, or a link to it.",
        details={"limit_bytes": limit},
    )


def folded(text: str) -> str:
    """Return what two labels must share to look the same to a reader.

    Signs that are not seen, such as a space without width, tell nobody two labels apart; nor does
    how an accent is put together.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return " ".join(text.split()).casefold()


def shortened(text: str, length: int) -> str:
    """Return `text` cut to at most `length` characters, with an ellipsis where it was cut."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def listed(names: Sequence[str]) -> str:
    """Return names as a person would list them."""
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + " and " + names[-1]
