"""Bytes of a mail to text that can be shown, whatever charset they claim to be in."""

from __future__ import annotations

import codecs
import re

# What senders write is often the small set's name for a text in the larger one (WHATWG Encoding).
_LARGER = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "hz": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "big5": "big5hkscs",
}
_NAMES = {"ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "x-sjis": "cp932", "x-gbk": "gb18030",
          "utf8mb4": "utf-8", "utf": "utf-8", "unicode-1-1-utf-8": "utf-8",
          "iso-8859-8-i": "iso8859-8", "x-mac-roman": "mac-roman", "macintosh": "mac-roman",
          "cp-850": "cp850", "windows-874": "cp874"}  # fmt: skip
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
         (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
# They shift between sets by escapes, so that their bytes are ASCII and look like valid UTF-8.
_SEVEN_BIT = re.compile(r"iso2022|hz|utf-7")
# Controls but tab and newline; what turns the reading order round or takes no room; half pairs;
# the invisible tag letters. The joiners stay: emoji and Persian are written with them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)


def decoded(data: bytes, charset: str | None) -> str:
    """Return the text of `data`, which claims to be in `charset`; never raises.

    UTF-8 that is valid wins over any eight-bit claim: no other text looks like it by chance.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data.decode(name, errors="replace")
    claimed = _codec(charset)
    if claimed is None or not _SEVEN_BIT.match(claimed):
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            # A text cut at its limit may end within a letter.
            if error.start > len(data) - 4 and len(data) > 4 and claimed in {None, "utf-8"}:
                return data[: error.start].decode("utf-8")
    for name in filter(None, (claimed, "cp1252")):
        try:
            return data.decode(name)
        except (UnicodeError, ValueError):
            if name not in {"utf-8", "cp1252"}:
                return _replaced(data, name)
    return _replaced(data, "cp1252")


def shown(text: str) -> str:
    """Return `text` with one kind of line end and without what cannot be seen."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\u2028", "\n").replace("\u2029", "\n").replace("\x0c", "\n")
    return _UNSEEN.sub("", text.replace("\xa0", " "))


def _replaced(data: bytes, name: str) -> str:
    try:
        return data.decode(name, errors="replace")
    except (UnicodeError, ValueError):
        return data.decode("ascii", errors="replace")


def _codec(charset: str | None) -> str | None:
    """Return the codec to read `charset` with; None where it is unknown, or no charset at all.

    Python knows "charsets" that unpack (zlib, bz2) or compute (punycode): not for mail.
    """
    name = (charset or "").strip().strip("\"'").lower()[:40]
    name = _NAMES.get(name, name)
    if not name or not name.isascii():
        return None
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    if not getattr(found, "_is_text_encoding", True) or found.name in {
        "idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "mbcs", "oem",
    }:  # fmt: skip
        return None
    return _LARGER.get(found.name, found.name)
