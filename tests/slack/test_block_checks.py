"""The simulator's Block Kit checks as a table, and against the SDK's own models."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from slack_sdk.models import blocks as models
from slack_sdk.models.blocks import block_elements
from slack_sdk.models.blocks import blocks as block_models
from slack_sdk.models.views import View

from tests.slack.block_checks import CHECKS, check_blocks
from tests.slack.checks import check_metadata, view_faults
from tests.slack.element_checks import IN_ACTIONS, IN_CONTEXT_ACTIONS, IN_INPUT
from tests.slack.failures import SlackRefusal


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def options(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"text": plain(f"o{n}"), "value": f"v{n}"} | more for n in range(count)]


def acting(**element: Any) -> list[dict[str, Any]]:
    return [{"type": "actions", "elements": [{"action_id": "a", **element}]}]


def asking(**element: Any) -> list[dict[str, Any]]:
    return [{"type": "input", "label": plain("?"), "element": {"action_id": "a", **element}}]


GOOD: list[list[dict[str, Any]]] = [
    acting(type="static_select", options=options(100)),
    acting(type="overflow", options=options(5)),
    acting(type="radio_buttons", options=options(10)),
    acting(type="button", text=plain("x" * 75), value="v" * 2_000),
    asking(type="plain_text_input", max_length=3_000, initial_value="x" * 3_000),
    asking(type="datepicker", initial_date="2026-11-22"),
    asking(type="number_input", is_decimal_allowed=False),
    [{"type": "divider"}],
    [{"type": "markdown", "text": "# x"}],
    [{"type": "context", "elements": [plain("x")]}],
    [{"type": "alert", "text": plain("x"), "level": "warning"}],
    [{"type": "card", "title": plain("x")}],
    [{"type": "plan", "title": "x", "tasks": []}],
    [{"type": "section", "fields": [plain("x")] * 10}],
]
BAD: list[tuple[list[dict[str, Any]], str]] = [
    (acting(type="static_select", options=options(101)), "1 to 100"),
    (acting(type="static_select", options=options(1, value="v" * 151)), "151"),
    (acting(type="static_select", options=options(1, text=plain("x" * 76))), "76"),
    (acting(type="static_select", options=[], option_groups=None), "1 to 100"),
    (acting(type="overflow", options=options(6)), "1 to 5"),
    (acting(type="plain_text_input"), "unsupported type"),
    (acting(type="button"), "missing required field"),
    (acting(type="button", text={"type": "mrkdwn", "text": "x"}), "unsupported type: mrkdwn"),
    (
        acting(type="button", text=plain("x"), confirm={"title": plain("x")}),
        "missing required field",
    ),
    (asking(type="button", text=plain("x")), "unsupported type"),
    (asking(type="datepicker", initial_date="tomorrow"), "must match"),
    (asking(type="plain_text_input", max_length=3_001), "within 0 and 3000"),
    (asking(type="plain_text_input", max_length=2, initial_value="xxx"), "less than 3"),
    (asking(type="number_input"), "is_decimal_allowed"),
    (
        asking(type="static_select", options=options(1), initial_option=options(2)[1]),
        "one of the options",
    ),
    ([{"type": "section"}], "text or fields"),
    ([{"type": "section", "fields": [plain("x")] * 11}], "1 to 10"),
    ([{"type": "context", "elements": [plain("x")] * 11}], "1 to 10"),
    ([{"type": "image", "image_url": "https://x.example/a.png"}], "alt_text"),
    ([{"type": "alert", "text": plain("x"), "level": "panic"}], "level"),
    ([{"type": "card", "body": plain("x" * 201)}], "201"),
    ([{"type": "task_card", "task_id": "1", "title": "x", "status": "maybe"}], "status"),
]


@pytest.mark.parametrize("blocks", GOOD)
def test_good_blocks_pass(blocks: list[dict[str, Any]]) -> None:
    assert check_blocks(blocks, "message") == []


@pytest.mark.parametrize(("blocks", "complaint"), BAD)
def test_bad_blocks_are_named(blocks: list[dict[str, Any]], complaint: str) -> None:
    faults = check_blocks(blocks, "message")
    assert complaint in " ".join(faults)


def types_of(module: ModuleType, base: type) -> set[str]:
    models_ = [model for model in vars(module).values() if isinstance(model, type)]
    kinds = {vars(model).get("type") for model in models_ if issubclass(model, base)}
    return {kind for kind in kinds if isinstance(kind, str)}


def test_every_block_and_element_of_the_sdk_is_known() -> None:
    blocks = types_of(block_models, models.Block)
    assert len(blocks) > 15
    assert blocks <= set(CHECKS)
    elements = types_of(block_elements, models.InteractiveElement)
    assert len(elements) > 20
    assert elements <= IN_ACTIONS | IN_INPUT | IN_CONTEXT_ACTIONS


def test_views_are_checked() -> None:
    inputs = asking(type="plain_text_input")
    good = {"type": "modal", "title": plain("x" * 24), "submit": plain("Go"), "blocks": inputs}
    assert view_faults(good, "modal") == []
    assert View(**good).to_dict()["type"] == "modal"  # type: ignore[arg-type]
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"title": plain("x" * 25)}, "/view/title"),
        ({"submit": None}, "/view/submit"),
        ({"private_metadata": "x" * 3_001}, "/view/private_metadata"),
        ({"callback_id": "x" * 256}, "/view/callback_id"),
        ({"blocks": [{"type": "divider"}] * 101}, "no more than 100"),
        ({"blocks": [{"type": "markdown", "text": "x"}]}, "unsupported type: markdown"),
        ({"type": "home"}, "must be modal"),
        ({"colour": "red"}, "unexpected field: colour"),
    ]
    for change, complaint in wrong:
        assert complaint in " ".join(view_faults(good | change, "modal"))
    home = {"type": "home", "blocks": [{"type": "divider"}], "title": plain("x")}
    assert "unexpected field: title" in " ".join(view_faults(home, "home"))


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ("text", "invalid_metadata_format"),
        ({"event_type": "x"}, "invalid_metadata_schema"),
        ({"event_type": "x", "event_payload": {}, "more": 1}, "invalid_metadata_schema"),
        ({"event_type": "x", "event_payload": {"a": "b" * 16_000}}, "metadata_too_large"),
    ],
)
def test_metadata_is_checked(metadata: Any, code: str) -> None:
    with pytest.raises(SlackRefusal, match=code):
        check_metadata(metadata)
