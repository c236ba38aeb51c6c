"""One turn's text while it grows in a thread: streamed, or written again where a stream fails."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.channels.slack import caps, mrkdwn
from bot.channels.slack.addresses import Landed, Person, Room
from bot.channels.slack.blocks import section
from bot.channels.slack.calls import Calls
from bot.channels.slack.escaping import tidy
from bot.channels.slack.landing import Landing, Words
from bot.channels.slack.pacing import Pace, Rank
from bot.channels.slack.refusals import Refused
from bot.domain.errors import HandraiseError
from bot.domain.instants import Micros
from bot.service.ports.channel import Fate

log = logging.getLogger(__name__)

INTERVAL = 1.0
"""Seconds between two additions to a stream."""
REWRITE_INTERVAL = 3.0
"""Seconds between two rewritings of a message, whose tier is lower."""
MOST = 11_000
"""Characters that are streamed; a stream takes 12,000 at once, and the message replaces it."""
STOP_WITHIN = 6.0
"""Seconds that a turn waits for its stream's end; the message ends it otherwise."""
_JOINER = "\u2060"
_MARKUP = re.compile(r"<(?=[!@#])")
_CALL = re.compile(r"(?<![\w.@])@(?=\w)")


def calm(text: str) -> str:
    """Return Markdown that mentions nobody.

    What follows a sign never changes what was written before it, so that a longer text begins with
    the shorter one's.
    """
    return _CALL.sub("@" + _JOINER, _MARKUP.sub("<" + _JOINER, tidy(text)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """Where a turn's text grows, and how to keep where it stands."""

    room: Room
    reader: Callable[[], Awaitable[Person | None]]
    """Whom it is for: Slack wants to know outside direct messages."""
    note: Callable[[Landed], Awaitable[None]]
    now: Callable[[], Micros]


class GrowingText:
    """Implements the port `LiveText`; its task belongs to the stage that made it."""

    def __init__(
        self,
        scene: Scene,
        *,
        calls: Calls,
        landing: Landing,
        pause: Callable[[float], Awaitable[None]],
    ) -> None:
        self._scene = scene
        self._calls = calls
        self._landing = landing
        self._pause = pause
        self._wanted = ""
        self._shown = ""
        self._landed: Landed | None = None
        self._streaming = False
        self._over = False
        self._news = asyncio.Event()
        self._stopped = asyncio.Event()
        self.done = asyncio.Event()

    def show(self, text: str) -> None:
        """Show the whole text so far."""
        self._wanted = text
        if text.strip():
            self._news.set()

    async def stop(self) -> None:
        """End it; nothing is shown after this."""
        self._stopped.set()
        self._news.set()
        try:
            async with asyncio.timeout(STOP_WITHIN):
                await self.done.wait()
        except TimeoutError:
            log.info("a stream was not ended in time; its message ends it")

    async def run(self) -> None:
        """Show what is wanted, at Slack's pace, until it is stopped."""
        try:
            while not self._stopped.is_set():
                await self._news.wait()
                if self._stopped.is_set():
                    break
                self._news.clear()
                await self._step()
                if self._over:
                    break
                await self._rest(INTERVAL if self._streaming else REWRITE_INTERVAL)
            await self._end()
        finally:
            self.done.set()

    async def _rest(self, seconds: float) -> None:
        """Wait a moment, but not for longer than until it is stopped."""
        waits = [
            asyncio.ensure_future(self._pause(seconds)),
            asyncio.ensure_future(self._stopped.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _step(self) -> None:
        text = self._wanted
        try:
            if self._landed is None:
                await self._begin(text)
            elif self._streaming:
                await self._append(self._landed, text)
            else:
                await self._rewrite(self._landed, text)
        except Refused as refused:
            await self._refused(refused)
        except HandraiseError as error:
            log.info("a preview is not shown: %s", error.code)
            self._over = True

    async def _begin(self, text: str) -> None:
        room, thread = self._scene.room, self._scene.room.thread
        if thread is None:
            self._over = True
            return
        shown = calm(text)[:MOST]
        reader = await self._scene.reader()
        since = self._scene.now()
        try:
            answer = await self._calls.call(
                room.team,
                lambda client: client.chat_startStream(
                    channel=room.channel,
                    thread_ts=thread,
                    markdown_text=shown,
                    recipient_team_id=reader.team if reader else None,
                    recipient_user_id=reader.user if reader else None,
                ),
                pace=Pace.START,
                rank=Rank.PREVIEW,
                patience=0,
            )
            self._landed = Landed(team=room.team, channel=room.channel, ts=str(answer["ts"]))
            self._streaming, self._shown = True, shown
        except Refused as refused:
            if refused.fate is Fate.UNKNOWN:
                await self._look_for_it(since)
                raise
            if refused.fate is not Fate.FAILED or refused.token_is_dead:
                raise
            log.info("no stream here: %s", refused.code)
            self._landed = await self._landing.post(room, _rewritten(text), Rank.PREVIEW)
        try:
            await self._scene.note(self._landed)
        except HandraiseError:
            # Nobody would find it again: its message is said anew.
            await self._end()
            await self._landing.delete(self._landed)
            raise

    async def _look_for_it(self, since: Micros) -> None:
        """Find a stream that may have begun: half a sentence must not stand there for ever."""
        try:
            found = await self._landing.find_stream(self._scene.room, since)
        except Refused as refused:
            log.info("a stream was not found: %s", refused.code)
            return
        if found is not None:
            self._landed, self._streaming = found, True
            await self._scene.note(found)

    async def _append(self, landed: Landed, text: str) -> None:
        whole = calm(text)[:MOST]
        if not whole.startswith(self._shown):
            # The text was begun anew: a stream only grows.
            await self._end()
            await self._rewrite(landed, text)
            return
        more = whole[len(self._shown) :]
        if not more:
            return
        await self._calls.call(
            landed.team,
            lambda client: client.chat_appendStream(
                channel=landed.channel, ts=landed.ts, markdown_text=more
            ),
            pace=Pace.APPEND,
            rank=Rank.PREVIEW,
            patience=0,
        )
        self._shown = whole

    async def _rewrite(self, landed: Landed, text: str) -> None:
        await self._landing.change(landed, _rewritten(text), Rank.PREVIEW)

    async def _refused(self, refused: Refused) -> None:
        """Go on by rewriting where a stream has died; be silent where nothing helps."""
        if self._streaming and refused.code == "message_not_in_streaming_state":
            self._streaming = False
            self._news.set()
        elif refused.fate is Fate.RETRY and not self._stopped.is_set():
            self._news.set()
            await self._rest(min(refused.retry_after or 1.0, 30.0))
        else:
            # After an unknown result something may stand twice; the message takes its place.
            log.info("a preview is not shown: %s", refused.code)
            self._over = True

    async def _end(self) -> None:
        """End the stream, if there is one."""
        if not self._streaming or self._landed is None:
            return
        self._streaming = False
        try:
            await self._landing.end_stream(self._landed)
        except (Refused, HandraiseError) as error:
            log.info("a stream was not ended: %s", error.code)


def _rewritten(text: str) -> Words:
    pieces = mrkdwn.messages(text, caps.PIECE) or ["…"]
    shown = pieces[0]
    return Words(text=shown, blocks=[section(f"{shown} …")])
