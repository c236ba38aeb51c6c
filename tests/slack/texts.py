"""What is in a text on Slack: calls of a whole channel, escapes, mentions and rich text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tests.slack.records import Json

MASS = re.compile(r"<!(channel|here|everyone|group|subteam\^[A-Z0-9]+)(?:\|[^>]*)?>")
BARE_MASS = re.compile(r"(?<![\w.])@(channel|here|everyone)\b")
MARKUP = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")


def escape(text: str) -> str:
    """Write a text that somebody typed as Slack sends it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def typed(text: str, id_of: Callable[[str], str | None]) -> str:
    """Return what arrives when a person types `text`; `id_of` finds a user by name."""

    def mention(match: re.Match[str]) -> str:
        name = match[1]
        if name in {"channel", "here", "everyone"}:
            return f"<!{name}>"
        id_ = id_of(name)
        return match[0] if id_ is None else f"<@{id_}>"

    return re.sub(r"(?<![\w.])@([\w.-]*\w)", mention, escape(text))


def mass_mentions(text: str, *, link_names: bool = False) -> list[str]:
    """Return whom a text calls all at once; with `link_names` bare names count too."""
    found = [match[1] for match in MASS.finditer(text)]
    return found + ([match[1] for match in BARE_MASS.finditer(text)] if link_names else [])


def marked_up_texts(value: object) -> Iterator[str]:
    """Yield each text within blocks or attachments in which Slack reads its markup."""
    if isinstance(value, list):
        for item in value:
            yield from marked_up_texts(item)
    elif isinstance(value, dict):
        kind = value.get("type")
        if kind == "broadcast":
            yield f"<!{value.get('range')}>"
        if kind in {"mrkdwn", "markdown"}:
            yield str(value.get("text", ""))
        for key, inner in value.items():
            if isinstance(inner, (list, dict)):
                yield from marked_up_texts(inner)
            elif key in {"pretext", "fallback"} or (key == "text" and kind is None):
                yield str(inner)


def _element(sigil: str, target: str, label: str | None) -> Json:
    if sigil == "@":
        return {"type": "user", "user_id": target}
    if sigil == "#":
        return {"type": "channel", "channel_id": target}
    if sigil == "!":
        return {"type": "broadcast", "range": target}
    return {"type": "link", "url": target} | ({"text": label} if label else {})


def rich_text(text: str, block_id: str) -> Json:
    """Return the block that Slack adds to what a person wrote."""
    elements: list[Json] = []
    at = 0
    for match in MARKUP.finditer(text):
        if match.start() > at:
            elements.append({"type": "text", "text": unescape(text[at : match.start()])})
        elements.append(_element(match[1], match[2], match[3]))
        at = match.end()
    if at < len(text):
        elements.append({"type": "text", "text": unescape(text[at:])})
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "block_id": block_id, "elements": [section]}


def unescape(text: str) -> str:
    """Return a text as a person reads it."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
