"""What a person can do with an element on the screen, and what Slack then says was chosen."""

from __future__ import annotations

import re
from typing import Any

from tests.slack.failures import NotOnScreen
from tests.slack.records import Json

SINGLE = {
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
}
SEVERAL = {
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
}
ONE_OPTION = {"static_select", "external_select", "radio_buttons", "overflow"}
SOME_OPTIONS = {"multi_static_select", "multi_external_select", "checkboxes"}
WRITTEN = {"plain_text_input", "email_text_input", "url_text_input", "number_input"}
SHAPES = {
    "datepicker": r"\d{4}-\d{2}-\d{2}",
    "timepicker": r"\d{2}:\d{2}",
    "datetimepicker": r"\d{10}",
    "email_text_input": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "url_text_input": r"[a-z]+://\S+",
    "number_input": r"-?\d+(\.\d+)?",
}


def options_of(element: Json) -> list[Json]:
    """Return the options that a person sees."""
    found = list(element.get("options") or [])
    for group in element.get("option_groups") or []:
        found += group.get("options") or []
    return found


def _option(element: Json, value: Any, loaded: list[Json]) -> Json:
    """Find an option by its value or its text."""
    for option in [*options_of(element), *loaded]:
        if value == option.get("value") or value == option.get("text", {}).get("text"):
            return option
    raise NotOnScreen(f"no option {value!r} in {element.get('action_id')}")


def chosen(element: Json, value: Any, loaded: list[Json] | None = None) -> Json:
    """Return the part of an action that tells what was chosen; refuse what cannot be.

    `loaded` are options that the app gave for an external menu.
    """
    kind = element["type"]
    if kind in {"button", "icon_button", "workflow_button"}:
        if value is not None and value != element.get("value"):
            raise NotOnScreen(f"the button {element.get('action_id')} carries another value")
        shown: Json = {key: element[key] for key in ("text", "value") if key in element}
        return {"type": "button" if kind == "button" else kind, **shown}
    if kind == "feedback_buttons":
        for key in ("positive_button", "negative_button"):
            if element[key].get("value") == value:
                return {"type": kind, "text": element[key]["text"], "value": value}
        raise NotOnScreen(f"no feedback {value!r}")
    if kind in ONE_OPTION:
        option = None if value is None else _option(element, value, loaded or [])
        return {"type": kind, "selected_option": option}
    if kind in SOME_OPTIONS:
        values = value if isinstance(value, list) else [] if value is None else [value]
        picked = [_option(element, one, loaded or []) for one in values]
        return {"type": kind, "selected_options": picked}
    if kind in SEVERAL:
        values = value if isinstance(value, list) else [] if value is None else [value]
        return {"type": kind, SEVERAL[kind]: values}
    if value is not None and kind in SHAPES and not re.fullmatch(SHAPES[kind], str(value)):
        raise NotOnScreen(f"{value!r} cannot be entered in {element.get('action_id')}")
    if kind in SINGLE:
        number = kind == "datetimepicker" and value is not None
        return {"type": kind, SINGLE[kind]: int(value) if number else value}
    if kind in WRITTEN:
        return {"type": kind, "value": _written(element, value)}
    if kind == "rich_text_input":
        return {"type": kind, "rich_text_value": value}
    if kind == "file_input":
        return {"type": kind, "files": value or []}
    raise NotOnScreen(f"nobody can act on {kind}")


def _written(element: Json, value: Any) -> str | None:
    if value is None or value == "":
        return None
    text = str(value)
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if element["type"] == "plain_text_input" and not least <= len(text) <= most:
        raise NotOnScreen(f"{element.get('action_id')} takes {least} to {most} characters")
    if element["type"] == "number_input":
        if not element.get("is_decimal_allowed") and "." in text:
            raise NotOnScreen(f"{element.get('action_id')} takes whole numbers")
        low, high = element.get("min_value"), element.get("max_value")
        if low is not None and float(text) < float(low):
            raise NotOnScreen(f"{element.get('action_id')} takes at least {low}")
        if high is not None and float(text) > float(high):
            raise NotOnScreen(f"{element.get('action_id')} takes at most {high}")
    return text


def initial(element: Json) -> Json:
    """Return what an element says before anybody touched it."""
    kind = element["type"]
    if kind in ONE_OPTION:
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind in SOME_OPTIONS:
        return {"type": kind, "selected_options": element.get("initial_options") or []}
    if kind in SINGLE:
        key = "initial_" + SINGLE[kind].removeprefix("selected_")
        return {"type": kind, SINGLE[kind]: element.get(key)}
    if kind in SEVERAL:
        key = "initial_" + SEVERAL[kind].removeprefix("selected_")
        return {"type": kind, SEVERAL[kind]: element.get(key) or []}
    if kind == "rich_text_input":
        return {"type": kind, "rich_text_value": element.get("initial_value")}
    if kind == "file_input":
        return {"type": kind, "files": []}
    return {"type": kind, "value": element.get("initial_value")}


def is_empty(state: Json) -> bool:
    """Tell whether nothing was entered."""
    return all(value in (None, [], "") for key, value in state.items() if key != "type")
