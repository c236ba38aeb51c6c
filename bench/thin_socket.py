"""The least client of a WebSocket (RFC 6455), so that what is measured is the server."""

from __future__ import annotations

import asyncio
import base64
import os
import struct
from collections.abc import Callable

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_FINAL, _MASKED = 0x80, 0x80
_NO_MASK = b"\0\0\0\0"
"""A mask that changes nothing: servers unmask with it all the same."""


class ThinSocket(asyncio.Protocol):
    """One socket; every text is handed to `on_text` as it comes."""

    def __init__(self, on_text: Callable[[bytes], None]) -> None:
        self.on_text = on_text
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed = False
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()

    @classmethod
    async def open(cls, port: int, on_text: Callable[[bytes], None]) -> ThinSocket:
        """Connect and upgrade."""
        loop = asyncio.get_running_loop()
        _, socket = await loop.create_connection(lambda: cls(on_text), "127.0.0.1", port)
        key = base64.b64encode(os.urandom(16)).decode()
        socket._write(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        await socket.opened
        return socket

    def send(self, text: bytes) -> None:
        """Send one text, of less than 64 KiB."""
        self._frame(_TEXT, text)

    def close(self) -> None:
        """Say goodbye and hang up."""
        if not self.closed:
            self._frame(_CLOSE, b"\x03\xe8")
            if self._transport is not None:
                self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it is over."""
        self.closed = True
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionError("closed before it was open"))

    def data_received(self, data: bytes) -> None:
        """Take the answer to the handshake, then frames."""
        self._buffer += data
        if not self.opened.done():
            head, end, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                self.opened.set_exception(ConnectionError(head.decode("latin-1")[:80]))
                return
            self._buffer = bytearray(rest)
            self.opened.set_result(None)
        while self._take():
            pass

    def _take(self) -> bool:
        """Take one whole frame off the buffer; False when there is none."""
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        length, start = buffer[1], 2
        if length == 126:
            if len(buffer) < 4:
                return False
            length, start = struct.unpack_from("!H", buffer, 2)[0], 4
        elif length == 127:
            if len(buffer) < 10:
                return False
            length, start = struct.unpack_from("!Q", buffer, 2)[0], 10
        if len(buffer) < start + length:
            return False
        kind, payload = buffer[0] & 0x0F, bytes(buffer[start : start + length])
        del buffer[: start + length]
        if kind == _TEXT:
            self.on_text(payload)
        elif kind == _PING:
            self._frame(_PONG, payload)
        return True

    def _frame(self, kind: int, payload: bytes) -> None:
        length = len(payload)
        if length < 126:
            head = bytes((_FINAL | kind, _MASKED | length))
        else:
            head = struct.pack("!BBH", _FINAL | kind, _MASKED | 126, length)
        self._write(head + _NO_MASK + payload)

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
