"""Notices: a word to one person over a channel, which belongs to no session."""

from __future__ import annotations

import json

from bot.domain.instants import Micros
from bot.domain.place import place_of
from bot.domain.post import Post, PostKind
from bot.domain.routing import lane_of
from bot.service.identifiers import new_id
from bot.service.ports.store import Topic, Transaction

TOLD = "told:"
"""The prefix of marks of what was said once, which are kept as long as receipts."""


def tell(
    tx: Transaction,
    *,
    channel: str,
    person_id: str,
    text: str,
    now: Micros,
    url: str = "",
    request_id: str | None = None,
    spot: str | None = None,
    address: str | None = None,
    once: str | None = None,
    ahead: bool = False,
) -> None:
    """Say a word to one person over a channel: at `spot`, where they spoke, else at their address.

    `once` names the occasion: it is said for it only once. With `ahead` it waits for nothing else
    that is to be said there, nor for a limit of the channel's: the caller sees to how often.
    """
    if address is None:
        identities = tx.people.identities(person_id)
        address = next((i.key for i in identities if i.kind == channel), None)
    if address is None:
        return
    if once is not None:
        if tx.marks.get(TOLD + once) is not None:
            return
        tx.marks.put(TOLD + once, "1", now)
    # What is said ahead has a place of its own, since those of one place wait for one another.
    place = place_of(channel, f"ahead/{address}" if ahead else address)
    body = {"text": text, "url": url, "request_id": request_id, "spot": spot, "to": address}
    body["ahead"] = "yes" if ahead else None
    tx.posts.add(
        Post(
            id=new_id(),
            kind=PostKind.NOTICE,
            channel=channel,
            place=place,
            lane=lane_of(channel, address),
            person_id=person_id,
            body=json.dumps({name: value for name, value in body.items() if value is not None}),
            due_at=now,
            created_at=now,
        )
    )
    tx.announce(Topic.POST, place)
