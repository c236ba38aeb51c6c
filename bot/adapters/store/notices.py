"""How announcements travel between servers on PostgreSQL: JSON in NOTIFY's bounded payloads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from bot.adapters.store.transaction import Announcement
from bot.service.ports.store import EVERYTHING, Topic

CHANNEL = "handraise"
PAYLOAD_BYTES = 7_900
"""PostgreSQL takes fewer than 8,000 bytes (NOTIFY's manual page)."""

_TOPICS = frozenset(topic.value for topic in Topic)


def payloads(server: str, announcements: Iterable[Announcement]) -> Iterator[str]:
    """Pack announcements into as few payloads as fit; each once.

    A key too long for any payload becomes `EVERYTHING`: look again, whatever it was.
    """
    packed: list[list[str]] = []
    empty = len(_encode(server, []))
    size = empty
    for topic, key in dict.fromkeys(announcements):
        pair = [topic.value, key]
        grows = len(_dump(pair)) + 1
        if empty + grows > PAYLOAD_BYTES:
            pair = [topic.value, EVERYTHING]
            grows = len(_dump(pair)) + 1
        if packed and size + grows > PAYLOAD_BYTES:
            yield _encode(server, packed).decode()
            packed, size = [], empty
        packed.append(pair)
        size += grows
    if packed:
        yield _encode(server, packed).decode()


def fits(server: str, announcement: Announcement) -> bool:
    """Tell whether an announcement fits into a payload of its own."""
    topic, key = announcement
    return len(_encode(server, [[topic.value, key]])) <= PAYLOAD_BYTES


def received(server: str, payload: str) -> list[Announcement]:
    """Return another server's announcements; none for our own, and none that make no sense.

    Anybody with access to the database can notify, and a newer server may know more topics.
    """
    try:
        sender, pairs = json.loads(payload)
        if sender == server:
            return []
        return [(Topic(topic), str(key)) for topic, key in pairs if topic in _TOPICS]
    except (ValueError, TypeError):
        return []


def _encode(server: str, pairs: list[list[str]]) -> bytes:
    return _dump([server, pairs])


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
