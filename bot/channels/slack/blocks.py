"""Block Kit's blocks as plain maps; every cap holds whatever text comes in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.channels.slack import caps
from bot.channels.slack.clicks import AGAIN, Click, encode
from bot.channels.slack.escaping import cut, cut_escaped, one_line, safe_url, tidy

Block = dict[str, Any]


def mrkdwn(text: str, cap: int = caps.SECTION) -> Block:
    """Return marked-up text; names and addresses in it are not linked by Slack itself."""
    return {"type": "mrkdwn", "text": cut_escaped(text, cap) or "–", "verbatim": True}


def plain(text: str, cap: int) -> Block:
    """Return plain text in one line."""
    return {"type": "plain_text", "text": one_line(text, cap) or "–", "emoji": True}


def section(text: str, accessory: Block | None = None) -> Block:
    """Return a paragraph, with a button beside it."""
    block: Block = {"type": "section", "text": mrkdwn(text)}
    if accessory is not None:
        block["accessory"] = accessory
    return block


def plain_section(text: str) -> Block:
    """Return a paragraph in one line whose signs are no markup."""
    return {"type": "section", "text": plain(text, caps.SECTION)}


def header(text: str) -> Block:
    """Return a heading."""
    return {"type": "header", "text": plain(text, caps.HEADER)}


def divider() -> Block:
    """Return a line."""
    return {"type": "divider"}


def context(lines: Sequence[str]) -> Block:
    """Return small print, a text for each line; what is over ten shares the last."""
    texts = list(lines[: caps.CONTEXT_ELEMENTS - 1])
    rest = lines[caps.CONTEXT_ELEMENTS - 1 :]
    if rest:
        texts.append(" · ".join(rest))
    return {"type": "context", "elements": [mrkdwn(text, caps.CONTEXT) for text in texts]}


def actions(elements: Sequence[Block], block_id: str | None = None) -> Block:
    """Return a row of buttons."""
    block: Block = {"type": "actions", "elements": list(elements[: caps.ACTIONS])}
    if block_id is not None:
        block["block_id"] = block_id
    return block


def button(
    words: str, click: Click, *, style: str | None = None, confirm: Block | None = None
) -> Block:
    """Return a button bound to what a click on it means."""
    action_id, value = encode(click)
    block: Block = {
        "type": "button",
        "text": plain(words, caps.BUTTON),
        "action_id": action_id,
        "value": value,
    }
    if style is not None:
        block["style"] = style
    if confirm is not None:
        block["confirm"] = confirm
    return block


def link_button(words: str, url: str, *, action_id: str = "hr.open") -> Block | None:
    """Return a button that opens a page; None where the address cannot be one."""
    safe = safe_url(url)
    if safe is None:
        return None
    return {
        "type": "button",
        "text": plain(words, caps.BUTTON),
        "action_id": action_id,
        "url": safe,
    }


def confirm(title: str, text: str, yes: str, no: str, *, danger: bool = False) -> Block:
    """Return the question that is asked before a click counts."""
    return {
        "title": plain(title, caps.CONFIRM_TITLE),
        "text": plain(text, caps.CONFIRM_TEXT),
        "confirm": plain(yes, caps.CONFIRM_BUTTON),
        "deny": plain(no, caps.CONFIRM_BUTTON),
        "style": "danger" if danger else "primary",
    }


def option(label: str, value: str) -> Block:
    """Return one entry of a select."""
    return {"text": plain(label, caps.OPTION_TEXT), "value": value}


def select(
    action_id: str,
    options: Sequence[Block],
    *,
    placeholder: str,
    multiple: bool = False,
    initial: Block | None = None,
) -> Block:
    """Return a select of at most a hundred options."""
    block: Block = {
        "type": "multi_static_select" if multiple else "static_select",
        "action_id": action_id,
        "placeholder": plain(placeholder, caps.PLACEHOLDER),
        "options": list(options[: caps.OPTIONS]),
    }
    if initial is not None:
        block["initial_options" if multiple else "initial_option"] = (
            [initial] if multiple else initial
        )
    return block


def text_input(
    *, multiline: bool = False, initial: str = "", placeholder: str = "", limit: int = caps.INPUT
) -> Block:
    """Return a box to write in."""
    block: Block = {
        "type": "plain_text_input",
        "action_id": INPUT_ACTION,
        "multiline": multiline,
        "max_length": min(limit, caps.INPUT),
    }
    if initial:
        block["initial_value"] = cut(tidy(initial), min(limit, caps.INPUT))
    if placeholder:
        block["placeholder"] = plain(placeholder, caps.PLACEHOLDER)
    return block


INPUT_ACTION = "v"
"""Of every input: its block's id tells it from others."""


def input_block(
    block_id: str, label: str, element: Block, *, optional: bool = False, hint: str = ""
) -> Block:
    """Return a labelled input."""
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain(label, caps.LABEL),
        "element": element,
        "optional": optional,
    }
    if hint:
        block["hint"] = plain(hint, caps.LABEL)
    return block


def distinct(blocks: Sequence[Block]) -> list[Block]:
    """Return blocks in which no two things to act on share an action id: later ones are numbered.

    (docs.slack.dev asks for that within a block; this is safe wherever it is checked.)
    """
    seen: dict[str, int] = {}
    return [_numbered(block, seen) for block in blocks]


def _numbered(block: Block, seen: dict[str, int]) -> Block:
    copy = dict(block)
    for place in ("accessory", "element"):
        if place in copy:
            copy[place] = _number(copy[place], seen)
    if "elements" in copy:
        copy["elements"] = [_number(element, seen) for element in copy["elements"]]
    return copy


def _number(element: Block, seen: dict[str, int]) -> Block:
    action_id = element.get("action_id")
    if action_id is None:
        return element
    before = seen.get(action_id, 0)
    seen[action_id] = before + 1
    return {**element, "action_id": f"{action_id}{AGAIN}{before}"} if before else element
