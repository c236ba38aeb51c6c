"""Whom a mail is for: a question's reply address, a thread we know, or the bot in general."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.channels.gmail.mail import Mail

_TOKEN = re.compile(r"r\.([A-Za-z0-9_-]{8,100})", re.IGNORECASE)
_TOKENS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Addressing:
    """What ties a mail to something we know, strongest first.

    `tokens` come from the recipients, as written: look them up, and the sender must still be whom
    they were given to. `answered` are ids of mails it answers, the nearest first. `to_bot` tells
    whether it names the bot's address at all, and not only in a blind copy.
    """

    tokens: tuple[str, ...]
    answered: tuple[str, ...]
    to_bot: bool


def addressing(mail: Mail, *, mailbox: str) -> Addressing:
    """Return which reply tokens and which mails `mail` is an answer to; `mailbox` is the bot's."""
    local, _, domain = mailbox.casefold().rpartition("@")
    tokens: dict[str, None] = {}
    to_bot = False
    for person in (*mail.delivered_to, *mail.to, *mail.cc):
        own, _, host = person.email.rpartition("@")
        base, _, tag = own.partition("+")
        if base.casefold() != local or host.casefold() != domain:
            continue
        to_bot = to_bot or person in mail.to or person in mail.cc
        found = _TOKEN.fullmatch(tag)
        if found:
            tokens[found[1]] = None
    answered = dict.fromkeys((*mail.in_reply_to, *reversed(mail.references)))
    return Addressing(
        tokens=tuple(tokens)[:_TOKENS], answered=tuple(answered), to_bot=to_bot or bool(tokens)
    )
