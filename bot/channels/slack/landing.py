"""Messages put into Slack: posted, changed in place, and found again by their metadata."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.channels.slack.addresses import Landed, Person, Room, permalink
from bot.channels.slack.blocks import Block
from bot.channels.slack.calls import Calls
from bot.channels.slack.pacing import Pace, Rank
from bot.channels.slack.refusals import Refused
from bot.domain.instants import SECOND, Micros
from bot.service.ports.channel import Fate
from bot.service.ports.clock import Clock
from bot.service.ports.store import Store

log = logging.getLogger(__name__)

DIRECT = "slack.direct:"
"""Of the marks that remember which channel somebody's direct messages are."""
PAGE = 100
PAGES = 3
"""Of history at most: what is looked for was said seconds ago."""
ENDED = frozenset({"message_not_in_streaming_state", "message_not_found", "stopped_by_user"})
"""By these Slack says that nothing is streamed there any more."""
_REMEMBERED = 10_000
_SKEW: Micros = 2 * SECOND
"""How far Slack's clock may be behind ours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """What a message shows, and by what it is recognised."""

    text: str
    blocks: Sequence[Block]
    metadata: Mapping[str, Any] | None = None


class Landing:
    """Puts messages where people read them; every failure is a `Refused`."""

    def __init__(self, *, calls: Calls, store: Store, clock: Clock) -> None:
        self._calls = calls
        self._store = store
        self._clock = clock
        self._direct: dict[Person, str] = {}

    async def room_of(self, who: Person) -> Room:
        """Return somebody's direct messages; asks Slack once, and remembers."""
        channel = self._direct.get(who)
        if channel is None:
            name = f"{DIRECT}{who.team}/{who.user}"
            channel = await self._store.read(lambda tx: tx.marks.get(name))
        if channel is None:
            answer = await self._calls.call(
                who.team, lambda client: client.conversations_open(users=who.user)
            )
            opened = str(answer.get("channel", {}).get("id", ""))
            if not opened:
                raise Refused("bad_answer", Fate.RETRY, "Slack's answer could not be read")
            now = self._clock.now()
            await self._store.run(lambda tx: tx.marks.put(name, opened, now))
            channel = opened
        while len(self._direct) >= _REMEMBERED:
            del self._direct[next(iter(self._direct))]
        self._direct[who] = channel
        return Room(team=who.team, channel=channel)

    async def forget_room_of(self, who: Person) -> None:
        """Forget somebody's direct messages, since Slack knows them no more."""
        self._direct.pop(who, None)
        await self._store.run(lambda tx: tx.marks.drop(f"{DIRECT}{who.team}/{who.user}"))

    async def url_of(self, landed: Landed) -> str | None:
        """Return a message's address on the web; None where its team's is not known."""
        installation = await self._calls.team(landed.team)
        return permalink(installation.url, landed.channel, landed.ts)

    async def entitle(self, landed: Landed, title: str) -> None:
        """Name the thread of direct messages that a message begins; nothing hangs on it."""
        try:
            await self._calls.call(
                landed.team,
                lambda client: client.assistant_threads_setTitle(
                    channel_id=landed.channel, thread_ts=landed.ts, title=title
                ),
            )
        except Refused as refused:
            log.info("a thread is not named: %s", refused.code)

    async def post_to(self, to: Person | Room, words: Words, rank: Rank = Rank.WORDS) -> Landed:
        """Post to a person or a room."""
        if isinstance(to, Room):
            return await self.post(to, words, rank)
        room = await self.room_of(to)
        try:
            return await self.post(room, words, rank)
        except Refused as refused:
            if refused.code != "channel_not_found":
                raise
            await self.forget_room_of(to)
            return await self.post(await self.room_of(to), words, rank)

    async def post(self, room: Room, words: Words, rank: Rank = Rank.WORDS) -> Landed:
        """Post a message; a public channel that we are not in is joined first, once."""
        try:
            return await self._post(room, words, rank)
        except Refused as refused:
            if refused.code != "not_in_channel" or not room.channel.startswith("C"):
                raise
            await self._join(room, refused)
            return await self._post(room, words, rank)

    async def _post(self, room: Room, words: Words, rank: Rank) -> Landed:
        answer = await self._calls.call(
            room.team,
            lambda client: client.chat_postMessage(
                channel=room.channel,
                text=words.text,
                blocks=words.blocks,
                thread_ts=room.thread,
                parse="none",  # nothing in it is made a mention or a link by Slack
                metadata=None if words.metadata is None else dict(words.metadata),
                unfurl_links=False,
                unfurl_media=False,
            ),
            pace=Pace.POST,
            channel=room.channel,
            rank=rank,
        )
        channel, ts = answer.get("channel"), answer.get("ts")
        if not isinstance(channel, str) or not isinstance(ts, str):
            raise Refused("bad_answer", Fate.UNKNOWN, "Slack's answer could not be read")
        return Landed(team=room.team, channel=channel, ts=ts)

    async def _join(self, room: Room, refused: Refused) -> None:
        try:
            await self._calls.call(
                room.team, lambda client: client.conversations_join(channel=room.channel)
            )
        except Refused as second:
            # A private channel, or no permission to join: an invitation is what helps.
            raise (second if second.fate is not Fate.FAILED else refused) from None

    async def change(self, landed: Landed, words: Words, rank: Rank = Rank.WORDS) -> None:
        """Change a message of ours in place; one that is still streamed is ended first."""
        try:
            await self._change(landed, words, rank)
        except Refused as refused:
            if refused.code != "streaming_state_conflict":
                raise
            await self.end_stream(landed)
            await self._change(landed, words, rank)

    async def _change(self, landed: Landed, words: Words, rank: Rank) -> None:
        await self._calls.call(
            landed.team,
            lambda client: client.chat_update(
                channel=landed.channel,
                ts=landed.ts,
                text=words.text,
                blocks=words.blocks,
                parse="none",
                metadata=None if words.metadata is None else dict(words.metadata),
            ),
            pace=Pace.UPDATE,
            rank=rank,
        )

    async def end_stream(self, landed: Landed) -> None:
        """End a stream; one that has ended already, or whose message is gone, is no failure."""
        try:
            await self._calls.call(
                landed.team,
                lambda client: client.chat_stopStream(channel=landed.channel, ts=landed.ts),
                pace=Pace.STOP,
            )
        except Refused as refused:
            if refused.code not in ENDED:
                raise

    async def delete(self, landed: Landed) -> None:
        """Delete a message of ours; one that is gone already is no failure."""
        try:
            await self._calls.call(
                landed.team,
                lambda client: client.chat_delete(channel=landed.channel, ts=landed.ts),
                pace=Pace.UPDATE,
                rank=Rank.PREVIEW,
            )
        except Refused as refused:
            if refused.code not in ("message_not_found", "channel_not_found"):
                raise

    async def find(
        self,
        room: Room,
        event_type: str,
        wanted: Mapping[str, Any],
        since: Micros,
        *,
        pieces: int = 1,
    ) -> dict[int, Landed]:
        """Find messages of ours by their metadata, at most `pieces`, in a thread or a channel.

        Returns them by the metadata's `piece`, 0 where it has none. Slack lets some apps read
        history once a minute only: called solely after a result that nobody knows.
        """
        found: dict[int, Landed] = {}
        cursor = ""
        oldest = f"{max(0, since // SECOND - 60)}.000000"
        for _ in range(PAGES):
            answer = await self._page(room, oldest, cursor)
            for message in answer.get("messages") or ():
                payload = _payload(message, event_type)
                if payload is None or any(payload.get(k) != v for k, v in wanted.items()):
                    continue
                piece, ts = payload.get("piece", 0), message.get("ts")
                if isinstance(piece, int) and isinstance(ts, str):
                    found.setdefault(piece, Landed(team=room.team, channel=room.channel, ts=ts))
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor or len(found) >= pieces:
                break
        return found

    async def find_stream(self, room: Room, since: Micros) -> Landed | None:
        """Find what we have begun to stream in a thread since then: it has no metadata yet."""
        oldest = f"{(since - _SKEW) / SECOND:.6f}"
        bot = (await self._calls.team(room.team)).bot_user
        answer = await self._page(room, oldest, "")
        for message in answer.get("messages") or ():
            is_ours = message.get("user") == bot and not message.get("metadata")
            ts = message.get("ts")
            if is_ours and isinstance(ts, str) and ts != room.thread:
                return Landed(team=room.team, channel=room.channel, ts=ts)
        return None

    async def _page(self, room: Room, oldest: str, cursor: str) -> dict[str, Any]:
        thread = room.thread
        if thread is None:
            return await self._calls.call(
                room.team,
                lambda client: client.conversations_history(
                    channel=room.channel,
                    oldest=oldest,
                    limit=PAGE,
                    include_all_metadata=True,
                    cursor=cursor or None,
                ),
            )
        return await self._calls.call(
            room.team,
            lambda client: client.conversations_replies(
                channel=room.channel,
                ts=thread,
                oldest=oldest,
                limit=PAGE,
                include_all_metadata=True,
                cursor=cursor or None,
            ),
        )


def _payload(message: object, event_type: str) -> Mapping[str, Any] | None:
    if not isinstance(message, Mapping):
        return None
    metadata = message.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get("event_type") != event_type:
        return None
    payload = metadata.get("event_payload")
    return payload if isinstance(payload, Mapping) else None
