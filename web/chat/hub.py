"""Which sockets of this server follow which feeds, and how news reaches them: once, in order."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import structlog
from pydantic_core import from_json

from bot.domain.errors import HandraiseError, NotFound
from bot.domain.instants import Micros
from bot.domain.session import Status
from bot.service.ports.clock import Clock
from bot.service.ports.store import EVERYTHING, Store, Topic, Transaction
from web.chat import frames
from web.chat.feed import Feed, Page, read_page
from web.chat.preview import PreviewState, Streamed
from web.chat.wakes import Wakes
from web.metrics import Metrics
from web.views.sessions import NO_SESSION

AWAY = 1001
EXPIRED = 4401
TOO_SLOW = 4408
SIGNED_OUT = 4409

MAX_SOCKETS = 50
"""Sockets of one person on one server: pages, and scripts of theirs."""

_READERS = 3
_TICK = 1.0
_CHECKS = 30
"""Ticks in which every followed feed is looked at once, in case an announcement was lost."""
_REMEMBERED = 1_024
_CLOSING = 5.0

log = structlog.stdlib.get_logger(__name__)


class Subscriber(Protocol):
    """A signed-in socket, as the hub knows it."""

    @property
    def person_id(self) -> str: ...
    @property
    def family_id(self) -> str: ...
    @property
    def expires_at(self) -> Micros: ...
    @property
    def visible(self) -> bool: ...
    @property
    def lags(self) -> bool:
        """Tell whether what can be spared should not be sent now."""
        ...

    def offer(self, frame: bytes) -> bool:
        """Queue a frame, or leave because there is no room; never blocks."""
        ...

    def leave(self, code: int, reason: str) -> None:
        """Close soon; only the first call counts."""
        ...

    def tick(self) -> None:
        """Look whether somebody is still there; called once a second."""
        ...


class Link:
    """One socket following one feed; `cursor` is the last entry that it has."""

    __slots__ = ("_preview", "cursor", "feed", "status", "subscriber")

    def __init__(self, subscriber: Subscriber, feed: Feed, cursor: int) -> None:
        self.subscriber = subscriber
        self.feed = feed
        self.cursor = cursor
        self.status: bytes | None = None
        self._preview: PreviewState | None = None

    @property
    def preview(self) -> PreviewState:
        """Return what the socket has of a reply; made when the first one is shown."""
        if self._preview is None:
            self._preview = PreviewState()
        return self._preview


class Hub:
    """Reads each feed that has news once for all its followers, and hands them their frames."""

    def __init__(self, *, store: Store, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        self._clock = clock
        self._metrics = metrics
        # Tuples: most hold one, and a set would be five times as large.
        self._people: dict[str, tuple[Subscriber, ...]] = {}
        self._links: dict[str, tuple[Link, ...]] = {}
        self._followed: dict[Subscriber, tuple[str, ...]] = {}
        self._wakes = Wakes()
        self._signed_out: OrderedDict[str, None] = OrderedDict()
        self._tasks: list[asyncio.Task[None]] = []
        self._deafen: list[Callable[[], None]] = []
        self._empty = asyncio.Event()
        self._empty.set()
        self._closed = False

    async def start(self) -> None:
        """Begin to listen and to read."""
        self._deafen = [
            self._store.listen(Topic.FEED, self._on_feed),
            self._store.listen(Topic.EPHEMERAL, self._on_ephemeral),
            self._store.listen(Topic.SIGN_OUT, self._on_sign_out),
        ]
        self._tasks = [asyncio.create_task(self._read(), name="hub") for _ in range(_READERS)]
        self._tasks.append(asyncio.create_task(self._tick(), name="hub-tick"))

    async def close(self) -> None:
        """Tell every socket to come back later (1001), and stop; a second time does nothing."""
        self._closed = True
        for subscriber in self._subscribers():
            subscriber.leave(AWAY, "restarting")
        try:
            async with asyncio.timeout(_CLOSING):
                await self._empty.wait()
        except TimeoutError:
            log.warning("sockets_left_open", count=len(self._subscribers()))
        while self._deafen:
            self._deafen.pop()()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def join(self, subscriber: Subscriber) -> None:
        """Take in a signed-in socket."""
        person_id = subscriber.person_id
        self._people[person_id] = (*self._people.get(person_id, ()), subscriber)
        self._empty.clear()
        self._metrics.ws_sockets.inc()
        if self._closed:
            subscriber.leave(AWAY, "restarting")
        self.recheck(subscriber)

    def recheck(self, subscriber: Subscriber) -> None:
        """Send away whose sign-in ended while its token was being read."""
        if subscriber.family_id in self._signed_out:
            subscriber.leave(SIGNED_OUT, "signed_out")

    def drop(self, subscriber: Subscriber) -> None:
        """Forget a socket and all it follows."""
        person_id = subscriber.person_id
        known = self._people.get(person_id, ())
        if subscriber not in known:
            return
        self._metrics.ws_sockets.dec()
        others = tuple(each for each in known if each is not subscriber)
        if others:
            self._people[person_id] = others
        else:
            del self._people[person_id]
        for feed_id in self.followed(subscriber):
            self.unfollow(subscriber, feed_id)
        if not self._people:
            self._empty.set()

    def is_full(self, person_id: str) -> bool:
        """Tell whether somebody has as many sockets open here as one may have."""
        return len(self._people.get(person_id, ())) >= MAX_SOCKETS

    def is_present(self, person_id: str) -> bool:
        """Tell whether a page of this person's is open here and can be seen."""
        return any(each.visible for each in self._people.get(person_id, ()))

    def followed(self, subscriber: Subscriber) -> frozenset[str]:
        """Return the ids of the feeds that a socket follows."""
        return frozenset(self._followed.get(subscriber, ()))

    def follow(self, subscriber: Subscriber, feed: Feed, cursor: int) -> None:
        """Send what comes after `cursor`, from now on and with what came meanwhile."""
        self.unfollow(subscriber, feed.id)
        link = Link(subscriber, feed, cursor)
        self._links[feed.id] = (*self._links.get(feed.id, ()), link)
        self._followed[subscriber] = (*self._followed.get(subscriber, ()), feed.id)
        self._wakes.mark(feed.id)

    def unfollow(self, subscriber: Subscriber, feed_id: str) -> None:
        """Send no more of a feed."""
        known = self._followed.get(subscriber, ())
        if feed_id not in known:
            return
        left = tuple(each for each in known if each != feed_id)
        if left:
            self._followed[subscriber] = left
        else:
            del self._followed[subscriber]
        links = tuple(each for each in self._links[feed_id] if each.subscriber is not subscriber)
        if links:
            self._links[feed_id] = links
        else:
            del self._links[feed_id]

    def _subscribers(self) -> list[Subscriber]:
        return [each for subscribers in self._people.values() for each in subscribers]

    def _on_feed(self, feed_id: str) -> None:
        if feed_id == EVERYTHING:
            for followed in tuple(self._links):
                self._wakes.mark(followed)
        elif feed_id in self._links:
            self._wakes.mark(feed_id)

    def _on_sign_out(self, family_id: str) -> None:
        if family_id == EVERYTHING:
            # Some sign-out may have been missed: everybody signs in again, and resumes.
            for subscriber in self._subscribers():
                subscriber.leave(AWAY, "catching up")
            return
        self._signed_out[family_id] = None
        if len(self._signed_out) > _REMEMBERED:
            self._signed_out.popitem(last=False)
        for subscriber in self._subscribers():
            self.recheck(subscriber)

    def _on_ephemeral(self, key: str) -> None:
        try:
            told = from_json(key)
            if told["type"] == "preview":
                self._preview(
                    Streamed(
                        session_id=told["session_id"],
                        turn_id=told["turn_id"],
                        offset=told["offset"],
                        text=told["text"],
                    )
                )
            elif told["type"] == "status":
                self._status(told)
        except (ValueError, KeyError, TypeError):
            # Another version of this server may say what this one does not know.
            log.warning("ephemeral_unreadable", length=len(key))

    def _preview(self, streamed: Streamed) -> None:
        for link in self._links.get(streamed.session_id, ()):
            if link.subscriber.lags:
                continue
            missing = link.preview.next(streamed)
            if missing is not None and link.subscriber.offer(missing[0]):
                link.preview.sent(streamed.turn_id, missing[1])

    def _status(self, told: Mapping[str, Any]) -> None:
        session_id, status = told["session_id"], told["status"]
        links = self._links.get(session_id, ())
        watchers = {link.subscriber for link in links}
        # Where a turn ends, a watcher's status comes with its feed, after the turn's messages.
        following = links if status in (Status.THINKING, Status.ASKING) else ()
        elsewhere = [
            each for each in self._people.get(told.get("owner_id", ""), ()) if each not in watchers
        ]
        if not following and not elsewhere:
            return
        frame = frames.status(session_id, status, told.get("awaiting") or [])
        for link in following:
            if link.status != frame:
                link.status = frame
                link.subscriber.offer(frame)
        if elsewhere:
            # It overtakes what is read of the feeds meanwhile; watchers have the feed's own order.
            frame = frames.status(
                session_id, status, told.get("awaiting") or [], told.get("cursor")
            )
        for subscriber in elsewhere:
            subscriber.offer(frame)

    async def _read(self) -> None:
        while True:
            feed_id = await self._wakes.take()
            try:
                await self._advance(feed_id)
            except HandraiseError as refused:
                log.warning("feed_unreadable", code=refused.code)
                await asyncio.sleep(_TICK)
                self._wakes.mark(feed_id)
            except Exception:
                # The next news tries again: a fault must not stop everybody's feeds.
                log.exception("feed_broken", feed_id=feed_id)
            finally:
                self._wakes.done(feed_id)

    async def _advance(self, feed_id: str) -> None:
        """Read one page after the cursor that is furthest behind, and hand it out."""
        links = self._links.get(feed_id, ())
        if not links:
            return
        page: Page = await self._store.read(
            read_page,
            links[0].feed,
            min(link.cursor for link in links),
            sorted({link.subscriber.person_id for link in links}),
            self._clock.now(),
        )
        for link in links:
            # Whoever left, or follows anew from elsewhere, is not handed this page.
            if link in self._links.get(feed_id, ()):
                self._hand_out(link, page)
        if page.more:
            self._wakes.mark(feed_id)

    def _hand_out(self, link: Link, page: Page) -> None:
        items = page.items.get(link.subscriber.person_id)
        if items is None:
            self.unfollow(link.subscriber, link.feed.id)
            gone = NotFound(NO_SESSION, details={"feed": link.feed.name})
            link.subscriber.offer(frames.error(gone))
            return
        for item in items:
            if item.number > link.cursor:
                if not link.subscriber.offer(item.frame):
                    return
                if item.turn_id is not None:
                    link.preview.finish(item.turn_id)
        link.cursor = max(link.cursor, page.last)
        if page.ended:  # they come back under the name that they have now
            link.subscriber.leave(AWAY, "merged")
            return
        # What a turn ended with is in its feed, also where its ephemeral frame was lost.
        if page.status is not None and page.status != link.status:
            link.status = page.status
            link.subscriber.offer(page.status)

    async def _tick(self) -> None:
        """Send away whose token ended, and look for news that nobody announced."""
        turn = 0
        while True:
            await asyncio.sleep(_TICK)
            now = self._clock.now()
            for subscriber in self._subscribers():
                subscriber.tick()
                if subscriber.expires_at <= now:
                    subscriber.leave(EXPIRED, "token_expired")
            turn = (turn + 1) % _CHECKS
            try:
                await self._look(list(self._links)[turn::_CHECKS])
            except HandraiseError as refused:
                log.warning("feeds_unreadable", code=refused.code)
            except Exception:
                log.exception("feeds_broken")

    async def _look(self, feed_ids: list[str]) -> None:
        lasts: list[int] = await self._store.read(_lasts, feed_ids) if feed_ids else []
        for feed_id, last in zip(feed_ids, lasts, strict=True):
            links = self._links.get(feed_id, ())
            if any(link.cursor < last for link in links):
                self._wakes.mark(feed_id)


def _lasts(tx: Transaction, feed_ids: list[str]) -> list[int]:
    return [tx.feeds.last(feed_id) for feed_id in feed_ids]
