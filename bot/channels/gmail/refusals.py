"""What Gmail says no with, as errors of ours; nothing of Google's crosses this line."""

from __future__ import annotations

import json
import re
import ssl
from typing import Any

from bot.domain.errors import HandraiseError, Unavailable

_LIMITS = {
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "dailyLimitExceeded",
    "quotaExceeded",
    "resourceExhausted",
}
_LONG_WAIT = 300.0
"""Seconds to leave alone a mailbox whose quota of the day is used up."""


class NotConnected(Unavailable):
    """There are no credentials, or their owner took them back."""

    code = "mailbox_not_connected"


class Lost(Unavailable):
    """No answer came; what was asked for may have been done."""

    code = "mailbox_lost"


class Broken(Unavailable):
    """Google's side is down (5xx), or the way to it is; nothing was done."""

    code = "mailbox_broken"


class Limited(Unavailable):
    """A quota is used up; `retry_after` is in seconds, None where Google did not say."""

    code = "mailbox_limited"

    def __init__(self, message: str, *, retry_after: float | None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Gone(HandraiseError):
    """What was asked for is not there: a deleted mail, a cursor that is too old (404)."""

    code = "mail_gone"


class Refused(HandraiseError):
    """Google will not do it, however often it is asked; the message says why."""

    code = "mailbox_refused"


def refusal_of(status: int, content: bytes, headers: Any) -> HandraiseError:
    """Return the error that an answer of the API stands for."""
    reason, words = _reason(content)
    if status == 429 or (status == 403 and reason in _LIMITS):
        return Limited("Gmail's quota is used up.", retry_after=_wait(headers, words, reason))
    if status == 401:
        # Not for good: a consent that was taken back shows when the credentials are renewed.
        return Broken("Gmail does not take the mailbox's credentials just now.")
    if status in (404, 410):
        return Gone("Gmail has no such thing.")
    if status >= 500:
        return Broken(f"Gmail answers {status}.")
    return Refused(f"Gmail refused it: {status} {reason}".strip())


def lost(error: BaseException) -> HandraiseError:
    """Return the error for a connection that failed, by whether the call may have been done."""
    if isinstance(error, ssl.SSLCertVerificationError | ConnectionRefusedError):
        return Broken("Gmail cannot be reached.")
    return Lost(f"Gmail gave no answer ({type(error).__name__}).")


def _reason(content: bytes) -> tuple[str, str]:
    try:
        error = json.loads(content)["error"]
        first = (error.get("errors") or [{}])[0]
        return str(first.get("reason", ""))[:60], str(error.get("message", ""))[:300]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return "", ""


def _wait(headers: Any, words: str, reason: str) -> float | None:
    given = str(headers.get("retry-after", "")).strip()
    if given.isdecimal():
        return float(given)
    # Gmail says it in words: "Retry after 2026-03-02T09:15:00.000Z".
    if re.search(r"retry after", words, re.IGNORECASE) or reason in {
        "dailyLimitExceeded",
        "quotaExceeded",
    }:
        return _LONG_WAIT
    return None
