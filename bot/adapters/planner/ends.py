"""How a streamed answer ended, in each provider's protocol, and which ends make it unusable."""

from __future__ import annotations

import json
from typing import Any

from bot.adapters.planner.answers import Unusable
from bot.adapters.planner.runtime import Collector

_CUT_OFF = {"length", "max_tokens", "model_context_window_exceeded"}
"""What OpenAI, Anthropic and Google (in capitals) say when there was no room to end."""
_WITHHELD = {
    "content_filter",
    "refusal",
    "safety",
    "prohibited_content",
    "blocklist",
    "recitation",
    "spii",
}
_LAST_EVENTS = 8
"""The end is in one of the last events; after it come only usage and a closing mark."""


def bad_end(collector: Collector) -> Unusable | None:
    """Return why the last answer cannot be used, judged by its end alone.

    BAML's own `finish_reason_deny_list` sees OpenAI's and Google's streams, but not Anthropic's.
    """
    end = _end(collector)
    if end in _CUT_OFF:
        return Unusable("It was cut off before its end: be much shorter.", cut_off=True)
    if end in _WITHHELD:
        return Unusable("The provider withheld it.")
    return None


def _end(collector: Collector) -> str | None:
    last = collector.last
    calls = last.calls if last is not None else []
    # A call that failed before its first event is no stream, whatever was asked for.
    listed = getattr(calls[-1], "sse_responses", None) if calls else None
    events = (listed() if listed is not None else None) or []
    for event in reversed(events[-_LAST_EVENTS:]):
        reason = _reason(event.text)
        if reason is not None:
            return reason.casefold()
    return None


def _reason(text: str) -> str | None:
    try:
        event = json.loads(text)
    except json.JSONDecodeError:
        return None
    found = (
        _at(event, "choices", 0, "finish_reason")  # OpenAI
        or _at(event, "delta", "stop_reason")  # Anthropic
        or _at(event, "candidates", 0, "finishReason")  # Google
    )
    return found if isinstance(found, str) else None


def _at(value: Any, *path: str | int) -> Any:
    """Return what lies at `path`, or None where there is no such thing."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value
