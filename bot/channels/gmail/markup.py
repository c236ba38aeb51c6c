"""HTML that every mail program shows: tables, inline styles, our own words escaped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt

INK, MUTED, LINE, PAPER, GROUND = "#1d2433", "#5b6475", "#d9dde5", "#ffffff", "#f4f5f8"
ACCENT, YES, NO = "#3b4cca", "#1a7f4b", "#b3261e"
_FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_TAGS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol",
    "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_SCHEMES = {"http", "https", "mailto"}
MAX_MARKDOWN = 16 * 1024
_MAX_HTML = 64 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Button:
    """A link that looks like a button."""

    label: str
    url: str
    colour: str


def page(rows: Iterable[str], *, preview: str = "") -> str:
    """Return a whole HTML body of `rows`, each a paragraph or a block of this module's making."""
    hidden = (
        f'<div style="display:none;max-height:0;overflow:hidden">{escape(preview)}</div>'
        if preview
        else ""
    )
    inner = "".join(f'<tr><td style="padding:0 0 14px 0">{row}</td></tr>' for row in rows if row)
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"></head>'
        f'<body style="margin:0;padding:0;background:{GROUND}">{hidden}'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" '
        f'style="background:{GROUND}"><tr><td align="center" style="padding:16px 8px">'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" '
        f'style="max-width:600px;background:{PAPER};border:1px solid {LINE};border-radius:8px">'
        f'<tr><td style="padding:20px 20px 6px 20px;{_FONT};font-size:16px;line-height:1.5;'
        f'color:{INK}"><table role="presentation" width="100%" cellpadding="0" cellspacing="0" '
        f'border="0">{inner}</table></td></tr></table></td></tr></table></body></html>'
    )


def paragraph(text: str, *, small: bool = False, strong: bool = False) -> str:
    """Return plain words as a paragraph; line ends stay."""
    style = f"font-size:13px;color:{MUTED}" if small else "font-size:16px"
    if strong:
        style = "font-size:19px;font-weight:600;line-height:1.35"
    return f'<div style="{style}">{_lines(text)}</div>'


def code(text: str) -> str:
    """Return text that is shown exactly as it is."""
    return (
        f'<pre style="margin:0;padding:10px;background:{GROUND};border:1px solid {LINE};'
        "border-radius:6px;font-family:Menlo,Consolas,monospace;font-size:13px;"
        f'white-space:pre-wrap;word-break:break-word">{escape(text)}</pre>'
    )


def quote(text: str) -> str:
    """Return somebody's words, set apart."""
    return (
        f'<div style="border-left:3px solid {LINE};padding-left:12px;color:{MUTED}">'
        f"{_lines(text)}</div>"
    )


def buttons(links: Iterable[Button]) -> str:
    """Return buttons beside one another, below one another on a phone."""
    cells = "".join(
        '<table role="presentation" cellpadding="0" cellspacing="0" border="0" '
        'style="display:inline-block;margin:0 8px 8px 0"><tr>'
        f'<td bgcolor="{link.colour}" style="background:{link.colour};border-radius:6px">'
        f'<a href="{escape(link.url)}" style="display:inline-block;padding:11px 18px;{_FONT};'
        "font-size:16px;font-weight:600;color:#ffffff;text-decoration:none"
        f'">{escape(link.label)}</a></td></tr></table>'
        for link in links
    )
    return f"<div>{cells}</div>"


def link(label: str, url: str) -> str:
    """Return one link of ours as a small paragraph."""
    return (
        f'<div style="font-size:13px;color:{MUTED}">'
        f'<a href="{escape(url)}" style="color:{ACCENT}">{escape(label)}</a></div>'
    )


def markdown(text: str) -> str:
    """Return the agent's Markdown as HTML without images, scripts and styles of its own."""
    if len(text) > MAX_MARKDOWN:
        return code(text)
    html = _rendered(text)
    return html if len(html) <= _MAX_HTML else code(text)


def _lines(text: str) -> str:
    return escape(text.strip()).replace("\n", "<br>")


def _is_safe(url: str) -> bool:
    try:
        return urlsplit(url).scheme.lower() in _SCHEMES
    except ValueError:
        return False


# Images would tell a third party who reads what and when.
_parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": 30})
_parser.enable(["table", "strikethrough"]).disable("image")
_parser.validateLink = _is_safe  # type: ignore[method-assign]


@lru_cache(maxsize=256)
def _rendered(text: str) -> str:
    return nh3.clean(
        _parser.render(text),
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    ).strip()
