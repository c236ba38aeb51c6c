"""Markdown, as agents and people write it, in Slack's own markup; mentions nobody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.channels.slack.caps import MESSAGE_TEXT, size
from bot.channels.slack.escaping import (
    MAX_LABEL,
    entities,
    escape,
    is_linkable,
    link,
    one_line,
    tidy,
)
from bot.channels.slack.lines import GAP, Line, Run
from bot.channels.slack.splitting import Paragraph, pieces
from bot.channels.slack.tables import table_lines

MAX_MARKDOWN = 64 * 1024
"""Characters; a longer text is shown as it was written."""

_SCHEMES = {"http", "https", "mailto"}
_MARKS = {"strong": "*", "em": "_", "s": "~"}
_BULLETS = ("•", "◦", "▪")
_BARE_URL = re.compile(r"https?://[^\s<>\"“”]*[^\s<>\"“”.,;:!?'’)\]*_~]")
_RULE = "———"
_NO_MARK = ""


def _has_safe_scheme(url: str) -> bool:
    try:
        return urlsplit(url).scheme.lower() in _SCHEMES
    except ValueError:
        return False


_MAX_NESTING = 30
_parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": _MAX_NESTING})
_parser.enable(["table", "strikethrough"])
_parser.validateLink = _has_safe_scheme  # type: ignore[method-assign]


def messages(markdown: str, cap: int = MESSAGE_TEXT) -> list[str]:
    """Return Markdown as mrkdwn, in as many pieces of at most `cap` as it takes."""
    return pieces(paragraphs(markdown), cap)


def paragraphs(markdown: str) -> list[Paragraph]:
    """Return Markdown as paragraphs of mrkdwn."""
    text = tidy(markdown)
    tokens = _parser.parse(text) if len(text) <= MAX_MARKDOWN else None
    # What is nested deeper than this the parser leaves out: no word may be lost.
    if tokens is None or any(token.level >= _MAX_NESTING - 2 for token in tokens):
        return [_verbatim(part) for part in text.split("\n\n")]
    return _Writer(tokens).paragraphs


def _verbatim(text: str) -> Paragraph:
    return Paragraph(lines=tuple(Line(runs=(Run(text=escape(t)),)) for t in text.split("\n")))


class _Writer:
    """Walks through a document's tokens once."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.paragraphs: list[Paragraph] = []
        self._tokens = tokens
        self._lists: list[int | None] = []
        """The lists that are open: the next number of an ordered one."""
        self._bullet = ""
        """What the next paragraph begins with."""
        self._quotes = 0
        self._in_heading = False
        self._tight = False
        self._write()

    def _write(self) -> None:
        rows: list[list[str]] = []
        in_table = False
        for token in self._tokens:
            match token.type:
                case "heading_open":
                    self._in_heading = True
                case "heading_close":
                    self._in_heading = False
                case "bullet_list_open":
                    self._lists.append(None)
                case "ordered_list_open":
                    self._lists.append(int(token.attrs.get("start", 1)))
                case "bullet_list_close" | "ordered_list_close":
                    self._lists.pop()
                    self._tight = bool(self._lists)
                case "list_item_open":
                    self._begin_item()
                case "list_item_close":
                    self._bullet = ""
                case "blockquote_open":
                    self._quotes += 1
                case "blockquote_close":
                    self._quotes -= 1
                case "table_open":
                    rows, in_table = [], True
                case "tr_open":
                    rows.append([])
                case "table_close":
                    in_table = False
                    self._add_table(rows)
                case "inline" if in_table:
                    rows[-1].append(_words(token.children or []))
                case "inline":
                    self._add(_inline(token.children or [], bold=self._in_heading))
                case "fence" | "code_block":
                    self._add_code(token.content)
                case "hr":
                    self._add([[Run(text=_RULE)]])

    def _begin_item(self) -> None:
        number = self._lists[-1]
        if number is None:
            bullet = _BULLETS[min(len(self._lists), len(_BULLETS)) - 1]
        else:
            bullet = f"{number}."
            self._lists[-1] = number + 1
        self._bullet = bullet + " "

    def _add(self, lines: list[list[Run]]) -> None:
        quote = "> " if self._quotes else ""
        depth = len(self._lists)
        indent = quote + " " * (4 * (depth - 1)) if depth else quote
        below = indent + " " * (len(self._bullet) or 3) if depth else indent
        bullet, self._bullet = self._bullet, ""
        made = tuple(
            Line(runs=tuple(runs), prefix=indent + bullet if n == 0 and bullet else below,
                 hanging=below)
            for n, runs in enumerate(lines)
        )  # fmt: skip
        tight = bool(self.paragraphs) and (self._tight or (depth > 0 and not self._is_first()))
        self.paragraphs.append(Paragraph(lines=made, tight=tight))
        self._tight = depth > 0

    def _is_first(self) -> bool:
        """Tell whether a list begins here, which stands apart from what comes before."""
        return not self._tight and len(self._lists) == 1

    def _add_code(self, content: str) -> None:
        lines = [code(line) for line in content.rstrip("\n").split("\n")]
        self._bullet = ""
        self.paragraphs.append(
            Paragraph(
                lines=tuple(Line(runs=(Run(text=line),), verbatim=True) for line in lines),
                fenced=True,
                tight=self._tight,
            )
        )

    def _add_table(self, rows: list[list[str]]) -> None:
        drawn = table_lines(rows)
        if drawn is not None:
            self._add_code("\n".join(drawn))
            return
        names, *body = rows
        for row in body:
            runs: list[Run] = []
            for name, cell in zip(names, row, strict=False):
                if not cell:
                    continue
                runs.append(Run(text="; " if runs else ""))
                runs.append(Run(text=escape(name) + ":", marks=("*",)) if name else Run(text=""))
                runs.append(Run(text=" " + escape(cell)))
            self._lists.append(None)
            self._bullet = _BULLETS[0] + " "
            self._add([runs])
            self._lists.pop()
        self._tight = False


