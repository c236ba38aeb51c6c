"""Header values that we write: one line, safe to send, and a subject that stays in its thread."""

from __future__ import annotations

import re
from email.header import Header

from bot.channels.gmail.charset import shown

SUBJECT_CHARS = 250
_NAME_CHARS = 80
_PREFIX = re.compile(
    r"\s*(?:\[(?:external|extern|ext)\]\s*)?(?:re|aw|antw(?:ort)?|sv|vs|r|rif|res|ref|réf|odp"
    r"|ynt|ant|回复|回覆|答复|返信"
    r"|fwd?|wg|tr|rv|enc|i|doorst|vb|vl|pd|转发|轉寄|automatic reply|auto(?:matische antwort)?)"
    r"\s*(?:\[\d{1,3}\]|\(\d{1,3}\))?\s*[:：]\s*",
    re.IGNORECASE,
)
_SPECIAL = re.compile(r'[()<>\[\]:;@\\,."]')
_ESCAPED = frozenset('\\"')
_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]+@[A-Za-z0-9.-]+")
_ID = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]{3,500}")


def one_line(text: str, limit: int = SUBJECT_CHARS) -> str:
    """Return `text` as one line of at most `limit` characters, without what is not seen."""
    line = " ".join(shown(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def bare_subject(subject: str) -> str:
    """Return `subject` without the reply and forward prefixes of any language."""
    bare = one_line(subject, 1000)
    while (found := _PREFIX.match(bare)) and found.end() < len(bare):
        bare = bare[found.end() :]
    return bare.strip()


def reply_subject(subject: str) -> str:
    """Return the subject of a reply: "Re: " once, and else the same, so that threads hold."""
    bare = bare_subject(subject)
    return f"Re: {one_line(bare, SUBJECT_CHARS - 4)}" if bare else "Re:"


def encoded(text: str) -> str:
    """Return an unstructured value (a subject) for a header: ASCII, encoded words where needed.

    No line end within; a mail library folds it.
    """
    line = one_line(text)
    # Words that look encoded would be decoded by the reader: they are encoded once more.
    if line.isascii() and "=?" not in line:
        return line
    return _encoded_words(line)


def mailbox(name: str, email: str) -> str:
    """Return "name <email>" for a header; ValueError when `email` is not one plain address."""
    if not _ADDRESS.fullmatch(email):
        raise ValueError("not one plain address")
    shown_name = one_line(name, _NAME_CHARS)
    if not shown_name:
        return email
    # Programs read a backslash within quotes in several ways: what would need one is encoded.
    if not shown_name.isascii() or "=?" in shown_name or _ESCAPED & set(shown_name):
        return f"{_encoded_words(shown_name)} <{email}>"
    if _SPECIAL.search(shown_name):
        return f'"{shown_name}" <{email}>'
    return f"{shown_name} <{email}>"


def ids(*message_ids: str) -> str:
    """Return a value of References: each id in angle brackets, those left out that are no ids.

    The first and the newest twenty stay (RFC 5322 wants all, servers cut long headers).
    """
    kept = [found for found in dict.fromkeys(message_ids) if _ID.fullmatch(found)]
    if len(kept) > 21:
        kept = [kept[0], *kept[-20:]]
    return " ".join(f"<{found}>" for found in kept)


def _encoded_words(line: str) -> str:
    # Each word is at most 75 characters long (RFC 2047, section 2); a space divides them.
    return " ".join(Header(line, "utf-8").encode().split())
