"""Text as its reader sees it, cut into words, signs and stops; it knows no meanings."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

_QUOTES = str.maketrans("‘’‚‛′`´ʼ“”„‟«»‹›″\u2028\u2029", '\'\'\'\'\'\'\'\'"""""""""\n\n')
_DASHES = str.maketrans("‐‑‒–—―−", "-------")
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_VARIATIONS = range(0xFE00, 0xFE10)
_KEYCAP = 0x20E3
_OVERRIDES = re.compile("[\u202d\u202e]")
_SHORTCODES = {
    ":+1:": "👍", ":thumbsup:": "👍", ":white_check_mark:": "✅", ":heavy_check_mark:": "✔",
    ":ballot_box_with_check:": "☑", ":-1:": "👎", ":thumbsdown:": "👎", ":x:": "❌",
    ":no_entry:": "⛔", ":no_entry_sign:": "🚫", ":ok:": "🆗", ":pray:": "🙏", ":smile:": "🙂",
    ":slightly_smiling_face:": "🙂", ":one:": "1", ":two:": "2", ":three:": "3", ":four:": "4",
    ":five:": "5", ":six:": "6", ":seven:": "7", ":eight:": "8", ":nine:": "9",
}  # fmt: skip
"""How Slack writes emojis (https://docs.slack.dev/messaging/formatting-message-text)."""
_SHORTCODE = re.compile(r":[+\-a-z_0-9]+:(?::skin-tone-[2-6]:)?")
_SMILE = re.compile(r"(?<![^\s\w.,!])[:=]-?[)D](?=\s|$)")
_TOKEN = re.compile(
    r"""(?P<space>[^\S\n]+)
    |(?P<line>\n\s*)
    |(?P<vote>(?<![\w+\-])[+\-]1(?![\w.,]?\d))
    |(?P<word>[^\W_]+(?:['\-][^\W_]+)*)
    |(?P<stop>[.,;:!¡\-])
    |(?P<other>.)""",
    re.VERBOSE,
)


class Sort(Enum):
    """What a piece of text is."""

    WORD = "word"
    SIGN = "sign"
    """An emoji, or anything else that is neither a word nor a stop."""
    STOP = "stop"
    LINE = "line"
    BLANK = "blank"
    """An empty line."""


STOPS = frozenset({Sort.STOP, Sort.LINE, Sort.BLANK})


@dataclass(frozen=True, slots=True)
class Piece:
    """One word, sign or stop; `form` is folded, `start` and `end` are where it stands."""

    sort: Sort
    form: str
    start: int
    end: int


def seen(text: str) -> str:
    """Return `text` without what no reader sees, with one kind of quotes, dashes and emojis."""
    # A raised digit is no digit: without its mark NFKC would read a footnote as a number.
    marked = "".join(f"^{char}" if _raised(char) else char for char in text)
    plain = unicodedata.normalize("NFKC", marked.translate(_QUOTES)).translate(_QUOTES)
    kept = "".join(char for char in plain.translate(_DASHES) if not _unseen(char))
    kept = _SHORTCODE.sub(lambda found: _emoji(found[0]), kept)
    return _SMILE.sub("🙂", kept).strip()


def reordered(text: str) -> bool:
    """Tell whether signs in `text` make its letters stand in another order than they are sent."""
    return _OVERRIDES.search(text) is not None


def pieces(text: str) -> list[Piece]:
    """Return what `text`, as `seen` returns it, is made of, white space left out."""
    found = []
    for match in _TOKEN.finditer(text):
        sort = _SORTS.get(match.lastgroup or "")
        if sort is Sort.LINE and match[0].count("\n") > 1:
            sort = Sort.BLANK
        if sort is not None:
            found.append(Piece(sort, match[0].casefold(), match.start(), match.end()))
    return found


def words(text: str) -> tuple[str, ...]:
    """Return the folded words and signs of a text that somebody wrote."""
    return tuple(piece.form for piece in pieces(seen(text)) if piece.sort not in STOPS)


def without_accents(word: str) -> str:
    """Return `word` as somebody without the right keyboard writes it."""
    apart = unicodedata.normalize("NFD", word)
    return unicodedata.normalize("NFC", "".join(c for c in apart if not unicodedata.combining(c)))


_SORTS = {
    "line": Sort.LINE,
    "vote": Sort.WORD,
    "word": Sort.WORD,
    "stop": Sort.STOP,
    "other": Sort.SIGN,
}


def _raised(char: str) -> bool:
    # Not the ordinal signs of Spanish, Italian and Portuguese.
    return char not in "ªº" and unicodedata.decomposition(char).startswith(("<super>", "<sub>"))


def _unseen(char: str) -> bool:
    code = ord(char)
    return (
        unicodedata.category(char) == "Cf"
        or code in _SKIN_TONES
        or code in _VARIATIONS
        or code == _KEYCAP
    )


def _emoji(shortcode: str) -> str:
    return _SHORTCODES.get(shortcode.partition("::")[0].rstrip(":") + ":", shortcode)