def code(text: str) -> str:
    """Return a line of code escaped, so that it does not end its block."""
    return entities(tidy(text).replace("```", GAP.join("```")))


def _inline(tokens: Sequence[Token], *, bold: bool = False) -> list[list[Run]]:
    """Return the lines of a paragraph as runs."""
    lines: list[list[Run]] = [[]]
    marks: list[str] = ["*"] if bold else []
    target: str | None = None
    label = ""
    for token in tokens:
        kind, _, end = token.type.rpartition("_")
        if token.type == "link_open":
            target, label = str(token.attrs.get("href", "")), ""
        elif token.type == "link_close" and target is not None:
            lines[-1] += _link_runs(target, label, _held(marks))
            target = None
        elif kind in _MARKS and end == "open":
            marks.append(_NO_MARK if _MARKS[kind] in marks else _MARKS[kind])
        elif kind in _MARKS and end == "close":
            marks.pop()
        elif target is not None:
            label += " " if token.type.endswith("break") else token.content
        elif token.type in {"softbreak", "hardbreak"}:
            lines.append([])
        elif token.type == "code_inline":
            lines[-1].append(_code_run(token.content, marks))
        elif token.type == "image":
            source = str(token.attrs.get("src", ""))
            lines[-1] += _link_runs(source, token.content or "image", _held(marks))
        else:
            lines[-1] += _text_runs(token.content, _held(marks))
    return lines


def _held(marks: Sequence[str]) -> tuple[str, ...]:
    return tuple(mark for mark in marks if mark)


def _link_runs(url: str, label: str, marks: tuple[str, ...]) -> list[Run]:
    words = escape(one_line(label))
    if not is_linkable(url):
        shown = words if not url or words == escape(url) else f"{words} ({escape(one_line(url))})"
        return [Run(text=shown, marks=marks)]
    if size(words) > MAX_LABEL:
        beside = Run(text=link(url, "link"), marks=marks, solid=True)
        return [Run(text=words + " (", marks=marks), beside, Run(text=")", marks=marks)]
    return [Run(text=link(url, label), marks=marks, solid=True)]


def _code_run(content: str, marks: Sequence[str]) -> Run:
    if "`" in content or not content.strip():
        return Run(text=escape(content), marks=_held(marks))
    return Run(text=entities(one_line(content)), marks=(*_held(marks), "`"))


def _text_runs(text: str, marks: tuple[str, ...]) -> list[Run]:
    """Return text with the addresses in it made links, since Slack is told to make none."""
    runs: list[Run] = []
    at = 0
    for found in _BARE_URL.finditer(text):
        runs.append(Run(text=escape(text[at : found.start()]), marks=marks))
        runs += _link_runs(found[0], found[0], marks)
        at = found.end()
    runs.append(Run(text=escape(text[at:]), marks=marks))
    return [run for run in runs if run.text]


def _words(tokens: Sequence[Token]) -> str:
    """Return the plain words of a table's cell, an address behind its label."""
    words = ""
    target = ""
    for token in tokens:
        if token.type == "link_open":
            target = str(token.attrs.get("href", ""))
        elif token.type == "link_close":
            words += "" if words.endswith(target) else f" ({target})"
        else:
            words += token.content or (" " if token.type.endswith("break") else "")
    return one_line(words)
