"""The few commands the agent understands without a model, and the sentences for those it cannot."""

from __future__ import annotations

import re

from bot.domain.errors import Invalid
from bot.domain.grammar.asking import Unnamed, read_ask, read_change
from bot.domain.grammar.commands import (
    Ask,
    Cancel,
    Change,
    Command,
    End,
    Help,
    Remind,
    Status,
    Unreadable,
)
from bot.domain.grammar.reading import Clock
from bot.domain.instants import Micros

ASK_SHAPE = "ask <people>: <question> [options: a, b] [within 2h] [quorum 2]"
CHANGE_SHAPE = "change [n]: <new question>"

_PLAIN: dict[str, Command] = {
    "status": Status(),
    "end": End(),
    "end session": End(),
    "help": Help(),
    "?": Help(),
}
_NUMBERED = re.compile(r"/?(remind|cancel)(?:\s+#?(\d{1,4}))?[.!]?", re.IGNORECASE)
_ASK = re.compile("/?ask(?:\\s+|(?=[:\uff1a])|$)(.*)", re.IGNORECASE | re.DOTALL)
# Nobody is named: "may I ask: …", "one thing to ask: …".
_ASKS_NOBODY = re.compile(
    "(?:[^\n:\uff1a]{0,200}[\\s,;.!?…])?ask\\s*[:\uff1a].*", re.IGNORECASE | re.DOTALL
)
_CHANGE = re.compile("/?change(?:\\s+#?(\\d{1,4}))?\\s*[:\uff1a](.*)", re.IGNORECASE | re.DOTALL)


def parse(text: str, *, now: Micros, zone: str, wait: Micros) -> Command | Unreadable:
    """Return the command that `text` is, or why it is none; never raises.

    Times are the author's, who is in `zone`; `wait` is how long a question waits by itself.
    """
    said = text.strip()
    plain = _PLAIN.get(" ".join(said.removeprefix("/").rstrip(".!").split()).casefold())
    if plain is not None:
        return plain
    numbered = _NUMBERED.fullmatch(said)
    if numbered is not None:
        number = None if numbered[2] is None else int(numbered[2])
        reminds = numbered[1].casefold() == "remind"
        return Remind(number=number) if reminds else Cancel(number=number)
    clock = Clock(now=now, zone=zone)
    asked = _ASK.fullmatch(said)
    changed = _CHANGE.fullmatch(said)
    try:
        if asked is not None:
            return Ask(step=read_ask(asked[1].strip(), clock, wait))
        if changed is not None:
            number = None if changed[1] is None else int(changed[1])
            return Change(number=number, step=read_change(changed[2], clock))
    except Unnamed as wrong:
        return Unreadable(sentence=wrong.message, meant=True)
    except Invalid as wrong:
        return unreadable(wrong.message, ASK_SHAPE if asked is not None else CHANGE_SHAPE)
    if _ASKS_NOBODY.fullmatch(said) is not None:
        return Unreadable(sentence=Unnamed().message, meant=True)
    return Unreadable(sentence="That is not one of the commands.", meant=False)


def unreadable(sentence: str, shape: str) -> Unreadable:
    """Return what was meant as a command of `shape`, with what is wrong with it."""
    return Unreadable(sentence=f"{sentence} Write it like this: `{shape}`.", meant=True)
