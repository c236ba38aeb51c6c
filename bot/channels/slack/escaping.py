"""Text from outside made harmless in Slack: no mentions, no control signs, cut between escapes."""

from __future__ import annotations

import re

from bot.channels.slack.caps import URL, head, size
from bot.domain.errors import Invalid
from bot.domain.instants import SECOND, Micros
from bot.domain.zones import said

MAX_NAME = 80
MAX_LINK = 1_500
"""Characters of a link that is made one; a longer one is written out."""
MAX_LABEL = 500
"""Characters of a link's words; longer ones are cut, unless they are written beside it."""

# Controls, halves of surrogate pairs, and what reorders or hides what is read.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200e\u200f\u202a-\u202e\u2066-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
# Those, and all else that a reader does not see: in what runs, every sign must be visible.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_BREAKS = re.compile("\r\n|[\r\u0085\u2028\u2029]")
_MASS = re.compile(r"@(?=(?:channel|here|everyone|group)\b)", re.IGNORECASE)
_FENCE = re.compile("`{3,}")
_ATOM = re.compile(r"&(?:amp|lt|gt);|<[^<>]*>|.", re.DOTALL)
_UNSAFE_IN_URL = re.compile(
    r"[\x00-\x20\x7f-\xa0<>|\"`\\^{}\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f"
    r"\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_LINKED = re.compile(r"(?:https?://|mailto:)[^\s/]", re.IGNORECASE)
_JOINER = "\u2060"
_GAP = "\u200b"


def tidy(text: str) -> str:
    """Return `text` without signs that cannot be seen and reorder or hide others."""
    return _UNSEEN.sub("", _BREAKS.sub("\n", text))


def one_line(text: str, length: int | None = None) -> str:
    """Return tidy text in one line, cut to `length` with an ellipsis."""
    line = " ".join(tidy(text).split())
    return line if length is None else cut(line, length)


def cut(text: str, cap: int) -> str:
    """Return plain text cut to `cap`, with an ellipsis where it was cut."""
    return text if size(text) <= cap else head(text, cap - 1).rstrip() + "…"


def entities(text: str) -> str:
    """Return text with the three signs escaped that Slack reads as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape(text: str) -> str:
    """Return words as mrkdwn that mentions nobody and opens no code block."""
    disarmed = _MASS.sub("@" + _JOINER, tidy(text))
    return entities(_FENCE.sub(lambda ticks: _GAP.join(ticks[0]), disarmed))


def escape_line(text: str, length: int) -> str:
    """Return a name or a title as mrkdwn: one line, cut before it is escaped."""
    return escape(one_line(text, length)) or "–"


def name(text: str) -> str:
    """Return a person's name as mrkdwn."""
    return escape_line(text, MAX_NAME)


def exact(text: str) -> str:
    """Return canonical JSON so that each sign of it can be seen, for a code block.

    What is invisible and what would end the block is written as JSON's own escape, which says the
    same.
    """
    return _FENCE.sub(lambda ticks: "\\u0060" * len(ticks[0]), _HIDDEN.sub(_json_escape, text))


def _json_escape(found: re.Match[str]) -> str:
    number = ord(found[0])
    if number <= 0xFFFF:
        return f"\\u{number:04x}"
    number -= 0x10000
    return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"


def atoms(text: str) -> list[str]:
    """Return the parts of mrkdwn that must not be cut: escapes, links, single signs."""
    return _ATOM.findall(text)


def cut_escaped(text: str, cap: int) -> str:
    """Return mrkdwn cut to `cap` with an ellipsis, never within an escape or a link."""
    if size(text) <= cap:
        return text
    kept, room = [], cap - 1
    for atom in atoms(text):
        room -= size(atom)
        if room < 0:
            break
        kept.append(atom)
    return "".join(kept).rstrip() + "…"


def safe_url(url: str) -> str | None:
    """Return an address that may be linked, without signs that end a link; None for any other."""
    quoted = _UNSAFE_IN_URL.sub(
        lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode(errors="replace")),
        url.strip(),
    )
    # Of what is written out, not of what a lenient parser would make of it.
    if not _LINKED.match(quoted):
        return None
    return quoted if size(quoted) <= URL else None


def is_linkable(url: str) -> bool:
    """Tell whether an address can be made a link."""
    safe = safe_url(url)
    return safe is not None and size(entities(safe)) <= MAX_LINK


def link(url: str, label: str = "") -> str:
    """Return a link as mrkdwn; words where the address may not be one."""
    words = one_line(label)
    safe = safe_url(url)
    if safe is None or not is_linkable(url):
        return escape(words or one_line(url))
    target = entities(safe)
    if not words or words == url:
        return f"<{target}>"
    return f"<{target}|{cut_escaped(escape(words), MAX_LABEL)}>"


def moment(micros: Micros, zone: str) -> str:
    """Return a time that Slack shows in the zone of whoever reads it, with `zone` to fall back on.

    (docs.slack.dev, "Formatting message text", date formatting.)
    """
    words = plain_moment(micros, zone)
    return f"<!date^{micros // SECOND}^{{date_short_pretty}} at {{time}}|{words}>"


def plain_moment(micros: Micros, zone: str) -> str:
    """Return a time in words, in `zone`."""
    try:
        return said(micros, zone)
    except Invalid:
        return said(micros, "UTC")
