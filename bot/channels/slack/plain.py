"""Slack's text as the words a person meant: names for ids, labels for links, signs for escapes."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.channels.slack.emoji import with_emoji

Names = Callable[[str], str | None]
"""Tells a person's name by their Slack user id."""

_MARKUP = re.compile(r"<([^<>]{1,6000})>")
_WHOLE = re.compile(r"(?s)\s*([*_])(\S(?:.*\S)?)\1\s*")


def nobody(_user: str) -> str | None:
    """Know nobody by name."""
    return None


def plain(text: str, names: Names = nobody, *, bot: str | None = None) -> str:
    """Return `text` in plain words; mentions of `bot` at its beginning go."""
    if bot is not None:
        text = without_call(text, bot)
    # Emoji first: within a link or a name, a colon is a colon.
    parts = _MARKUP.split(text)
    words = "".join(
        _spelled(part, names) if n % 2 else _unescaped(with_emoji(part))
        for n, part in enumerate(parts)
    )
    return _unmarked(words)


def without_call(text: str, bot: str) -> str:
    """Return text without the mentions of the bot that it begins with."""
    called = re.compile(rf"\s*<@{re.escape(bot)}(?:\|[^<>]*)?>[\s,:]*")
    while found := called.match(text):
        text = text[found.end() :]
    return text


def mentions(text: str, user: str) -> bool:
    """Tell whether a text mentions a user."""
    return re.search(rf"<@{re.escape(user)}(?:\|[^<>]*)?>", text) is not None


def _spelled(inner: str, names: Names) -> str:
    target, bar, label = inner.partition("|")
    label = _unescaped(label)
    if target.startswith("@"):
        return "@" + (names(target[1:]) or label.lstrip("@") or target[1:])
    if target.startswith("#"):
        return "#" + (label.lstrip("#") or target[1:])
    if target.startswith("!"):
        return _special(target[1:], label)
    url = _unescaped(target)
    bare = re.sub(r"^(?:https?://|mailto:|tel:)", "", url)
    if not bar or not label or label == url:
        return bare if url.startswith(("mailto:", "tel:")) else url
    if label.rstrip("/") == bare.rstrip("/"):
        return label if url.startswith(("mailto:", "tel:")) else url
    return f"{label} ({url})"


def _special(target: str, label: str) -> str:
    command, _, rest = target.partition("^")
    if command == "date":
        return label or rest
    if command == "subteam":
        return "@" + (label.lstrip("@") or "group")
    if command in {"here", "channel", "everyone", "group"}:
        return "@" + command
    return label or command


def _unescaped(text: str) -> str:
    # The sign that begins an escape comes last, or what it spelled would be read again.
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _unmarked(text: str) -> str:
    """Return text without a mark that is around all of it: a bold yes is a yes."""
    found = _WHOLE.fullmatch(text)
    return found[2] if found and found[1] not in found[2] else text
