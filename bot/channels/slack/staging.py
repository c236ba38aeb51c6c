"""What the agent is doing, shown in its thread while it does it; best effort, never in the way."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence

from bot.channels.slack.addresses import (
    Landed,
    NoAddress,
    Person,
    Room,
    address,
    place_room,
    read_landed,
)
from bot.channels.slack.calls import Calls
from bot.channels.slack.growing import GrowingText, Scene
from bot.channels.slack.landing import Landing
from bot.channels.slack.refusals import Refused
from bot.domain.errors import HandraiseError
from bot.domain.instants import HOUR, MINUTE, Micros
from bot.domain.session import Status
from bot.service.chores import Chore
from bot.service.ports.channel import Fate, LiveText
from bot.service.ports.clock import Clock
from bot.service.ports.store import Store, Transaction

log = logging.getLogger(__name__)

STALE: Micros = 15 * MINUTE
"""How old a preview is whose message never came; a stream lives for about five minutes."""
QUICK = 0.4
"""Seconds in which a turn may be over before anybody wonders what it does."""
MAX_LIVE = 64
"""Texts that grow at once on one server; more are not shown before they are said."""
_AT_ONCE = 50
_NOT_HERE: Micros = HOUR
"""How long a team that takes no status is left alone."""
_SCOPES = ("assistant:write", "chat:write")
_WORDS = {Status.THINKING: "is thinking…", Status.ASKING: "is asking…"}


class SlackStage:
    """Implements the port `Stage`; owns the tasks that show."""

    def __init__(
        self,
        *,
        calls: Calls,
        landing: Landing,
        store: Store,
        clock: Clock,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._calls = calls
        self._landing = landing
        self._store = store
        self._clock = clock
        self._pause = pause
        self._tasks: set[asyncio.Task[None]] = set()
        self._growing: set[GrowingText] = set()
        self._statuses: dict[str, Status] = {}
        self._no_status: dict[str, Micros] = {}
        self._lit: set[str] = set()
        """The places at which a status stands, as far as this server knows."""

    def begin(self, place: str, turn_id: str) -> LiveText:
        """Return where to show a turn's text."""
        try:
            room = place_room(place)
        except NoAddress:
            return _Nowhere()
        if len(self._growing) >= MAX_LIVE:
            return _Nowhere()
        scene = Scene(
            room=room,
            reader=lambda: self._reader(place, room),
            note=lambda landed: self._note(turn_id, place, landed),
            now=self._clock.now,
        )
        growing = GrowingText(scene, calls=self._calls, landing=self._landing, pause=self._pause)
        self._growing.add(growing)
        task = self._own(growing.run(), f"preview {turn_id}")
        task.add_done_callback(lambda _: self._growing.discard(growing))
        return growing

    def status(self, place: str, status: Status) -> None:
        """Show what the session at a place is doing; only the newest that is wanted is sent."""
        begun = place in self._statuses
        self._statuses[place] = status
        if not begun:
            self._own(self._show_statuses(place), "slack-status")

    async def close(self) -> None:
        """End what is streamed; the messages come without it."""
        await asyncio.gather(*(growing.stop() for growing in set(self._growing)))
        for task in set(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def chores(self) -> Sequence[Chore]:
        """Return what one server does now and then: take stale previews away."""
        return [Chore(name="slack.previews", every=5 * MINUTE, run=self.clean)]

    async def clean(self) -> None:
        """Take previews away whose message never came."""
        before = self._clock.now() - STALE
        stale = await self._store.read(lambda tx: tx.posts.stale_previews(before, _AT_ONCE))
        for turn_id, place, kept in stale:
            if not place.startswith("slack:"):
                continue
            landed = read_landed(kept)
            try:
                if landed is not None:
                    await self._landing.end_stream(landed)
                    await self._landing.delete(landed)
            except Refused as refused:
                if refused.fate is not Fate.FAILED:
                    continue  # next time
                log.info("a stale preview stays: %s", refused.code)
            await self._store.run(_drop, turn_id)

    async def settle(self) -> None:
        """Wait until nothing is being shown; for whoever drives it by hand."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _reader(self, place: str, room: Room) -> Person | None:
        """Return whom a stream is for: who spoke there last, else who owns the session."""
        if room.channel.startswith("D"):
            return None
        return await self._store.read(_reader_of, place, room.team)

    async def _note(self, turn_id: str, place: str, landed: Landed) -> None:
        now = self._clock.now()
        await self._store.run(lambda tx: tx.posts.note_preview(turn_id, place, landed.write(), now))

    async def _show_statuses(self, place: str) -> None:
        shown: Status | None = None
        try:
            if place not in self._lit:
                await self._pause(QUICK)  # a turn that is over by then needs no status
            while (wanted := self._statuses[place]) is not shown:
                if wanted in _WORDS or place in self._lit:
                    await self._show_status(place, wanted)
                shown = wanted
        finally:
            del self._statuses[place]

    async def _show_status(self, place: str, status: Status) -> None:
        try:
            room = place_room(place)
        except NoAddress:
            return
        thread = room.thread
        self._lit.discard(place)
        try:
            if thread is None or self._clock.now() < self._no_status.get(room.team, 0):
                return
            if not (await self._calls.team(room.team)).may(*_SCOPES):
                return
            await self._calls.call(
                room.team,
                lambda client: client.assistant_threads_setStatus(
                    channel_id=room.channel, thread_ts=thread, status=_WORDS.get(status, "")
                ),
            )
            if status in _WORDS:
                self._lit.add(place)
        except Refused as refused:
            if refused.code in ("missing_scope", "not_allowed_token_type", "unknown_method"):
                self._no_status[room.team] = self._clock.now() + _NOT_HERE
            log.info("a status is not shown: %s", refused.code)
        except HandraiseError as error:
            log.info("a status is not shown: %s", error.code)

    def _own(self, work: Awaitable[None], name: str) -> asyncio.Task[None]:
        task = asyncio.ensure_future(_guarded(work, name))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class _Nowhere:
    """A text that is shown nowhere before it is said."""

    def show(self, text: str) -> None:
        """Show nothing."""

    async def stop(self) -> None:
        """End nothing."""


async def _guarded(work: Awaitable[None], name: str) -> None:
    try:
        await work
    except Exception:
        # What is shown meanwhile must never break what is done.
        log.exception("%s broke", name.partition(" ")[0])


def _drop(tx: Transaction, turn_id: str) -> None:
    tx.posts.drop_preview(turn_id)


def _reader_of(tx: Transaction, place: str, team: str) -> Person | None:
    binding = tx.bindings.find(place)
    if binding is None:
        return None
    head = json.loads(binding.head or "{}")
    user = head.get("user") if isinstance(head, dict) else None
    if isinstance(user, str) and user:
        return Person(team=str(head.get("user_team") or team), user=user)
    session = tx.sessions.get(binding.session_id)
    if session is None:
        return None
    for key in tx.people.identities_of_kind(session.owner_id, "slack"):
        try:
            found = address(key)
        except NoAddress:
            continue
        if isinstance(found, Person) and found.team == team:
            return found
    return None
