"""How a call fails: Slack's error codes, and what a person cannot do on a screen."""

from __future__ import annotations

from typing import Any


class SlackRefusal(Exception):
    """Carries one of Slack's error codes and what else stands in the answer."""

    def __init__(self, code: str, /, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details

    def body(self) -> dict[str, Any]:
        """Return the answer as Slack words it."""
        return {"ok": False, "error": self.code, **self.details}


def bad_arguments(*messages: str) -> SlackRefusal:
    """Refuse a call for its arguments, with one message for each fault."""
    return SlackRefusal(
        "invalid_arguments",
        response_metadata={"messages": [f"[ERROR] {message}" for message in messages]},
    )


class RateLimited(Exception):
    """Too many calls; the next one may come in `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after


class NotOnScreen(Exception):
    """What a person wants to click, fill in or open is not there, or their client forbids it."""
