"""What would run after an approval, written so that what is read is what runs; pure."""

from __future__ import annotations

import json
import re

from bot.domain.digests import canonical
from bot.domain.feedback import Action

# They are not seen, or turn around what is: the same signs that the companion page escapes.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\U000e0000-\U000e007f]"
)
_ORDER = ("method", "url", "headers", "body", "timeout")
_LABELS = {
    "method": "Method",
    "url": "Address",
    "headers": "Headers",
    "body": "Body",
    "timeout": "Time-out in seconds",
}


def rows(action: Action) -> list[tuple[str, str]]:
    """Return what an action is made of, each part with its name; nothing is left out or cut."""
    try:
        read = json.loads(action.arguments)
    except ValueError:
        return [("Exactly", _visible(action.arguments))]
    # A number that Python writes in another way, say: then the text itself is what is bound.
    if not isinstance(read, dict) or canonical(read) != action.arguments:
        return [("Exactly", _visible(action.arguments))]
    names = sorted(read, key=lambda name: (_rank(name), name))
    return [(_visible(_LABELS.get(name, name)), _visible(_written(read[name]))) for name in names]


def _rank(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def _visible(text: str) -> str:
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
