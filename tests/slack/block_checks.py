"""What Slack checks in blocks, and which of them may stand in a message, a modal or a Home tab."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.slack.element_checks import (
    IN_ACTIONS,
    IN_CONTEXT_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    Faults,
    at,
    check_element,
    check_image,
    check_string,
    check_text,
)
from tests.slack.records import Json

EVERYWHERE = {"actions", "context", "divider", "header", "image", "input", "rich_text", "section"}
EVERYWHERE |= {"video", "alert", "card", "carousel", "container"}
ALLOWED = {
    "message": EVERYWHERE
    | {"file", "markdown", "table", "task_card", "plan", "context_actions", "call"},
    "modal": EVERYWHERE,
    "home": EVERYWHERE | {"auth_provider"},
}
MOST = {"message": 50, "modal": 100, "home": 100}
MARKDOWN_IN_ALL = 12_000
"""Characters that all markdown blocks of one message may have together."""


def _section(block: Json, where: str) -> Faults:
    text, fields = block.get("text"), block.get("fields")
    if text is None and not fields:
        return [at(where, "missing required field: text or fields")]
    faults = check_text(text, f"{where}/text", most=3000, required=False)
    if fields is not None:
        if not 1 <= len(fields) <= 10:
            faults.append(at(f"{where}/fields", "must have 1 to 10 items"))
        for number, field in enumerate(fields):
            faults += check_text(field, f"{where}/fields/{number}", most=2000)
    if "accessory" in block:
        faults += check_element(block["accessory"], f"{where}/accessory", IN_SECTION)
    return faults


def _elements(allowed: set[str], most: int) -> Callable[[Json, str], Faults]:
    def check(block: Json, where: str) -> Faults:
        elements = block.get("elements")
        if not isinstance(elements, list) or not 1 <= len(elements) <= most:
            return [at(f"{where}/elements", f"must have 1 to {most} items")]
        return [
            fault
            for number, element in enumerate(elements)
            for fault in check_element(element, f"{where}/elements/{number}", allowed)
        ]

    return check


def _input(block: Json, where: str) -> Faults:
    faults = check_text(block.get("label"), f"{where}/label", most=2000, plain=True)
    place = f"{where}/hint"
    faults += check_text(block.get("hint"), place, most=2000, plain=True, required=False)
    return faults + check_element(block.get("element"), f"{where}/element", IN_INPUT)


def _header(block: Json, where: str) -> Faults:
    return check_text(block.get("text"), f"{where}/text", most=150, plain=True)


def _markdown(block: Json, where: str) -> Faults:
    return check_string(block.get("text"), f"{where}/text", most=MARKDOWN_IN_ALL, least=1)


def _rich_text(block: Json, where: str) -> Faults:
    kinds = {f"rich_text_{name}" for name in ("section", "list", "preformatted", "quote")}
    elements = block.get("elements")
    if not isinstance(elements, list):
        return [at(f"{where}/elements", "missing required field: elements")]
    return [
        at(f"{where}/elements/{number}/type", f"unsupported type: {element.get('type')}")
        for number, element in enumerate(elements)
        if element.get("type") not in kinds
    ]


def _table(block: Json, where: str) -> Faults:
    rows = block.get("rows")
    if not isinstance(rows, list) or not 1 <= len(rows) <= 100:
        return [at(f"{where}/rows", "must have 1 to 100 items")]
    if any(len(row) > 20 for row in rows):
        return [at(f"{where}/rows", "a row must have at most 20 cells")]
    return []


def _task_card(block: Json, where: str) -> Faults:
    faults = check_string(block.get("task_id"), f"{where}/task_id", most=255, least=1)
    faults += check_string(block.get("title"), f"{where}/title", most=256, least=1)
    if block.get("status") not in {"pending", "in_progress", "complete", "error"}:
        faults.append(at(f"{where}/status", "must be pending, in_progress, complete or error"))
    return faults


def _plan(block: Json, where: str) -> Faults:
    faults = check_string(block.get("title"), f"{where}/title", most=256, least=1)
    for number, task in enumerate(block.get("tasks") or []):
        faults += _task_card(task, f"{where}/tasks/{number}")
    return faults


def _alert(block: Json, where: str) -> Faults:
    faults = check_text(block.get("text"), f"{where}/text", most=3000)
    if block.get("level") not in {None, "default", "info", "warning", "error", "success"}:
        faults.append(at(f"{where}/level", "unsupported level"))
    return faults


def _card(block: Json, where: str) -> Faults:
    if not any(block.get(key) for key in ("hero_image", "title", "actions", "body")):
        return [at(where, "one of hero_image, title, actions or body is required")]
    faults: Faults = []
    for key, most in (("title", 150), ("subtitle", 150), ("body", 200)):
        faults += check_text(block.get(key), f"{where}/{key}", most=most, required=False)
    for number, element in enumerate(block.get("actions") or []):
        faults += check_element(element, f"{where}/actions/{number}", {"button"})
    return faults


def _carousel(block: Json, where: str) -> Faults:
    cards = block.get("elements") or []
    if not 1 <= len(cards) <= 10:
        return [at(f"{where}/elements", "must have 1 to 10 items")]
    return [
        fault
        for number, card in enumerate(cards)
        for fault in _card(card, f"{where}/elements/{number}")
    ]


def _container(block: Json, where: str) -> Faults:
    if block.get("title") is None and block.get("rich_text_title") is None:
        return [at(where, "missing required field: title or rich_text_title")]
    faults = check_text(block.get("title"), f"{where}/title", most=150, plain=True, required=False)
    children = block.get("child_blocks") or []
    if not 1 <= len(children) <= 10:
        return [*faults, at(f"{where}/child_blocks", "must have 1 to 10 items")]
    for number, child in enumerate(children):
        faults += check_block(child, f"{where}/child_blocks/{number}", EVERYWHERE - {"container"})
    return faults


def _video(block: Json, where: str) -> Faults:
    faults = check_text(block.get("title"), f"{where}/title", most=199, plain=True)
    for key in ("alt_text", "video_url", "thumbnail_url"):
        faults += check_string(block.get(key), f"{where}/{key}", most=3000, least=1)
    return faults


def _auth_provider(block: Json, where: str) -> Faults:
    faults = check_string(block.get("value"), f"{where}/value", most=150, least=1)
    return faults + check_text(block.get("name"), f"{where}/name", most=75, plain=True)


def _file(block: Json, where: str) -> Faults:
    return check_string(block.get("external_id"), f"{where}/external_id", most=255, least=1)


def _nothing(block: Json, where: str) -> Faults:
    return []


CHECKS: dict[str, Callable[[Json, str], Faults]] = {
    "actions": _elements(IN_ACTIONS, 25),
    "alert": _alert,
    "auth_provider": _auth_provider,
    "call": _nothing,
    "card": _card,
    "carousel": _carousel,
    "container": _container,
    "context": _elements({"mrkdwn", "plain_text", "image"}, 10),
    "context_actions": _elements(IN_CONTEXT_ACTIONS, 5),
    "divider": _nothing,
    "file": _file,
    "header": _header,
    "image": check_image,
    "input": _input,
    "markdown": _markdown,
    "plan": _plan,
    "rich_text": _rich_text,
    "section": _section,
    "table": _table,
    "task_card": _task_card,
    "video": _video,
}


def check_block(block: Any, where: str, allowed: set[str]) -> Faults:
    """Check one block by its type; it must be one that may stand here."""
    if not isinstance(block, dict):
        return [at(where, "must be an object")]
    kind = block.get("type")
    if kind not in allowed:
        return [at(f"{where}/type", f"unsupported type: {kind}")]
    faults = CHECKS[kind](block, where)
    if "block_id" in block:
        faults += check_string(block["block_id"], f"{where}/block_id", most=255)
    return faults


def elements_of(block: Json) -> Iterator[Json]:
    """Yield the elements of a block that a person can act on."""
    found = [*(block.get("elements") or []), *(block.get("actions") or [])]
    found += [block[key] for key in ("accessory", "element") if isinstance(block.get(key), dict)]
    for element in found:
        if not isinstance(element, dict):
            continue
        if element.get("type") == "card":
            yield from elements_of(element)
        elif "action_id" in element:
            yield element
    for child in block.get("child_blocks") or []:
        yield from elements_of(child)


def check_blocks(blocks: Any, surface: str, where: str = "/blocks") -> Faults:
    """Return every fault in the blocks of a message, modal or Home tab."""
    if not isinstance(blocks, list):
        return [at(where, "must be an array")]
    if len(blocks) > MOST[surface]:
        return [at(where, f"no more than {MOST[surface]} items allowed [input:{len(blocks)}]")]
    faults: Faults = []
    for number, block in enumerate(blocks):
        faults += check_block(block, f"{where}/{number}", ALLOWED[surface])
    whole = [block for block in blocks if isinstance(block, dict)]
    ids = [block["block_id"] for block in whole if block.get("block_id")]
    faults += [
        at(where, f"block_id `{id_}` already exists")
        for id_ in {i for i in ids if ids.count(i) > 1}
    ]
    actions = [element["action_id"] for block in whole for element in elements_of(block)]
    faults += [
        at(where, f"action_id `{id_}` already exists")
        for id_ in {i for i in actions if actions.count(i) > 1}
    ]
    written = sum(len(b.get("text") or "") for b in whole if b.get("type") == "markdown")
    if written > MARKDOWN_IN_ALL:
        faults.append(at(where, f"markdown blocks must have at most {MARKDOWN_IN_ALL} characters"))
    return faults
