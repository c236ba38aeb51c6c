"""What Slack checks in the elements of Block Kit: buttons, menus, inputs and their options."""

from __future__ import annotations

import re
from typing import Any

from tests.slack.records import Json

Faults = list[str]

BUTTON_STYLES = {"primary", "danger"}
SELECTS = {
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
}
MULTI_SELECTS = {f"multi_{name}" for name in SELECTS}
PICKERS = {"datepicker", "timepicker", "datetimepicker"}
CHOICES = {"checkboxes", "radio_buttons"}
TEXT_INPUTS = {"plain_text_input", "email_text_input", "url_text_input", "number_input"}
INPUT_ONLY = TEXT_INPUTS | {"rich_text_input", "file_input"}
IN_ACTIONS = (
    {"button", "overflow", "workflow_button", "rich_text_input"}
    | SELECTS
    | MULTI_SELECTS
    | PICKERS
    | CHOICES
)
IN_INPUT = INPUT_ONLY | SELECTS | MULTI_SELECTS | PICKERS | CHOICES
IN_SECTION = (IN_ACTIONS | {"image"}) - {"rich_text_input"}
IN_CONTEXT_ACTIONS = {"feedback_buttons", "icon_button"}
WITHOUT_ACTION = {"image", "mrkdwn", "plain_text", "url"}


def at(where: str, complaint: str) -> str:
    """Word one fault as Slack does, with its place in the payload."""
    return f"[ERROR] {complaint} [json-pointer:{where}]"


def check_text(
    value: Any, where: str, *, most: int, plain: bool = False, required: bool = True
) -> Faults:
    """Check a text object: `plain_text` or `mrkdwn`, 1 to `most` characters."""
    if value is None:
        return [at(where, "missing required field: text")] if required else []
    if not isinstance(value, dict):
        return [at(where, "must be an object")]
    kind = value.get("type")
    allowed = {"plain_text"} if plain else {"plain_text", "mrkdwn"}
    if kind not in allowed:
        return [at(f"{where}/type", f"unsupported type: {kind}; must be {' or '.join(allowed)}")]
    unknown = set(value) - {"type", "text", "emoji" if kind == "plain_text" else "verbatim"}
    if unknown:
        return [at(where, f"no more than expected properties: {', '.join(sorted(unknown))}")]
    return check_string(value.get("text"), f"{where}/text", most=most, least=1)


def check_string(value: Any, where: str, *, most: int, least: int = 0) -> Faults:
    """Check a string's length, in characters."""
    if not isinstance(value, str):
        return [at(where, "must be a string")]
    if len(value) < least:
        return [at(where, f"must be more than {least - 1} characters")]
    if len(value) > most:
        return [at(where, f"must be less than {most + 1} characters")]
    return []


def check_option(option: Any, where: str, *, markdown: bool = False) -> Faults:
    """Check one option: text and description 75, value 150, url 3000 characters."""
    if not isinstance(option, dict):
        return [at(where, "must be an object")]
    faults = check_text(option.get("text"), f"{where}/text", most=75, plain=not markdown)
    faults += check_string(option.get("value"), f"{where}/value", most=150)
    if "description" in option:
        place = f"{where}/description"
        faults += check_text(option["description"], place, most=75, plain=not markdown)
    return faults


def check_options(
    element: Json, where: str, *, most: int = 100, least: int = 1, markdown: bool = False
) -> Faults:
    """Check an element's list of options, or of groups of them, and what is chosen at first."""
    if element.get("options") is not None and element.get("option_groups") is not None:
        return [at(where, "only one of options and option_groups is allowed")]
    faults: Faults = []
    options: list[Any] = []
    if element.get("option_groups") is not None:
        groups = element["option_groups"]
        if not 1 <= len(groups) <= 100:
            return [at(f"{where}/option_groups", "must have 1 to 100 items")]
        for number, group in enumerate(groups):
            place = f"{where}/option_groups/{number}"
            faults += check_text(group.get("label"), f"{place}/label", most=75, plain=True)
            options += group.get("options") or []
    else:
        options = element.get("options") or []
        if not least <= len(options) <= most:
            complaint = f"must have {least} to {most} items"
            return [at(f"{where}/options", complaint)]
    for number, option in enumerate(options):
        faults += check_option(option, f"{where}/options/{number}", markdown=markdown)
    initial = element.get("initial_options") or []
    initial = [*initial, element["initial_option"]] if element.get("initial_option") else initial
    values = [option.get("value") for option in options if isinstance(option, dict)]
    faults += [
        at(f"{where}/initial_option", "must be one of the options")
        for option in initial
        if option.get("value") not in values
    ]
    return faults


