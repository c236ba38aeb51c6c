"""Text frames as bytes on the wire (RFC 6455, 5.2), several in one write; knows no meaning.

aiohttp makes a system call for each frame. A turn sends six, and each call lets go of the
interpreter's lock, which another thread may then hold for milliseconds.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

_TEXT, _PING = 0x81, 0x89
"""Whole frames, as all of ours are: neither fragmented nor compressed, nor masked by a server."""
_BYTE, _SHORT = 126, 1 << 16

PING = struct.pack("!BB", _PING, 0)


def packed(texts: Iterable[bytes]) -> bytes:
    """Return each text in a frame of its own, one after the other; an empty one is a ping."""
    parts: list[bytes] = []
    for text in texts:
        length = len(text)
        if not length:
            parts.append(PING)
        elif length < _BYTE:
            parts.append(struct.pack("!BB", _TEXT, length))
        elif length < _SHORT:
            parts.append(struct.pack("!BBH", _TEXT, 126, length))
        else:
            parts.append(struct.pack("!BBQ", _TEXT, 127, length))
        parts.append(text)
    return b"".join(parts)
