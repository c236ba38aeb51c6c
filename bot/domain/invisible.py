"""Characters that are not seen but change what is: taken out, so that text looks as it reads.

Marks of direction can reorder a sentence on every surface; tags and runs of selectors hide words
that only a machine reads (Unicode Technical Report 36, sections 2.6 and 3; Unicode 15, chapter 23).
What scripts and emoji need stays: joiners within words, one variation selector, flags of regions.
"""

from __future__ import annotations

import re
import unicodedata

# Separators of lines and paragraphs, which would end an embedding as well.
_BREAKS = re.compile("[\u2028\u2029]")
_ZWNJ, _ZWJ = "\u200c", "\u200d"
_BLACK_FLAG = "\U0001f3f4"
_DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
# Soft hyphen, zero width space, word joiner and invisible operators, deprecated ones, byte order
# mark, annotations, fillers that are letters by name only, shorthand and musical formats.
_NOTHING = (
    "\u00ad\u034f\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff0-\ufffb\u3164\uffa0"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
)
_STRIPPED = re.compile(f"[{_DIRECTIONS}{_NOTHING}]")
_TAGS = re.compile(
    f"({_BLACK_FLAG}[\U000e0030-\U000e007a]{{1,12}}\U000e007f)|[\U000e0000-\U000e007f]"
)
_SELECTORS = re.compile(
    "([\ufe00-\ufe0f\U000e0100-\U000e01ef])[\ufe00-\ufe0f\U000e0100-\U000e01ef]+"
)
_JOINERS = re.compile(f"[{_ZWNJ}{_ZWJ}]+")
_JOINED = ("L", "M", "S")
"""Letters, marks and symbols, the first letter of their categories."""


def visible(text: str) -> str:
    """Return `text` without what nobody sees; any other text is returned as it is."""
    if text.isascii():
        return text
    text = _BREAKS.sub("\n", text)
    text = _STRIPPED.sub("", text)
    text = _TAGS.sub(lambda found: found[1] or "", text)
    text = _SELECTORS.sub(r"\1", text)
    return _JOINERS.sub(_joiner, text)


def _joiner(found: re.Match[str]) -> str:
    """Keep one joiner behind a sign that can be joined: no Latin letter, space or digit can."""
    before = found.string[found.start() - 1 : found.start()]
    if not before or before.isascii():
        return ""
    if unicodedata.category(before)[0] not in _JOINED or _is_latin(before):
        return ""
    return found[0][0]


def _is_latin(char: str) -> bool:
    return char.isalpha() and unicodedata.name(char, "").startswith("LATIN")
