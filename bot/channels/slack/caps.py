"""How much Slack takes of each thing (docs.slack.dev, Block Kit reference), and how size counts."""

from __future__ import annotations

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
ACTIONS = 25
CONTEXT_ELEMENTS = 10
SECTION = 3_000
CONTEXT = 2_000
"""Of one text in a context block; Slack names no number, so it is ours."""
BUTTON = 75
VALUE = 2_000
URL = 3_000
ID = 255
"""Of an action, a block or a view."""
OPTIONS = 100
RADIOS = 10
OPTION_TEXT = 75
OPTION_VALUE = 150
CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
CONFIRM_BUTTON = 30
VIEW_TITLE = 24
"""Also of a view's buttons."""
HEADER = 150
LABEL = 2_000
"""Of an input; of its hint as well."""
PLACEHOLDER = 150
INPUT = 3_000
PRIVATE_METADATA = 3_000
FALLBACK = 4_000
"""Of a message's own text; longer ones are cut by Slack wherever it pleases."""
PIECE = 2_800
"""Of one section that holds a part of something longer: room for a line of ours is left."""
MESSAGE_TEXT = 3_800
"""Of one of the messages that a long text is cut into."""


def size(text: str) -> int:
    """Return the length as Slack may count it: a sign outside Unicode's first plane is two."""
    return len(text) if text.isascii() else len(text) + sum(c > "\uffff" for c in text)


def head(text: str, cap: int) -> str:
    """Return the longest beginning of `text` within `cap`."""
    if size(text) <= cap:
        return text
    kept = text[:cap]
    while size(kept) > cap:
        kept = kept[: -max(1, (size(kept) - cap) // 2)]
    return kept
