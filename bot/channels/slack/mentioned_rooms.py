"""Channels that people mention: their names are known from then on, without asking Slack."""

from __future__ import annotations

import re

from bot.channels.slack.escaping import one_line
from bot.domain.instants import Micros
from bot.service.ports.directory import Listed
from bot.service.ports.store import Transaction
from bot.service.rooms import ROOM

_MENTION = re.compile(r"<#([CG][A-Z0-9]{2,20})\|([^<>|]{1,80})>")
MOST = 10
"""Mentions of one text that are kept."""


def mentioned(text: str) -> dict[str, str]:
    """Return the channels that Slack's raw text links to, by id, with their names."""
    found = _MENTION.findall(text)[:MOST]
    return {channel: one_line(name, 80) for channel, name in found}


def note_rooms(tx: Transaction, team: str, rooms: dict[str, str], now: Micros) -> None:
    """Keep the names of mentioned channels of a team."""
    for channel, name in rooms.items():
        tx.directory.put(
            Listed(kind=ROOM, key=f"{team}/{channel}", name=name, is_person=False, updated_at=now)
        )
