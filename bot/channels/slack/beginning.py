"""Sessions that begin without a message: the bot writes the first line of their thread."""

from __future__ import annotations

import json
from dataclasses import dataclass

from bot.channels.slack.addresses import SLACK, Landed, Room, read_landed, spot
from bot.channels.slack.addresses import Person as User
from bot.channels.slack.asides import Spot
from bot.channels.slack.blocks import section
from bot.channels.slack.escaping import escape
from bot.channels.slack.hearing import Hearing
from bot.channels.slack.landing import Landing, Words
from bot.channels.slack.offering import offer_room
from bot.channels.slack.refusals import Refused
from bot.domain.commands import Actor, SpeakAt
from bot.domain.errors import Invalid, Unavailable
from bot.domain.place import place_of
from bot.service.outlet import Parts
from bot.service.ports.channel import Fate

_BEGUN = "slack.begun:"
EVENT_TYPE = "handraise_begun"
_NOT_THERE = frozenset(
    {
        "not_in_channel",
        "channel_not_found",
        "is_archived",
        "thread_not_found",
        "cannot_reply_to_message",
        "message_not_found",
        "restricted_action",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Beginning:
    """Begins sessions where the bot can write; safe to repeat for the same occasion."""

    parts: Parts
    landing: Landing
    hearing: Hearing

    async def begin(
        self,
        *,
        key: str,
        whose: User,
        person_id: str,
        said: str,
        opening: str,
        thread: Room | None = None,
    ) -> None:
        """Begin a session with what somebody said: in `thread`, else in their direct messages.

        `opening` is the line above it. Raises `Unavailable` when it should be tried again.
        """
        try:
            room = await self._room(key, whose, opening, thread)
        except Refused as refused:
            if refused.fate is Fate.FAILED:
                raise Invalid(refused.sentence, code=refused.code) from None
            raise Unavailable(refused.sentence, code=refused.code) from None
        outcome = await self.hearing.speak(
            SpeakAt(
                external_key=key,
                actor=Actor(person_id=person_id, channel=SLACK),
                place=place_of(SLACK, spot(room.team, room.channel, room.thread or "")),
                text=said,
                opens=True,
            )
        )
        if outcome.status == "held":
            at = Spot(team=whose.team, user=whose.user, channel=room.channel, thread=room.thread)
            await offer_room(self.parts, outcome, at, key=key)

    async def _room(self, key: str, whose: User, opening: str, thread: Room | None) -> Room:
        """Return the thread whose first line is written, writing it if need be."""
        mark = _BEGUN + key
        kept = await self.parts.store.read(lambda tx: tx.marks.get(mark))
        landed = read_landed(kept)
        if landed is None:
            landed = await self._write(key, whose, opening, thread)
            written, now = landed.write(), self.parts.clock.now()
            await self.parts.store.run(lambda tx: tx.marks.put(mark, written, now))
        same = thread is not None and landed.channel == thread.channel
        root = thread.thread if same and thread is not None else landed.ts
        return Room(team=landed.team, channel=landed.channel, thread=root)

    async def _write(self, key: str, whose: User, opening: str, thread: Room | None) -> Landed:
        words = Words(
            text=escape(opening),
            blocks=(section(escape(opening)),),
            metadata={"event_type": EVENT_TYPE, "event_payload": {"key": json.dumps(key)}},
        )
        if thread is not None:
            try:
                return await self.landing.post(thread, words)
            except Refused as refused:
                if refused.code not in _NOT_THERE:
                    raise
        return await self.landing.post_to(whose, words)
