"""Payloads as Slack sends them."""

from __future__ import annotations

from typing import Any

TS = "1773000000.000100"
THREAD = "1772990000.000200"


def an_event(event: dict[str, Any], **outer: Any) -> dict[str, Any]:
    return {
        "type": "event_callback",
        "team_id": "T1",
        "api_app_id": "A1",
        "event_id": "Ev1",
        "event_time": 1_773_000_000,
        "authorizations": [{"team_id": "T1", "user_id": "UBOT", "is_bot": True}],
        "event": event,
        **outer,
    }


def a_message(**changes: Any) -> dict[str, Any]:
    return {
        "type": "message", "channel": "C1", "channel_type": "channel", "user": "U1", "team": "T1",
        "ts": TS, "text": "hello", **changes,
    }  # fmt: skip


def a_click(**changes: Any) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "team": {"id": "T1", "domain": "x"},
        "user": {"id": "U1", "team_id": "T1", "username": "ana"},
        "container": {"type": "message", "message_ts": TS, "channel_id": "D1",
                      "is_ephemeral": False},
        "channel": {"id": "D1", "name": "directmessage"},
        "message": {"ts": TS, "text": "…"},
        "trigger_id": "1.2.abc",
        "response_url": "https://hooks.slack.test/1",
        "actions": [{"type": "button", "action_id": "hr.approve", "block_id": "b",
                     "value": "1:r:d::", "action_ts": "1773000100.000001"}],
        **changes,
    }  # fmt: skip


def a_view(**changes: Any) -> dict[str, Any]:
    return {
        "type": "view_submission",
        "team": {"id": "T1"},
        "user": {"id": "U1", "team_id": "T1"},
        "trigger_id": "t",
        "view": {
            "id": "V1", "type": "modal", "callback_id": "hr.answer", "private_metadata": "{}",
            "state": {"values": {
                "words": {"v": {"type": "plain_text_input", "value": "yes"}},
                "empty": {"v": {"type": "plain_text_input", "value": None}},
                "field.0": {"v": {"type": "datepicker", "selected_date": "2026-03-14"}},
                "field.1": {"v": {"type": "static_select", "selected_option": {"value": "2"}}},
                "field.2": {"v": {"type": "radio_buttons", "selected_option": None}},
                "user": {"v": {"type": "users_select", "selected_user": "U2"}},
                "people": {"v": {"type": "multi_users_select", "selected_users": ["U2", "U3"]}},
            }},
        },
        **changes,
    }  # fmt: skip
