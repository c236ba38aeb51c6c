"""What Slack checks in whole messages, metadata and views before it takes them."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.slack.block_checks import check_blocks
from tests.slack.element_checks import Faults, at, check_string, check_text
from tests.slack.failures import SlackRefusal
from tests.slack.records import Json

MOST_TEXT = 40_000
MOST_EDITED = 4_000
MOST_MARKDOWN = 12_000
MOST_VIEW_BYTES = 250_000
MOST_METADATA_BYTES = 16_000


def refuse_blocks(faults: Faults) -> None:
    """Raise `invalid_blocks` with Slack's messages if there is any fault."""
    if faults:
        raise SlackRefusal(
            "invalid_blocks",
            errors=[fault.removeprefix("[ERROR] ") for fault in faults],
            response_metadata={"messages": faults},
        )


def check_message(args: Json, *, edit: bool = False) -> None:
    """Check what is about to be shown in a message."""
    text, blocks = args.get("text"), args.get("blocks")
    markdown, attachments = args.get("markdown_text"), args.get("attachments")
    if markdown is not None and (text or blocks):
        raise SlackRefusal("markdown_text_conflict")
    if not (text or blocks or markdown or attachments):
        raise SlackRefusal("no_text")
    for value in (text, markdown):
        if value is not None and not isinstance(value, str):
            raise SlackRefusal("invalid_arguments")
    if len(text or "") > (MOST_EDITED if edit else MOST_TEXT):
        raise SlackRefusal("msg_too_long")
    if len(markdown or "") > MOST_MARKDOWN:
        raise SlackRefusal("msg_too_long")
    if blocks is not None:
        if not isinstance(blocks, list):
            raise SlackRefusal("invalid_blocks_format")
        refuse_blocks(check_blocks(blocks, "message"))
    if attachments is not None:
        _check_attachments(attachments)
    check_metadata(args.get("metadata"))


def _check_attachments(attachments: Any) -> None:
    if not isinstance(attachments, list):
        raise SlackRefusal("invalid_attachments")
    if len(attachments) > 100:
        raise SlackRefusal("too_many_attachments")
    for number, attachment in enumerate(attachments):
        if "blocks" in attachment:
            where = f"/attachments/{number}/blocks"
            refuse_blocks(check_blocks(attachment["blocks"], "message", where))


def check_metadata(metadata: Any) -> None:
    """Check a message's metadata: an event type and a payload of scalars, lists or objects."""
    if metadata is None or metadata == "" or metadata == {}:
        return
    if not isinstance(metadata, dict):
        raise SlackRefusal("invalid_metadata_format")
    if not set(metadata) <= {"event_type", "event_payload", "entities"}:
        raise SlackRefusal("invalid_metadata_schema")
    if "entities" in metadata and "event_type" not in metadata:
        return
    kind, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(kind, str) or not kind or not isinstance(payload, dict):
        raise SlackRefusal("invalid_metadata_schema")
    if len(json.dumps(metadata)) > MOST_METADATA_BYTES:
        raise SlackRefusal("metadata_too_large")


def check_view(view: Any, expected: str) -> None:
    """Check a modal or Home tab; `invalid_arguments` names each fault, `view_too_large`."""
    if not isinstance(view, dict):
        raise SlackRefusal("invalid_arguments")
    if len(json.dumps(view).encode()) > MOST_VIEW_BYTES:
        raise SlackRefusal("view_too_large")
    faults = view_faults(view, expected)
    if faults:
        raise SlackRefusal("invalid_arguments", response_metadata={"messages": faults})


def view_faults(view: Json, expected: str) -> Faults:
    """Return everything that is wrong with a view."""
    kind = view.get("type")
    if kind != expected:
        return [at("/view/type", f"must be {expected}, is {kind}")]
    known = {"type", "blocks", "private_metadata", "callback_id", "external_id"}
    if kind == "modal":
        known |= {"title", "close", "submit", "clear_on_close", "notify_on_close"}
        known |= {"submit_disabled"}
    faults = [at("/view", f"unexpected field: {key}") for key in sorted(set(view) - known)]
    blocks = view.get("blocks")
    faults += check_blocks(blocks, expected, "/view/blocks")
    for key, most in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
        if view.get(key) is not None:
            faults += check_string(view[key], f"/view/{key}", most=most)
    if kind == "modal":
        faults += check_text(view.get("title"), "/view/title", most=24, plain=True)
        for key in ("close", "submit"):
            place = f"/view/{key}"
            faults += check_text(view.get(key), place, most=24, plain=True, required=False)
        has_inputs = any(isinstance(b, dict) and b.get("type") == "input" for b in blocks or [])
        if has_inputs and view.get("submit") is None:
            faults.append(at("/view/submit", "must be set when there is an input block"))
    return faults


def check_ts(ts: object) -> bool:
    """Tell whether something has the shape of a message's timestamp."""
    return isinstance(ts, str) and re.fullmatch(r"\d{10}\.\d{6}", ts) is not None
