"""HTML of a mail to the text a reader sees: no scripts, pictures, links' targets or hidden words.

What quotes an earlier mail gets ">" before its lines, like in a plain mail.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

# Each level of quotation costs two characters a line; deeper ones say nothing more.
_QUOTE_DEPTH = 8
_NODES = 200_000
_UNSHOWN = {"script", "style", "head", "title", "template", "object", "embed", "svg",
            "math", "iframe", "video", "audio", "canvas", "select", "textarea", "button", "img",
            "input", "map", "noframes", "-comment", "xml"}  # fmt: skip
_BLOCKS = {"address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt",
           "fieldset", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
           "hr", "html", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tbody",
           "thead", "tr", "ul"}  # fmt: skip
_APART = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "table", "pre"}
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all"
    r"|(?:font-size|max-height|max-width|(?<![-\w])height|(?<![-\w])width|opacity)"
    r"\s*:\s*0*\.?0*(?:px|pt|em|rem|%)?\s*(?:;|!|$)|text-indent\s*:\s*-\d{3,}",
    re.IGNORECASE,
)
_QUOTING = {"gmail_attr", "yahoo_quoted", "protonmail_quote", "moz-cite-prefix",
            "tutanota_quote", "zmail_extra"}  # fmt: skip
# Tags whose end may be left out, or that have none: they do not nest by themselves.
_SHALLOW = {"area", "base", "br", "col", "dd", "dt", "hr", "img", "input", "li", "link", "meta",
            "option", "p", "param", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track",
            "wbr"}  # fmt: skip
_STYLING = {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong",
            "tt", "u"}  # fmt: skip
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,40})")
_ANY_TAG = re.compile(r"<(?:!--.{0,10000}?--|[^<>]{0,10000})>", re.DOTALL)
# What parsing may cost, in tags times how deep they stand: a newsletter has about a million.
_DEPTH, _WORK = 1_500, 20_000_000
_SPACES = re.compile(r"[ \t\n]+")


@dataclass(slots=True)
class _Page:
    """The lines written so far; a line is closed before the next block begins."""

    lines: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    quotes: int = 0
    blank: bool = False

    def write(self, text: str) -> None:
        if self.line and self.line[-1].endswith((" ", "\n")):
            text = text.lstrip(" ")
        if not self.line:
            text = text.lstrip(" ")
        if text:
            self.line.append(text)

    def close(self, *, apart: bool = False) -> None:
        text = "".join(self.line).rstrip()
        self.line.clear()
        mark = "> " * min(self.quotes, _QUOTE_DEPTH)
        if text:
            if self.blank and self.lines:
                self.lines.append(mark.rstrip() if self.lines[-1].startswith(">") else "")
            self.lines.append(mark + text)
            self.blank = False
        self.blank = self.blank or apart

    def end_line(self) -> None:
        """End the line as `<br>` does: an empty one stays as a blank."""
        if self.line:
            self.close()
        else:
            self.blank = True


def text_of_html(html: str) -> str:
    """Return what a reader of `html` sees, as text in lines; "" where nothing can be read."""
    if _costly(html):
        return _SPACES.sub(" ", _ANY_TAG.sub(" ", html)).strip()
    try:
        root = LexborHTMLParser(html).root
        return _walked(root) if root is not None else ""
    except (SelectolaxError, ValueError, RuntimeError, UnicodeError):
        return ""


def _costly(html: str) -> bool:
    """Tell whether the rules of HTML5 would make a parser spend minutes, or gigabytes, on this.

    Each open tag is looked at again for each tag in it, and open styles are copied into each
    paragraph.
    """
    opened: Counter[str] = Counter()
    depth = deepest = styles = most_styles = tags = 0
    for closing, name in _TAG.findall(html):
        tag = name.lower()
        tags += 1
        if tag in _SHALLOW or (closing and not opened[tag]):
            continue
        step = -1 if closing else 1
        opened[tag] += step
        depth += step
        deepest = max(deepest, depth)
        if tag in _STYLING:
            styles += step
            most_styles = max(most_styles, styles)
    return deepest > _DEPTH or tags * (deepest + 10 * most_styles) > _WORK


def _walked(root: LexborNode) -> str:
    page = _Page()
    # A stack of our own: nesting is the sender's choice, and Python's is 1,000 deep.
    stack: list[tuple[LexborNode, bool, bool]] = [(root, False, False)]
    nodes = 0
    while stack and nodes < _NODES:
        node, leaving, literal = stack.pop()
        tag = node.tag or ""
        if leaving:
            _leave(page, node, tag)
            continue
        nodes += 1
        following = node.next
        if following is not None and node is not root:
            stack.append((following, False, literal))
        if node.is_text_node:
            _write(page, node.text_content or "", literal=literal)
            continue
        if tag in _UNSHOWN or not node.is_element_node or _hidden(node):
            continue
        _enter(page, node, tag)
        child = node.child
        stack.append((node, True, literal))
        if child is not None:
            stack.append((child, False, literal or tag == "pre"))
    page.close()
    return "\n".join(page.lines)


def _write(page: _Page, text: str, *, literal: bool) -> None:
    if not literal:
        page.write(_SPACES.sub(" ", text))
        return
    first, *rest = text.split("\n")
    page.write(first)
    for line in rest:
        page.end_line()
        if line:
            page.line.append(line)


def _enter(page: _Page, node: LexborNode, tag: str) -> None:
    if tag == "br":
        page.end_line()
    elif tag in _BLOCKS:
        page.close(apart=tag in _APART)
        if tag == "li":
            page.write("- ")
        elif tag == "hr":
            # What stands above it is what was written last: see Outlook's replies.
            page.write("_" * 32)
            page.close()
    elif tag in {"td", "th"} and page.line:
        page.write(" ")
    if _quoting(node, tag):
        page.close()
        page.quotes += 1


def _leave(page: _Page, node: LexborNode, tag: str) -> None:
    if tag in _BLOCKS or _quoting(node, tag):
        page.close(apart=tag in _APART)
    if _quoting(node, tag):
        page.quotes -= 1


def _quoting(node: LexborNode, tag: str) -> bool:
    if tag == "blockquote":
        return True
    classes = (node.attributes.get("class") or "") if tag in {"div", "span"} else ""
    return bool(classes) and not _QUOTING.isdisjoint(classes.lower().split())


def _hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    if not attributes:
        return False
    if "hidden" in attributes:
        return True
    style = attributes.get("style")
    return bool(style and _HIDING.search(style))
