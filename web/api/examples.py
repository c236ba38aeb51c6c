"""Examples for the OpenAPI document: what one sends, by the model's name, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ID = "01a204cb-edca-70b0-8f01-360bbaf9c06a"

BODIES: Mapping[str, Mapping[str, Any]] = {
    "Registration": {
        "email": "ana@example.org",
        "username": "ana",
        "password": "a few long words",
    },
    "Login": {"username": "ana", "password": "a few long words"},
    "Verification": {"code": "2718 2818"},
    "Refresh": {"refresh_token": "hrr_" + 64 * "0"},
    "PasswordChange": {"password": "a few long words", "new_password": "quite other words"},
    "Reset": {"name": "ana@example.org"},
    "NewPassword": {"token": "BL8YFraJWdoqjEAPIHvXKaoqnmMEpobr", "password": "quite other words"},
    "AdministratorCode": {"code": "DZSMU-EX4P4-AO7I7-I2ENH"},
    "Received": {"key": "email:18c2f0a9"},
    "Rights": {"is_admin": True},
    "Invitation": {"email": "ben@example.org"},
    "Merge": {"person": _ID, "into": _ID[:-1] + "b", "proof": "Ben says that both are his."},
    "NewSession": {"text": "ask ben: Can we ship on Friday? options: yes, no"},
    "Resumption": {"end": _ID},
    "NewPlace": {"channel": "email", "address": "ana@example.org"},
    "NewMessage": {"text": "status"},
    "NewAnswer": {"digest": 64 * "0", "approved": True, "text": "Go ahead."},
    "NewComment": {"text": "Which Friday?", "changes": True},
    "Handover": {"to": "carl"},
    "Renewal": {"within_hours": 24},
    "Reopening": {"response_id": _ID},
    "ProfileChange": {
        "zone": "Europe/Berlin",
        "working_hours": {"mon": ["09:00", "17:00"]},
        "delegate": "carl",
        "preferred_channel": "chat",
    },
    "Farewell": {"password": "a few long words"},
}

_REFUSALS: Mapping[int, tuple[str, str, Mapping[str, Any]]] = {
    400: ("malformed", "The request cannot be read.", {}),
    401: ("token_expired", "This token has ended. Refresh it or sign in again.", {}),
    403: ("not_allowed", "The person is known, and may not do this.", {}),
    404: ("not_found", "There is no such question.", {}),
    408: ("request_timeout", "The body did not come in time. Send it again.", {}),
    409: ("conflict", "The state has moved on. Reload and look again.", {}),
    413: ("too_large", "The message is over 64 KiB. Send it in parts.", {"limit_bytes": 65536}),
    415: ("wrong_content_type", "Send `application/json`.", {}),
    422: ("invalid", "Fill in this field.", {"fields": {"text": "Fill in this field."}}),
    429: (
        "rate_limited",
        "You are sending more than 30 requests a minute. Wait 12 s and send it again.",
        {"retry_after": 12, "limit": 30, "scope": "user"},
    ),
    431: ("headers_too_large", "A header is longer than 8 KiB.", {}),
    503: ("unavailable", "The database does not answer. Try again in a moment.", {}),
}


def refusal(status: int) -> dict[str, Any] | None:
    """Return the body of a refusal with this status, as an example; None where there is none."""
    if status not in _REFUSALS:
        return None
    code, message, details = _REFUSALS[status]
    return {"error": {"code": code, "message": message, "details": dict(details)}}
