"""What Slack refuses in messages and views, written down once more and apart from our own code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from tests.slack.block_checks import check_blocks as simulated

MENTION = re.compile(r"<[!@#]")
OURS = re.compile(r"<!date\^[0-9]+\^[^<>|]+\|[^<>|]+>")
BARE = re.compile(r"@(channel|here|everyone|group)\b", re.IGNORECASE)
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
BROKEN = re.compile(r"&(?!(?:amp|lt|gt);)")
ELEMENTS = {
    "button", "static_select", "multi_static_select", "plain_text_input", "number_input",
    "datepicker", "radio_buttons", "users_select", "multi_users_select",
}  # fmt: skip


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check_text(text: str) -> None:
    """Check mrkdwn: it mentions nobody, and its escapes and links are whole."""
    rest = OURS.sub("", text)
    assert not MENTION.search(rest), rest
    # In code and in links Slack reads no names.
    assert not BARE.search(re.sub(r"(?s)```.*?(?:```|$)|`[^`\n]+`|<[^<>]*>", "", rest)), rest
    assert not UNSEEN.search(text)
    assert not BROKEN.search(rest), rest
    links = re.sub(
        r"<(?:https?|mailto):[^<>|\s]+(?:\|[^<>|]*(?:\|[^<>]*)?)?>", "", rest, flags=re.IGNORECASE
    )
    assert "<" not in links, links


def check_as_the_simulator(blocks: Any, surface: str) -> None:
    """Check blocks as the simulated Slack of the flow tests does."""
    assert simulated(blocks, surface) == []


def check_message(message: Any) -> None:
    assert 0 < units(message.text) <= 4_000
    check_text(message.text)
    blocks = list(message.blocks)
    assert 0 < len(blocks) <= 50
    check_blocks(blocks)
    check_as_the_simulator(blocks, "message")
    # Nowhere written down; more is refused with msg_blocks_too_long.
    assert sum(units(text["text"]) for text in texts(blocks)) <= 40_000
    assert set(message.metadata) == {"event_type", "event_payload"}


def check_view(view: dict[str, Any]) -> None:
    assert 0 < len(view["blocks"]) <= 100
    if view["type"] == "modal":
        assert 0 < units(view["title"]["text"]) <= 24
        assert len(view.get("callback_id", "")) <= 255
        assert len(view.get("private_metadata", "")) <= 3_000
        for name in ("submit", "close"):
            assert name not in view or 0 < units(view[name]["text"]) <= 24
        has_inputs = any(block["type"] == "input" for block in view["blocks"])
        assert not has_inputs or "submit" in view
    check_blocks(view["blocks"])
    check_as_the_simulator(view["blocks"], view["type"])
    View(**{k: v for k, v in view.items() if k != "blocks"}, blocks=view["blocks"]).to_dict()


def check_blocks(blocks: list[dict[str, Any]]) -> None:
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    assert len(ids) == len(set(ids))
    assert all(0 < len(one) <= 255 for one in ids)
    for text in texts(blocks):
        assert text["text"]
        if text["type"] == "mrkdwn":
            check_text(text["text"])
            assert text["verbatim"] is True
        assert not UNSEEN.search(text["text"])
    for block in blocks:
        check_block(block)
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.validate_json()


def check_block(block: dict[str, Any]) -> None:
    match block["type"]:
        case "section":
            assert units(block["text"]["text"]) <= 3_000
            if "accessory" in block:
                check_element(block["accessory"])
        case "header":
            assert units(block["text"]["text"]) <= 150
        case "context":
            assert 0 < len(block["elements"]) <= 10
        case "actions":
            assert 0 < len(block["elements"]) <= 25
            names = [element["action_id"] for element in block["elements"]]
            assert len(names) == len(set(names))
            for element in block["elements"]:
                check_element(element)
        case "input":
            assert units(block["label"]["text"]) <= 2_000
            assert units(block.get("hint", {"text": ""})["text"]) <= 2_000
            check_element(block["element"])
        case "divider":
            pass
        case other:
            raise AssertionError(f"a block of the kind {other}")


def check_element(element: dict[str, Any]) -> None:
    assert element["type"] in ELEMENTS
    assert 0 < len(element["action_id"]) <= 255
    assert units(element.get("placeholder", {"text": ""})["text"]) <= 150
    if element["type"] == "button":
        assert 0 < units(element["text"]["text"]) <= 75
        assert len(element.get("value", "")) <= 2_000
        assert len(element.get("url", "")) <= 3_000
        if "confirm" in element:
            sure = element["confirm"]
            assert units(sure["title"]["text"]) <= 100
            assert units(sure["text"]["text"]) <= 300
            assert units(sure["confirm"]["text"]) <= 30
            assert units(sure["deny"]["text"]) <= 30
    if element["type"] == "plain_text_input":
        assert 0 < element["max_length"] <= 3_000
        assert units(element.get("initial_value", "")) <= element["max_length"]
    if "options" in element:
        most = 10 if element["type"] == "radio_buttons" else 100
        assert 0 < len(element["options"]) <= most
        values = [option["value"] for option in element["options"]]
        assert len(values) == len(set(values))
        for option in element["options"]:
            assert 0 < units(option["text"]["text"]) <= 75
            assert 0 < len(option["value"]) <= 150


def texts(value: object) -> Iterator[dict[str, Any]]:
    """Yield each text object."""
    if isinstance(value, dict):
        if value.get("type") in {"mrkdwn", "plain_text"}:
            yield value
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)


def buttons(blocks: Any) -> dict[str, dict[str, Any]]:
    """Return what can be clicked, by action id."""
    found = {}
    for block in blocks:
        for element in [*block.get("elements", []), block.get("accessory")]:
            if element and "action_id" in element:
                found[element["action_id"]] = element
    return found


def words(blocks: Any) -> str:
    """Return all that is written."""
    return "\n".join(text["text"] for text in texts(list(blocks)))
