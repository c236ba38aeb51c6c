"""Turns the agent's Markdown into HTML that can do no harm; knows nothing of who reads it."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt

MAX_MARKDOWN = 16 * 1024
"""Characters; a longer text is shown as it was written, which costs no parsing."""

_MAX_HTML = 64 * 1024
_TAGS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol",
    "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}


def _has_safe_scheme(url: str) -> bool:
    """Tell whether a link names a scheme of ours: a relative one would point into this server."""
    try:
        return urlsplit(url).scheme.lower() in _SCHEMES
    except ValueError:
        return False


# Raw HTML is text to the parser; images would tell a third party who reads what and when.
_parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": 30})
_parser.enable(["table", "strikethrough"]).disable("image")
_parser.validateLink = _has_safe_scheme  # type: ignore[method-assign]


def render(text: str) -> str:
    """Return safe HTML for Markdown: no scripts, styles, images or schemes but the web's and mail.

    The parser makes nothing else of it; nh3 checks its result again, as a browser would read it.
    """
    return _rendered(text) if len(text) <= MAX_MARKDOWN else _verbatim(text)


@lru_cache(maxsize=512)
def _rendered(text: str) -> str:
    html = nh3.clean(
        _parser.render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    ).strip()
    # A few kilobytes of table markup can make a megabyte of empty cells.
    return html if len(html) <= _MAX_HTML else _verbatim(text)


def _verbatim(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"