def check_confirm(confirm: Any, where: str) -> Faults:
    """Check the dialog that asks again before an action."""
    if not isinstance(confirm, dict):
        return [at(where, "must be an object")]
    return (
        check_text(confirm.get("title"), f"{where}/title", most=100, plain=True)
        + check_text(confirm.get("text"), f"{where}/text", most=300)
        + check_text(confirm.get("confirm"), f"{where}/confirm", most=30, plain=True)
        + check_text(confirm.get("deny"), f"{where}/deny", most=30, plain=True)
    )


def _check_button(element: Json, where: str) -> Faults:
    faults = check_text(element.get("text"), f"{where}/text", most=75, plain=True)
    for key, most in (("value", 2000), ("url", 3000), ("accessibility_label", 75)):
        if key in element:
            faults += check_string(element[key], f"{where}/{key}", most=most)
    if element.get("style") not in {None, *BUTTON_STYLES}:
        faults.append(at(f"{where}/style", "must be primary or danger"))
    return faults


def _check_feedback(element: Json, where: str) -> Faults:
    faults: Faults = []
    for key in ("positive_button", "negative_button"):
        button = element.get(key)
        if not isinstance(button, dict):
            faults.append(at(f"{where}/{key}", f"missing required field: {key}"))
            continue
        faults += check_text(button.get("text"), f"{where}/{key}/text", most=75, plain=True)
        faults += check_string(button.get("value"), f"{where}/{key}/value", most=2000)
    return faults


def _check_input(element: Json, where: str) -> Faults:
    faults: Faults = []
    kind = element["type"]
    if kind == "plain_text_input":
        least, most = element.get("min_length", 0), element.get("max_length", 3000)
        if not 0 <= least <= 3000 or not 1 <= most <= 3000 or least > most:
            faults.append(at(where, "min_length and max_length must be within 0 and 3000"))
        initial = element.get("initial_value")
        if initial is not None:
            faults += check_string(initial, f"{where}/initial_value", most=most)
    if kind == "number_input" and not isinstance(element.get("is_decimal_allowed"), bool):
        faults.append(at(where, "missing required field: is_decimal_allowed"))
    return faults


def _check_picker(element: Json, where: str) -> Faults:
    kind = element["type"]
    formats = {
        "datepicker": ("initial_date", r"\d{4}-\d{2}-\d{2}"),
        "timepicker": ("initial_time", r"\d{2}:\d{2}"),
        "datetimepicker": ("initial_date_time", r"\d{10}"),
    }
    key, shape = formats[kind]
    value = element.get(key)
    if value is None or re.fullmatch(shape, str(value)):
        return []
    return [at(f"{where}/{key}", f"must match {shape}")]


def check_element(element: Any, where: str, allowed: set[str]) -> Faults:
    """Check one element by its type; it must be one that may stand at this place."""
    if not isinstance(element, dict):
        return [at(where, "must be an object")]
    kind = element.get("type")
    if kind not in allowed:
        return [at(f"{where}/type", f"unsupported type: {kind}")]
    faults: Faults = []
    if kind not in WITHOUT_ACTION and "action_id" in element:
        faults += check_string(element["action_id"], f"{where}/action_id", most=255, least=1)
    if "confirm" in element:
        faults += check_confirm(element["confirm"], f"{where}/confirm")
    if "placeholder" in element:
        place = f"{where}/placeholder"
        faults += check_text(element["placeholder"], place, most=150, plain=True)
    if kind == "button" or kind == "workflow_button":
        faults += _check_button(element, where)
    elif kind in {"static_select", "multi_static_select"}:
        faults += check_options(element, where)
    elif kind in CHOICES:
        faults += check_options(element, where, most=10, markdown=True)
    elif kind == "overflow":
        faults += check_options(element, where, most=5)
    elif kind in PICKERS:
        faults += _check_picker(element, where)
    elif kind in INPUT_ONLY:
        faults += _check_input(element, where)
    elif kind == "feedback_buttons":
        faults += _check_feedback(element, where)
    elif kind == "icon_button":
        faults += check_text(element.get("text"), f"{where}/text", most=75, plain=True)
        if element.get("icon") != "trash":
            faults.append(at(f"{where}/icon", "must be trash"))
    elif kind == "image":
        faults += check_image(element, where)
    elif kind in {"mrkdwn", "plain_text"}:
        faults += check_text(element, where, most=2000)
    return faults


def check_image(element: Json, where: str) -> Faults:
    """Check an image, as an element or as a block."""
    faults = check_string(element.get("alt_text"), f"{where}/alt_text", most=2000, least=1)
    if "image_url" in element:
        faults += check_string(element["image_url"], f"{where}/image_url", most=3000, least=1)
    elif "slack_file" not in element:
        faults.append(at(where, "missing required field: image_url or slack_file"))
    return faults
