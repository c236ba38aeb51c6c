"""What other servers see of streamed text: each session's newest, a few times a second.

Knows the `preview` frame of docs/websocket.md: `text` goes behind the first `offset` characters
(UTF-16 code units, as JavaScript counts) of what the receiver has of that turn.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from os.path import commonprefix
from typing import Any

INTERVAL = 0.2
"""Seconds between two frames of one session: five a second."""
KEEP = 30.0
"""Seconds after which a quiet session is forgotten."""

Frame = dict[str, Any]


@dataclass(slots=True)
class _Lane:
    """One session: what waits, and how far the other servers are."""

    next_at: float = 0.0
    waiting: dict[str, Frame] = field(default_factory=dict)
    preview: Frame | None = None
    text: str = ""
    sent: str = ""
    stale: bool = False
    """Whether `text` is newer than `sent`."""


class Previews:
    """Keeps the newest frames until their session's turn comes; `fits` bounds a frame's size."""

    def __init__(self, fits: Callable[[str], bool]) -> None:
        self._fits = fits
        self._lanes: dict[str, _Lane] = {}

    def offer(self, key: str) -> None:
        """Take a frame as JSON text, in place of an older one; drop what cannot be read."""
        try:
            frame = json.loads(key)
            session = frame["session_id"]
        except (ValueError, TypeError, KeyError):
            return
        lane = self._lanes.setdefault(session, _Lane())
        if "text" in frame and "offset" in frame:
            self._merge(lane, frame)
        else:
            lane.waiting[str(frame.get("type"))] = frame

    def take(self, now: float) -> tuple[list[str], float | None]:
        """Return what to send at `now` (seconds), and after how long there is more."""
        keys: list[str] = []
        more: list[float] = []
        for session, lane in list(self._lanes.items()):
            if lane.next_at <= now and (key := self._next(lane)) is not None:
                keys.append(key)
                lane.next_at = now + INTERVAL
            if lane.waiting or lane.stale:
                more.append(lane.next_at - now)
            elif lane.next_at + KEEP < now:
                del self._lanes[session]
        return keys, min(more, default=None)

    def _merge(self, lane: _Lane, frame: Frame) -> None:
        """Put a frame's text behind what is known of its turn."""
        turn = frame.get("turn_id")
        if lane.preview is None or lane.preview.get("turn_id") != turn:
            lane.text = lane.sent = ""
        kept = _head(lane.text, frame["offset"])
        if _units(kept) != frame["offset"]:
            return  # it continues what was never seen here
        lane.preview = frame
        lane.text = kept + frame["text"]
        lane.stale = lane.text != lane.sent

    def _next(self, lane: _Lane) -> str | None:
        if lane.waiting:
            frame = lane.waiting.pop(next(iter(lane.waiting)))
            key = _dump(frame)
            return key if self._fits(key) else None
        if not lane.stale or lane.preview is None:
            return None
        # The whole text while it fits: who missed a frame is up to date again.
        key = _dump({**lane.preview, "offset": 0, "text": lane.text})
        if self._fits(key):
            lane.sent, lane.stale = lane.text, False
            return key
        known = commonprefix([lane.sent, lane.text])  # noqa: RUF071 - of characters
        rest = lane.text[len(known) :]
        while not self._fits(key := _dump({**lane.preview, "offset": _units(known), "text": rest})):
            rest = rest[: len(rest) * 3 // 4]
            if not rest:  # an id that long is nobody's; the final message comes anyway
                lane.stale = False
                return None
        lane.sent = known + rest
        lane.stale = lane.sent != lane.text
        return key


def _units(text: str) -> int:
    """Return the length in UTF-16 code units."""
    return len(text) + sum(1 for character in text if character > "\uffff")


def _head(text: str, units: int) -> str:
    """Return the first characters of `text`, as many as `units` hold."""
    if units >= len(text) and units >= _units(text):
        return text
    head = text[:units]
    while head and _units(head) > units:
        head = head[: len(head) - max(1, (_units(head) - units) // 2)]
    return head


def _dump(frame: Frame) -> str:
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
