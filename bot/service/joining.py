"""Two people who prove to be one are merged soon, as a command of its own.

Who finds it out may hold rows that a merge must hold first; so it is only noted there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bot.domain.commands import SYSTEM_CHANNEL, Actor, MergePeople
from bot.domain.instants import Micros
from bot.service.ports.inbox import Received
from bot.service.ports.store import Topic, Transaction

if TYPE_CHECKING:
    from bot.service.intake import Intake

MERGE = "people.merge"
"""The kind under which the inbox keeps it."""


def merge_soon(tx: Transaction, person_id: str, into: str, proof: str, now: Micros) -> None:
    """Note that two people are one, by a `proof` in words; whoever deals with it merges them."""
    received = Received(
        key=f"merge:{person_id}:{into}",
        kind=MERGE,
        payload=json.dumps({"person": person_id, "into": into, "proof": proof}),
        due_at=now,
        received_at=now,
    )
    if tx.inbox.add(received):
        tx.announce(Topic.INBOX, MERGE)


class Joining:
    """Deals with what `merge_soon` noted."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def deal(self, received: Received) -> None:
        """Merge; twice changes nothing."""
        noted = json.loads(received.payload)
        await self._intake.submit(
            MergePeople(
                external_key=received.key,
                actor=Actor(person_id="", channel=SYSTEM_CHANNEL),
                person_id=noted["person"],
                into=noted["into"],
                proof=noted["proof"],
            )
        )
