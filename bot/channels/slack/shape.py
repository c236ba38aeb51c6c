"""Reading payloads strictly: what is not there, or is something else, is refused by its path."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.errors import Invalid
from bot.domain.instants import SECOND, Micros

_TS = re.compile(r"([0-9]{1,11})\.([0-9]{1,6})")
_ID = re.compile(r"[A-Z0-9]{1,32}")
MAX_TEXT = 200_000
"""Characters of any one text; Slack's own longest are far below."""


class Malformed(Invalid):
    """A payload that is not what Slack sends; the message names where, and quotes nothing of it."""

    code = "malformed"


class Shape:
    """One JSON object, with the path to it."""

    __slots__ = ("_path", "_value")

    def __init__(self, value: object, path: str = "payload") -> None:
        if not isinstance(value, Mapping):
            raise Malformed(f"{path} is not an object.")
        self._value: Mapping[Any, Any] = value
        self._path = path

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}"

    def has(self, name: str) -> bool:
        """Tell whether something but null is there."""
        return self._value.get(name) is not None

    def child(self, name: str) -> Shape:
        """Return the object at `name`."""
        return Shape(self._value.get(name), self._at(name))

    def child_or_none(self, name: str) -> Shape | None:
        """Return the object at `name`; None when nothing is there."""
        return self.child(name) if self.has(name) else None

    def children(self, name: str) -> tuple[Shape, ...]:
        """Return the objects in the list at `name`; none when nothing is there."""
        value = self._value.get(name)
        if value is None:
            return ()
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise Malformed(f"{self._at(name)} is not a list.")
        return tuple(Shape(one, f"{self._at(name)}[{n}]") for n, one in enumerate(value))

    def named_children(self) -> tuple[tuple[str, Shape], ...]:
        """Return every member, each an object, with its name."""
        members = []
        for name, value in self._value.items():
            if not isinstance(name, str):
                raise Malformed(f"{self._path} has a name that is no text.")
            members.append((name, Shape(value, f"{self._path}.*")))
        return tuple(members)

    def text(self, name: str, *, limit: int = MAX_TEXT) -> str:
        """Return the text at `name`."""
        value = self._value.get(name)
        if not isinstance(value, str):
            raise Malformed(f"{self._at(name)} is not a text.")
        if len(value) > limit:
            raise Malformed(f"{self._at(name)} is longer than {limit} characters.")
        return value

    def text_or(self, name: str, default: str = "") -> str:
        """Return the text at `name`, or the default when nothing is there."""
        return self.text(name) if self.has(name) else default

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts in the list at `name`; none when nothing is there."""
        value = self._value.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise Malformed(f"{self._at(name)} is not a list of texts.")
        return tuple(value)

    def id(self, name: str) -> str:
        """Return the id of a team, a user or a channel at `name`."""
        value = self.text(name, limit=64)
        if not _ID.fullmatch(value):
            raise Malformed(f"{self._at(name)} is not an id.")
        return value

    def id_or_none(self, name: str) -> str | None:
        """Return the id at `name`; None when nothing, or an empty text, is there."""
        return self.id(name) if self.has(name) and self._value.get(name) != "" else None

    def ts(self, name: str) -> str:
        """Return the timestamp at `name`, which is a message's name in its channel."""
        value = self.text(name, limit=32)
        if not _TS.fullmatch(value):
            raise Malformed(f"{self._at(name)} is not a timestamp.")
        return value

    def ts_or_none(self, name: str) -> str | None:
        """Return the timestamp at `name`; None when nothing, or an empty text, is there."""
        return self.ts(name) if self.has(name) and self._value.get(name) != "" else None

    def flag(self, name: str) -> bool:
        """Return the truth value at `name`; nothing is false."""
        value = self._value.get(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise Malformed(f"{self._at(name)} is neither true nor false.")
        return value

    def number_or(self, name: str, default: int) -> int:
        """Return the whole number at `name`, or the default when nothing is there."""
        value = self._value.get(name)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 1 << 53:
            raise Malformed(f"{self._at(name)} is not a whole number.")
        return value


def micros_of(ts: str) -> Micros:
    """Return the time that a timestamp such as `1700000000.000100` tells; `Malformed` for none."""
    found = _TS.fullmatch(ts)
    if found is None:
        raise Malformed("That is not a timestamp.")
    return int(found[1]) * SECOND + int(found[2].ljust(6, "0"))
