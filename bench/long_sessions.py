"""Sessions with a history of any length, and one more cycle in each, on the product's parts."""

from __future__ import annotations

import asyncio

from bench.handraise_cycle import PEOPLE, HandraiseCycles
from bot.adapters.clock import SystemClock
from bot.domain.commands import CHAT, Actor, AnswerRequest, ReceiveMessage
from bot.domain.instants import HOUR
from bot.domain.planning import Role
from bot.service.conversation import Conversation
from bot.service.identifiers import new_id
from bot.service.ports.store import Transaction
from bot.service.turns import RECENT_LINES

TEXT = "We looked at the figures again, and they still say what they said the last time."
SUMMARY = "What was said so far. " * 45


class LongSessions(HandraiseCycles):
    """Adds a history to what a first cycle has made."""

    async def start(self, number: int, length: int) -> str:
        """Return a new session with `length` messages, all of them dealt with."""
        session_id = await self.cycle(number)
        await asyncio.sleep(0)
        await self.store.run(self._fill, session_id, length, number % RECENT_LINES)
        return session_id

    def _fill(self, tx: Transaction, session_id: str, length: int, lag: int) -> None:
        session = tx.sessions.lock(session_id)
        assert session is not None
        conversation = Conversation(tx, session, SystemClock().now(), 24 * HOUR)
        for seq in range(session.message_seq + 1, length + 1):
            of_owner = seq % 2 == 0
            conversation.say(
                Role.USER if of_owner else Role.AGENT,
                TEXT,
                channel=CHAT,
                person_id=session.owner_id if of_owner else None,
            )
        conversation.change(wake_seq=length, planned_seq=length)
        # As a session of this age would have it: summaries lag by a window and up to one more.
        covered = length - RECENT_LINES - lag
        if covered > 0:
            conversation.change(summary=SUMMARY, summary_seq=covered)
        conversation.save()

    async def go_on(self, number: int, session_id: str) -> None:
        """Run one more cycle: message, question, answer, reply; two turns."""
        await self._intake.submit(
            ReceiveMessage(
                external_key=new_id(),
                actor=Actor(person_id=self._owners[number % PEOPLE], channel=CHAT),
                session_id=session_id,
                text="Please go on, but ask responder first",
            )
        )
        card = await self._channel.card_of(session_id)
        done = self._waiting[session_id] = asyncio.Event()
        await self._intake.submit(
            AnswerRequest(
                external_key=new_id(),
                actor=Actor(person_id=self._responder, channel=CHAT),
                request_id=card.id,
                digest=card.digest,
                choices=("yes",),
            )
        )
        done.clear()  # of the answer's own entry; the next is the end
        await done.wait()
        del self._waiting[session_id]

    async def length(self, session_id: str) -> int:
        """Return how many messages are stored in a session."""
        session = await self.store.read(lambda tx: tx.sessions.get(session_id))
        assert session is not None
        return session.message_seq
