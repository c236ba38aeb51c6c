"""One mail as it is kept in a mailbox: its bytes, what they say, and its labels."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from functools import cached_property

from bot.domain.instants import Micros
from tests.gmail.addresses import decoded

_TAGS = re.compile(r"<(style|script|head)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s<>\"'”’)\]]+")


@dataclass(kw_only=True, eq=False)
class StoredMail:
    """A mail in one mailbox; only labels and history id ever change."""

    id: str
    thread_id: str
    mailbox: str
    raw: bytes
    received_at: Micros
    history_id: int
    labels: set[str] = field(default_factory=set)

    @cached_property
    def parsed(self) -> Message:
        return message_from_bytes(self.raw)

    def header(self, name: str) -> str:
        """Return the first header of that name, decoded; empty when there is none."""
        value = self.parsed.get(name)
        return "" if value is None else decoded(value)

    @cached_property
    def message_id(self) -> str:
        return self.header("Message-ID")

    @cached_property
    def subject(self) -> str:
        return self.header("Subject")

    @cached_property
    def references(self) -> list[str]:
        """Every Message-ID that it answers to, oldest first."""
        return re.findall(r"<[^<>\s]+>", self.header("References") + self.header("In-Reply-To"))

    @cached_property
    def text(self) -> str:
        """The first plain text that is no attachment, else the HTML's; with plain line feeds."""
        plain = self._first("text/plain")
        words = plain_of(self.html) if plain is None else plain
        return words.replace("\r\n", "\n")

    @cached_property
    def html(self) -> str:
        return self._first("text/html") or ""

    def _first(self, content_type: str) -> str | None:
        for part in self.parsed.walk():
            if part.get_content_type() == content_type and not part.get_filename():
                return text_of(part)
        return None

    @property
    def links(self) -> list[str]:
        """Every address that can be followed, once each, in order of appearance."""
        hrefs = [html.unescape(a or b) for a, b in _HREF.findall(self.html)]
        plain = [url.rstrip(".,;:!?") for url in _URL.findall(self._first("text/plain") or "")]
        return list(dict.fromkeys([*hrefs, *plain]))

    @property
    def snippet(self) -> str:
        return html.escape(" ".join(self.text.split())[:200])


def text_of(part: Message) -> str:
    """Return a text part's words in whatever charset it says it has."""
    content = part.get_payload(decode=True)
    body = content if isinstance(content, bytes) else b""
    try:
        return body.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def plain_of(markup: str) -> str:
    """Return the words of an HTML text."""
    return html.unescape(_TAGS.sub(" ", markup)).strip()
