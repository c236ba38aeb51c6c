"""Text: what is refused, what is kept as it is, and where the limit lies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import Invalid, TooLarge
from bot.domain.invisible import visible
from bot.domain.text import MESSAGE_BYTES, clean, folded, presentable, shortened

FORBIDDEN = [
    *(chr(n) for n in range(0x20) if chr(n) not in "\t\n\r"),
    *(chr(n) for n in range(0x7F, 0xA0)),
    "\ud800",
    "\udbff",
    "\udc00",
    "\udfff",
]


@pytest.mark.parametrize("char", FORBIDDEN, ids=ascii)
def test_what_cannot_be_shown_is_refused(char: str) -> None:
    for text in (char, f"a{char}b", f" {char}", f"line\n{char}"):
        with pytest.raises(Invalid) as refused:
            clean(text)
        assert refused.value.code == "control_character"
        assert f"U+{ord(char):04X}" in refused.value.message
        refused.value.message.encode()  # the sentence itself can be sent


@pytest.mark.parametrize("char", FORBIDDEN, ids=ascii)
def test_what_cannot_be_shown_is_taken_out_of_what_a_model_wrote(char: str) -> None:
    kept = presentable(f"a{char}b\tc\nd\r\ne")
    assert kept == "ab\tc\nd\ne"
    assert clean(kept) == kept


@given(st.text())
def test_what_is_presentable_can_be_kept(text: str) -> None:
    kept = presentable(text)
    assert presentable(kept) == kept
    assert "\x00" not in kept
    kept.encode()


@pytest.mark.parametrize("text", ["", " ", "\n\t \r\n", "\u00a0\u2003"])
def test_empty_text_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean(text)
    assert refused.value.code == "empty"


@pytest.mark.parametrize("char", ["x", "é", "€", "😀"])
@pytest.mark.parametrize("limit", [64, 1_000, MESSAGE_BYTES])
def test_the_limit_counts_bytes(char: str, limit: int) -> None:
    width = len(char.encode())
    fits = char * (limit // width) + "x" * (limit % width)
    assert len(fits.encode()) == limit
    assert clean(fits, limit=limit) == fits
    with pytest.raises(TooLarge) as refused:
        clean(fits + "x", limit=limit)
    assert refused.value.details == {"limit_bytes": limit}


def test_it_says_what_is_too_large() -> None:
    with pytest.raises(TooLarge, match=r"^The answer is over 16 KiB\."):
        clean("x" * 20_000, what="answer", limit=16 * 1024)


@given(st.text(st.characters(exclude_characters=FORBIDDEN, exclude_categories=["Cs"])))
def test_what_is_kept_is_clean_and_stays_so(text: str) -> None:
    if not visible(text).strip():
        with pytest.raises(Invalid, match="empty"):
            clean(text)
        return
    kept = clean(text)
    assert clean(kept) == kept
    assert "\r" not in kept
    assert kept == visible(text.replace("\r\n", "\n").replace("\r", "\n")).strip()


@given(st.text(), st.integers(1, 50))
def test_shortened_text_is_not_longer(text: str, length: int) -> None:
    short = shortened(text, length)
    assert len(short) <= length
    assert short == text if len(text) <= length else short.endswith("…")
    assert text.startswith(short.removesuffix("…").rstrip())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("yes", " YES "),
        ("yes", "yes\u200b"),
        ("yes", "y\u00ades"),
        ("yes", "ｙｅｓ"),
        ("caf\u00e9", "cafe\u0301"),
        ("a b", "a\u00a0 b"),
    ],
)
def test_what_looks_the_same_folds_to_the_same(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("one", "other"), [("yes", "yés"), ("a b", "ab"), ("👍", "👎"), ("1", "2")]
)
def test_what_looks_different_stays_apart(one: str, other: str) -> None:
    assert folded(one) != folded(other)
