"""Frames on the wire, read back by the rules of RFC 6455, 5.2."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.chat.wire import PING, packed


def unpacked(data: bytes) -> list[tuple[int, bytes]]:
    """Return opcode and payload of each frame, all of which must be whole and unmasked."""
    found = []
    while data:
        assert data[0] & 0xF0 == 0x80, "whole, and no extension"
        assert not data[1] & 0x80, "a server masks nothing"
        size = {126: 2, 127: 8}.get(data[1], 0)
        length = int.from_bytes(data[2 : 2 + size], "big") if size else data[1]
        assert size < 8 or length > 0xFFFF, "the shortest length that holds it"
        assert size < 2 or length > 125
        payload, rest = data[2 + size : 2 + size + length], data[2 + size + length :]
        assert len(payload) == length
        found.append((data[0] & 0x0F, payload))
        data = rest
    return found


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=5))
def test_texts_come_out_as_they_went_in(texts: list[bytes]) -> None:
    assert unpacked(packed(texts)) == [(1, text) for text in texts]


@pytest.mark.parametrize("length", [1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_every_length_has_its_shortest_form(length: int) -> None:
    text = b"x" * length
    assert unpacked(packed([text, b"behind"])) == [(1, text), (1, b"behind")]


def test_an_empty_text_is_a_ping() -> None:
    assert packed([b"a", b"", b"b"]) == packed([b"a"]) + PING + packed([b"b"])
    assert unpacked(PING) == [(9, b"")]
