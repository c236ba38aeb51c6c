"""Names of people as they are written before a question and in its clauses."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot.domain import asking

NUMBER = r"[0-9]{1,9}|one|two|three|four|five|six|seven|eight|nine|ten"
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

_FOR_APPROVAL = re.compile(r"(?:^|\s)(?:for\s+(?:an\s+)?approval|to\s+approve)$", re.IGNORECASE)
_APPROVAL_OF = re.compile(
    r"^(?:for\s+)?(?:approval|approve)(?:\s+(?:from|of|by)\b|$)", re.IGNORECASE
)
_COUNTED = re.compile(rf"^(?:any\s+)?({NUMBER}|any|either|all|both)\s+of\s+(?=\S)", re.IGNORECASE)
_COUNTED_NOBODY = re.compile(rf"(?:any\s+)?(?:{NUMBER}|any|either|all|both)\s+of", re.IGNORECASE)
_ROOM = re.compile(
    r"(?:^|\s)(?:(?:in|into|on)\s+(?:(?P<room>#[\w.-]{1,80})|this\s+(?:thread|channel))|here)$",
    re.IGNORECASE,
)
_JOINERS = {"and", "or", "&", "+"}
_LISTED = re.compile(r"\s*(?:[,;]\s*(?:(?:and|or)\s+)?|\s(?:and|or|&|\+)\s)\s*", re.IGNORECASE)
_NAME = re.compile(r"@?[^\s,;:!?()\[\]<>@]+(?:@[^\s,;:!?()\[\]<>@]*)?")
_NOBODY = {"nobody", "no one", "no-one", "none"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Addressed:
    """Who is asked, how many of them must answer, and whether for their approval."""

    names: tuple[str, ...]
    approval: bool
    quorum: int | None = None
    everybody: bool = False
    room: str = ""
    """Where they are asked together: `#ops`, or `here`; empty: each alone."""


def number(word: str) -> int:
    """Return the number that `word` says, in digits or from one to ten."""
    folded = word.casefold()
    return _WORDS.index(folded) + 1 if folded in _WORDS else int(word)


def read_addressed(text: str) -> Addressed:
    """Return whom `text`, which stands before a question, names."""
    text, room = _room(text.strip())
    bare = _FOR_APPROVAL.sub("", text)
    bare = _APPROVAL_OF.sub("", bare).strip()
    approval = bare != text
    if not room:  # "ask ana in #ops for approval"
        bare, room = _room(bare)
    return replace(_counted(bare, approval), room=room)


def _room(text: str) -> tuple[str, str]:
    """Split off where people are asked together, if that is said last."""
    found = _ROOM.search(text)
    if found is None:
        return text, ""
    return text[: found.start()].rstrip(), (found["room"] or "here").casefold()


def _counted(bare: str, approval: bool) -> Addressed:
    if _COUNTED_NOBODY.fullmatch(bare):
        return Addressed(names=(), approval=approval)
    counted = _COUNTED.match(bare)
    if counted is None:
        return Addressed(names=_split(bare), approval=approval)
    names = _split(bare[counted.end() :])
    word = counted[1].casefold()
    if word in {"all", "both"}:
        return Addressed(names=names, approval=approval, everybody=True)
    quorum = 1 if word in {"any", "either"} else number(word)
    return Addressed(names=names, approval=approval, quorum=quorum)


def _split(text: str) -> tuple[str, ...]:
    tokens = [token for token in re.split(r"[\s,;]+", text) if token]
    last = len(tokens) - 1
    names = [
        token.strip("<>").removeprefix("@")
        for n, token in enumerate(tokens)
        # A joiner joins: at an end it can only be somebody's name.
        if not (0 < n < last and token.casefold() in _JOINERS)
    ]
    return asking.once_each([name for name in names if name])


def read_list(text: str) -> tuple[str, ...] | None:
    """Return the people of a clause, joined by commas and "and"; None when these are no names.

    Stricter than before a question: "notify the whole team" names nobody.
    """
    said = text.strip().rstrip(".")
    if said.casefold() in _NOBODY:
        return ()
    names = [name.strip("<>") for name in _LISTED.split(said)]
    if not all(_NAME.fullmatch(name) for name in names):
        return None
    return asking.once_each([name.removeprefix("@") for name in names])
