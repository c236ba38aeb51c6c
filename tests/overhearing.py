"""Listens to all that the suite logs, as it would be written; what says too much fails its test.

Whatever a test makes the product log passes through the product's own `redact` first. What must not
be in it: whole addresses, passwords, tokens, codes (but disclosed ones), and what people said.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

from bot.adapters.store.messages import Messages
from bot.adapters.store.requests import Requests
from bot.domain.feedback import FeedbackResponse
from bot.domain.planning import Role
from bot.domain.session import Message
from web.logs import Disclosed, redact

LEAST = 12
"""Characters of what somebody said that can be told from a log's own words."""
OURS = ("bot", "web")

FORBIDDEN: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("an address", re.compile(r"[\w.+%-]+@(?:[\w-]+\.)+[a-z]{2,}", re.IGNORECASE)),
    ("a password", re.compile(r"password123|correct horse", re.IGNORECASE)),
    ("a refresh token", re.compile(r"hrr_[0-9a-f]{16,}")),
    ("an access token", re.compile(r"eyJ[\w-]{10,}\.[\w-]{10,}")),
    ("a token of Slack", re.compile(r"\b(?:xox[a-z]|xapp)-[\w-]{6,}")),
    ("a token of Google", re.compile(r"\bya29\.[\w.-]{6,}|\b1//[\w-]{6,}")),
    ("a link's token", re.compile(r"/f/[a-z2-7]{20,}")),
    ("a reply's token", re.compile(r"\+r\.[a-z2-7]{20,}@", re.IGNORECASE)),
)


class Overhearing:
    """What was logged and said since the last `take`."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.said: set[str] = set()

    def hear(self, event: MutableMapping[str, Any]) -> None:
        """Keep an event as the product would write it."""
        if any(isinstance(value, Disclosed) for value in event.values()):
            event = {k: v for k, v in event.items() if not isinstance(v, Disclosed)}
        self.lines.append(
            json.dumps(redact(None, "", dict(event)), default=str, ensure_ascii=False)
        )

    def take(self) -> list[str]:
        """Return what should not have been logged, in words, and forget all."""
        lines, said = self.lines, self.said
        self.lines, self.said = [], set()
        faults = []
        for line in lines:
            faults += [f"{what}: {line}" for what, pattern in FORBIDDEN if pattern.search(line)]
            faults += [f"what somebody said: {line}" for text in said if text in line]
        return faults


heard = Overhearing()


class _Handler(logging.Handler):
    """Hears the standard library's records, those of ours and those that would be written."""

    def emit(self, record: logging.LogRecord) -> None:
        ours = record.name.partition(".")[0] in OURS
        if record.levelno < (logging.INFO if ours else logging.WARNING):
            return
        if isinstance(record.msg, dict):  # structlog's, once a test has set up the product's own
            heard.hear(record.msg)
            return
        event: dict[str, Any] = {"event": record.getMessage(), "logger": record.name}
        if record.exc_info and record.exc_info[1] is not None:
            event["exception"] = logging.Formatter().formatException(record.exc_info)
        heard.hear(event)


def _overhear(_: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if method != "debug":
        heard.hear(event)
    return event


def begin() -> None:
    """Listen from now on; what tests configure for themselves they check for themselves."""
    logging.getLogger().addHandler(_Handler(logging.INFO))
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            _overhear,
            structlog.dev.ConsoleRenderer(
                colors=False, exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    )
    _note_what_is_said()


def _note_what_is_said() -> None:
    add_message, add_response = Messages.add, Requests.add_response

    def add(self: Messages, message: Message) -> None:
        if message.role is Role.USER and len(message.text) >= LEAST:
            heard.said.add(json.dumps(message.text, ensure_ascii=False)[1:-1])
        add_message(self, message)

    def respond(self: Requests, response: FeedbackResponse) -> None:
        if len(response.raw_text) >= LEAST:
            heard.said.add(json.dumps(response.raw_text, ensure_ascii=False)[1:-1])
        add_response(self, response)

    Messages.add = add  # type: ignore[method-assign]
    Requests.add_response = respond  # type: ignore[method-assign]
