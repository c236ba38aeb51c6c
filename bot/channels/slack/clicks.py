"""What a click carries: what it does, and the question, as shown, that it is bound to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.errors import Invalid

PREFIX = "hr."
"""Of every action of ours."""
AGAIN = "~"
"""Before the number of an action that stands in one view or message more than once."""
_FORMAT = "1"
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DIGEST = re.compile(r"[A-Za-z0-9_-]{0,64}")
_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,2})")
_REPEATED = re.compile(r"~[1-9][0-9]{0,2}\Z")
_MAX_VALUE = 300


class Act(StrEnum):
    """What a click asks for."""

    APPROVE = "approve"
    REJECT = "reject"
    CHOOSE = "choose"
    """One option, by its own button."""
    PICK = "pick"
    """One option, or several, from a select."""
    SUBMIT = "submit"
    """Send the several that were picked."""
    ANSWER = "answer"
    """Open what an answer in words, or a form, is written in."""
    NOTE = "note"
    """Approve, with a note."""
    CHANGES = "changes"
    DELEGATE = "delegate"
    CLAIM = "claim"
    RELEASE = "release"
    CANCEL = "cancel"
    AGAIN = "again"
    REOPEN = "reopen"
    """Let a late answer decide; `extra` names it."""
    CONFIRM = "confirm"
    """Say that words were meant as the answer; `extra` names what was said."""
    DENY = "deny"
    """Say that they were not."""
    END = "end"
    """End a session; `subject` names it."""
    SETTINGS = "settings"
    """Open the form of one's own settings."""
    OPEN = "open"
    """Follow a link: there is nothing to do."""


_NUMBERED = {Act.CHOOSE, Act.PICK}
_WITHOUT_SUBJECT = {Act.SETTINGS, Act.OPEN}
_WITH_EXTRA = {Act.REOPEN, Act.CONFIRM, Act.DENY}


class NotOurs(Invalid):
    """A click whose action or value was not made here, or not for one another."""

    code = "forged_click"

    def __init__(self) -> None:
        super().__init__("That button does not belong to a question here. Open it again, please.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Click:
    """One click; `digest` covers what was shown, `option` counts from 0."""

    act: Act
    subject: str = ""
    """A request's id; a session's for `END`; none for what concerns only the one who clicks."""
    digest: str = ""
    option: int | None = None
    extra: str = ""


def encode(click: Click) -> tuple[str, str]:
    """Return a click's action id and value; ValueError for one that could not be read back."""
    number = "" if click.option is None else str(click.option)
    parts = [_FORMAT, click.subject, click.digest, number, click.extra]
    action_id = PREFIX + click.act.value
    if click.act is Act.CHOOSE:
        action_id += f".{number}"
    value = ":".join(parts)
    try:
        read_back = decode(action_id, value)
    except NotOurs:
        raise ValueError("a click that cannot be read back") from None
    if read_back != click:
        raise ValueError("a click that cannot be read back")
    return action_id, value


def decode(action_id: str, value: str) -> Click:
    """Return what a click says; `NotOurs` for anything that `encode` does not write."""
    if not action_id.startswith(PREFIX) or len(value) > _MAX_VALUE:
        raise NotOurs
    name, _, position = _REPEATED.sub("", action_id.removeprefix(PREFIX)).partition(".")
    try:
        act = Act(name)
    except ValueError:
        raise NotOurs from None
    if act in _WITHOUT_SUBJECT and not value and not position:
        return Click(act=act)
    parts = value.split(":")
    if len(parts) != 5 or parts[0] != _FORMAT:
        raise NotOurs
    _, subject, digest, number, extra = parts
    fits = (
        bool(_ID.fullmatch(subject)) == (act not in _WITHOUT_SUBJECT)
        and (act not in _WITHOUT_SUBJECT or not subject)
        and bool(_DIGEST.fullmatch(digest))
        and bool(_NUMBER.fullmatch(number)) == (act in _NUMBERED)
        and (act in _NUMBERED or not number)
        and bool(_ID.fullmatch(extra)) == (act in _WITH_EXTRA)
        and (act in _WITH_EXTRA or not extra)
        # The button's own number and the one in its value must be the same.
        and position == (number if act is Act.CHOOSE else "")
    )
    if not fits:
        raise NotOurs
    return Click(
        act=act,
        subject=subject,
        digest=digest,
        option=int(number) if number else None,
        extra=extra,
    )


def decode_picked(values: tuple[str, ...]) -> tuple[Click, ...]:
    """Return what the options of a select say; `NotOurs` where they belong to several questions."""
    clicks = tuple(decode(PREFIX + Act.PICK.value, value) for value in values)
    if len({(click.subject, click.digest) for click in clicks}) > 1:
        raise NotOurs
    return clicks
