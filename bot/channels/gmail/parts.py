"""The parts of a raw mail, found by their boundaries alone: views of bytes, nothing decoded.

`email` would hold a mail of 25 MB as a list of half a million lines, and recurse with the nesting.
It reads the headers here, and the bodies stay where they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32

from bot.channels.gmail.headers import unfolded, words

DEPTH = 24
PARTS = 400
HEADER_BYTES = 512 * 1024
_PARAMETERS = 4096
# A line of spaces is none: it goes on with the header above it (RFC 5322, section 4.2).
_BLANK = re.compile(rb"\r?\n\r?\n|\r\r")
_START_BLANK = re.compile(rb"\A\r?\n")


@dataclass(kw_only=True, slots=True)
class Part:
    """One part: its header fields and the bytes below them."""

    fields: Message
    body: memoryview
    type: str

    @property
    def disposition(self) -> str:
        value = unfolded(str(self.fields.get("Content-Disposition", "")))
        return value.partition(";")[0].strip().lower()

    @property
    def encoding(self) -> str:
        return str(self.fields.get("Content-Transfer-Encoding", "")).strip().lower()[:40]

    @property
    def filename(self) -> str:
        """The name it came under, without its path, at most 255 characters; "" without one."""
        try:
            name = self.fields.get_filename() or ""
        except (MessageError, ValueError, LookupError, AttributeError, TypeError):
            name = ""
        name = words(unfolded(name)).replace("\\", "/").rpartition("/")[2]
        return " ".join(name.split())[:255]

    def parameter(self, name: str) -> str:
        """Return a parameter of the content type, "" where it is missing or broken."""
        try:
            value = self.fields.get_param(name)
        except (MessageError, ValueError, LookupError, AttributeError, TypeError):
            return ""
        if isinstance(value, tuple):  # RFC 2231: charset, language, value
            value = value[2]
        return unfolded(value or "")

    def children(self) -> Iterator[Part]:
        """Yield the parts of a multipart in order; none where it names no boundary."""
        boundary = self._boundary()
        if not boundary:
            return
        line = re.compile(
            rb"(?:\A|(?<=\n)|(?<=\r))--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r?\n|\r|\Z)"
        )
        start: int | None = None
        count = 0
        for found in line.finditer(self.body):
            if start is not None:
                yield part(self.body[start : found.start()], self.type)
                count += 1
            start = None if found[1] else found.end()
            if start is None or count >= PARTS:
                return
        if start is not None:  # cut off before its last boundary
            yield part(self.body[start:], self.type)

    def _boundary(self) -> bytes:
        try:
            value = self.fields.get_boundary() or ""
        except (MessageError, ValueError, LookupError, AttributeError, TypeError):
            return b""
        return value.encode("utf-8", errors="surrogateescape").rstrip()[:200]


def part(data: memoryview, parent: str = "") -> Part:
    """Return the header fields and the body of `data`; whatever bytes they are, never raises."""
    head = bytes(data[:HEADER_BYTES])
    blank = _START_BLANK.match(head) or _BLANK.search(head)
    end, below = blank.span() if blank else (len(head), len(head))
    try:
        fields: Message = BytesHeaderParser(policy=compat32).parsebytes(head[:end] + b"\n\n")
        loose = fields.get_payload() if not blank else ""
    except (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        fields, loose = Message(), ""
    for name in ("Content-Type", "Content-Disposition"):
        if len(str(fields.get(name, ""))) > _PARAMETERS:  # the time to read them is their square
            fields.replace_header(name, str(fields[name])[:_PARAMETERS])
    body = data[below:]
    if isinstance(loose, str) and loose.strip():
        # No blank line: the text began at the first line that was no header.
        body = memoryview(loose.encode("utf-8", errors="surrogateescape"))
    return Part(fields=fields, body=body, type=_type(fields, parent))


def _type(fields: Message, parent: str) -> str:
    default = "message/rfc822" if parent == "multipart/digest" else "text/plain"
    value = fields.get("Content-Type")
    if value is None:
        return default
    found = unfolded(str(value)).partition(";")[0].strip().lower()
    if not re.fullmatch(r"[\w.+-]{1,80}/[\w.+-]{1,80}", found):
        # RFC 2045, section 5.2, for what cannot be read; "text" alone is an old spelling.
        return "text/plain" if found in {"", "text", "plain"} else "application/octet-stream"
    return found
