"""Channels that people mention: their names are known from then on, without asking Slack."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.channels.slack.escaping import one_line
from bot.domain.instants import Micros
from bot.service.ports.directory import Listed
from bot.service.ports.store import Transaction
from bot.service.rooms import ROOM

_MENTION = re.compile(r"<#([CG][A-Z0-9]{2,20})\|([^<>|]{1,80})>")
MOST = 10
"""Mentions of one text that are kept."""
_ALIKE = 100
"""Channels of one name, over all teams, that are looked at."""


def mentioned(text: str) -> dict[str, str]:
    """Return the channels that Slack's raw text links to, by id, with their names."""
    found = _MENTION.findall(text)[:MOST]
    return {channel: one_line(name, 80) for channel, name in found}


def note_rooms(tx: Transaction, team: str, rooms: dict[str, str], now: Micros) -> None:
    """Keep the names of mentioned channels of a team; a name is the newest one's that has it.

    Within a team no two channels have the same name at the same time: the other was renamed.
    """
    for channel, name in rooms.items():
        key = f"{team}/{channel}"
        for other in tx.directory.named(ROOM, name, _ALIKE):
            if other.key != key and other.key.startswith(f"{team}/"):
                tx.directory.put(replace(other, name=other.key, updated_at=now))
        tx.directory.put(Listed(kind=ROOM, key=key, name=name, is_person=False, updated_at=now))
