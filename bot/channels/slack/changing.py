"""Messages that were edited or deleted after they had been taken.

What the agent has not reacted to yet it is told; what it has is not undone, and its author is told
to write again. The conversation itself is append-only: nothing that was said is rewritten.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.channels.slack.addresses import SLACK, spot
from bot.channels.slack.asides import Asides, Spot
from bot.channels.slack.events import message_key
from bot.channels.slack.facts import Deleted, Edited
from bot.channels.slack.installation import Installation
from bot.channels.slack.plain import plain
from bot.channels.slack.roster import Barred, Roster
from bot.domain.commands import Actor, SpeakAt
from bot.domain.errors import HandraiseError, RateLimited, Unavailable
from bot.domain.place import place_of
from bot.domain.session import Session
from bot.service.outlet import Parts
from bot.service.ports.store import Transaction

_ANSWER = (
    "Your answer stands as you first wrote it. Write a new one under the question to change it."
)
_READ = "I had read your message already, as it was. Write a new one if something has changed."
_DELETED = "I had read your message already. Write a new one if I should not act on it."


@dataclass(frozen=True, kw_only=True, slots=True)
class _Taken:
    """What became of the message: an answer, or an entry of a session."""

    person_id: str = ""
    session_id: str | None = None
    is_answer: bool = False
    is_read: bool = True
    words: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Changing:
    """Tells the agent of changes while that helps, and else the author."""

    parts: Parts
    roster: Roster
    asides: Asides

    async def edited(self, edited: Edited, us: Installation) -> None:
        """Take an edit of a message; one that was never taken is nothing to us."""
        taken = await self._taken(edited, edited.user, edited.text, us)
        if taken is None:
            return
        if taken.is_answer:
            self.asides.tell(_at(edited, edited.user), _ANSWER)
        elif taken.is_read or not taken.words:
            self.asides.tell(_at(edited, edited.user), _READ)
        else:
            await self._say(
                edited, edited.user, taken, f"I have changed my message to: {taken.words}"
            )

    async def deleted(self, deleted: Deleted, us: Installation) -> None:
        """Take a deletion of a message."""
        if deleted.user is None:
            return
        taken = await self._taken(deleted, deleted.user, "", us)
        if taken is None:
            return
        if taken.is_answer:
            self.asides.tell(_at(deleted, deleted.user), _ANSWER)
        elif taken.is_read:
            self.asides.tell(_at(deleted, deleted.user), _DELETED)
        else:
            await self._say(
                deleted, deleted.user, taken, "I have deleted my last message: ignore it."
            )

    async def _taken(
        self, fact: Edited | Deleted, user: str, text: str, us: Installation
    ) -> _Taken | None:
        return await self.parts.store.read(self._look, fact, user, text, us.bot_user)

    def _look(
        self, tx: Transaction, fact: Edited | Deleted, user: str, text: str, bot: str
    ) -> _Taken | None:
        receipt = tx.receipts.find(message_key(fact.team, fact.channel, fact.ts))
        if receipt is None:
            return None
        try:
            person = self.roster.known(tx, fact.team, user, fact.team)
        except Barred:
            return None
        if person is None:
            return None
        if receipt.request_id is not None:
            return _Taken(is_answer=True)
        session = tx.sessions.get(receipt.session_id or "")
        return _Taken(
            person_id=person.id,
            session_id=receipt.session_id,
            is_read=_is_read(session, receipt.seq or 0),
            words=plain(text, lambda id_: self.roster.called(tx, fact.team, id_), bot=bot).strip(),
        )

    async def _say(self, fact: Edited | Deleted, user: str, taken: _Taken, words: str) -> None:
        thread = fact.thread_ts or fact.ts
        try:
            await self.parts.intake.submit(
                SpeakAt(
                    external_key=fact.key,
                    actor=Actor(person_id=taken.person_id, channel=SLACK),
                    place=place_of(SLACK, spot(fact.team, fact.channel, thread)),
                    text=words,
                )
            )
        except (RateLimited, Unavailable):
            raise
        except HandraiseError as refusal:
            self.asides.tell(_at(fact, user), refusal.message)


def _is_read(session: Session | None, seq: int) -> bool:
    """Tell whether a turn has reacted to a message, or is doing so."""
    if session is None:
        return True
    return session.planned_seq >= seq or session.claim_owner is not None


def _at(fact: Edited | Deleted, user: str) -> Spot:
    return Spot(team=fact.team, user=user, channel=fact.channel, thread=fact.thread_ts)
