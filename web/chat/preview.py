"""How one socket is shown a reply that is being written: what it has, and what to send next."""

from __future__ import annotations

from dataclasses import dataclass

from web.chat import frames


@dataclass(frozen=True, kw_only=True, slots=True)
class Streamed:
    """Text of a reply that comes after its first `offset` UTF-16 code units."""

    session_id: str
    turn_id: str
    offset: int
    text: str


class PreviewState:
    """What one socket has of one session's streamed reply."""

    __slots__ = ("_finished", "_text", "_turn_id")

    def __init__(self) -> None:
        self._turn_id = ""
        self._text = ""
        self._finished = ""

    def next(self, streamed: Streamed) -> tuple[bytes, str] | None:
        """Return the frame that is missing and the whole text then; None when nothing helps.

        Nothing changes until `sent`, so that a frame which found no room is made up for later.
        """
        if streamed.turn_id == self._finished:
            return None  # a preview never follows the message that replaces it
        known = self._text if streamed.turn_id == self._turn_id else ""
        if streamed.offset > len(known) and streamed.offset > _units(known):
            return None  # a part was missed: the final message brings it
        whole = _head(known, streamed.offset) + streamed.text
        if whole == known:
            return None
        if not whole.startswith(known):
            known = ""
        frame = frames.preview(
            streamed.session_id, streamed.turn_id, _units(known), whole[len(known) :]
        )
        return frame, whole

    def sent(self, turn_id: str, whole: str) -> None:
        """Note that the socket has `whole` of a turn's reply."""
        self._turn_id, self._text = turn_id, whole

    def finish(self, turn_id: str) -> None:
        """Note that the socket has the turn's message."""
        self._turn_id, self._text, self._finished = "", "", turn_id


def _units(text: str) -> int:
    """Return the length in UTF-16 code units, which is what JavaScript cuts by."""
    return len(text) + sum(1 for char in text if ord(char) > 0xFFFF)


def _head(text: str, units: int) -> str:
    """Return as many whole characters of `text` as its first `units` hold."""
    if text.isascii():
        return text[:units]
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", errors="ignore")
