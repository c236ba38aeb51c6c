"""Changing a mail's header lines as bytes, so that its body stays exactly what it was."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from email.header import Header

_END = re.compile(rb"\r?\n\r?\n")


def split(raw: bytes) -> tuple[bytes, bytes]:
    """Return the header block, with CRLF line ends and a last one, and the body."""
    found = _END.search(raw)
    head, body = (raw, b"") if found is None else (raw[: found.start()], raw[found.end() :])
    return b"\r\n".join(head.splitlines()) + b"\r\n", body


def without(raw: bytes, names: Collection[str]) -> bytes:
    """Return the mail without its headers of these names."""
    head, body = split(raw)
    gone = {name.lower().encode() for name in names}
    kept: list[bytes] = []
    keeping = True
    for line in head.splitlines(keepends=True):
        if not line.startswith((b" ", b"\t")):
            keeping = line.partition(b":")[0].strip().lower() not in gone
        if keeping:
            kept.append(line)
    return b"".join(kept) + b"\r\n" + body


def topped(raw: bytes, headers: Iterable[tuple[str, str]]) -> bytes:
    """Return the mail with these headers above its own; other than ASCII becomes encoded words."""
    head, body = split(raw)
    return b"".join(line(name, value) for name, value in headers) + head + b"\r\n" + body


def line(name: str, value: str) -> bytes:
    """Return one header line, encoded where it must be."""
    if value.isascii():
        return f"{name}: {value}\r\n".encode()
    words = Header(value, "utf-8", header_name=name).encode(linesep="\r\n")
    return f"{name}: {words}\r\n".encode()
