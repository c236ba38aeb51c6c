"""What a modal carries unseen: the question, as shown, and where it was opened."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from bot.channels.slack.clicks import PREFIX, Act, Click, NotOurs, decode, encode

_ORIGIN = re.compile(r"[A-Za-z0-9.:_-]{0,200}")
_MAX = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """A modal's act and question; `origin` is the channel and message it was opened from."""

    click: Click
    origin: str = ""


def callback_of(act: Act) -> str:
    """Return the callback id of the modal that an act opens."""
    return PREFIX + act.value


def write(bound: Bound) -> str:
    """Return a modal's private metadata; ValueError for an origin that cannot be read back."""
    if not _ORIGIN.fullmatch(bound.origin):
        raise ValueError("an origin that cannot be read back")
    return json.dumps({"value": encode(bound.click)[1], "origin": bound.origin})


def read(callback_id: str, metadata: str) -> Bound:
    """Return what a submitted modal is bound to; `NotOurs` for anything not written here."""
    if len(metadata) > _MAX:
        raise NotOurs
    try:
        held = json.loads(metadata)
    except (ValueError, RecursionError):
        raise NotOurs from None
    if not isinstance(held, dict) or held.keys() != {"value", "origin"}:
        raise NotOurs
    value, origin = held["value"], held["origin"]
    if not isinstance(value, str) or not isinstance(origin, str) or not _ORIGIN.fullmatch(origin):
        raise NotOurs
    return Bound(click=decode(callback_id, value), origin=origin)
