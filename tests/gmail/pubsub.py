"""Pub/Sub for Gmail: watches, topics, and pushes with a signed token, on time or not."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import aiohttp

from bot.domain.instants import DAY, Micros, iso
from tests.gmail import signing
from tests.gmail.clock import Clock
from tests.gmail.errors import ApiError
from tests.gmail.mailbox import Change, Mailbox
from tests.gmail.signing import Forgery

WATCH_LIFETIME: Micros = 7 * DAY
_ACK_SECONDS = 10
_TOPIC = re.compile(r"projects/[^/]+/topics/[^/]+")


class Timing(StrEnum):
    """What becomes of notifications."""

    NOW = "now"
    DOUBLED = "doubled"
    HELD = "held"
    """They wait for `release`."""
    LOST = "lost"


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """A mailbox's changes go to a topic, all or by label, until a time."""

    topic: str
    labels: frozenset[str]
    exclude: bool
    expires_at: Micros

    def wants(self, change: Change) -> bool:
        hit = bool(self.labels & (change.labels_then | change.changed_labels))
        return not self.labels or hit is not self.exclude


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """Where a topic's messages are pushed to, with a token for whom and by whom."""

    name: str
    topic: str
    push_to: str
    audience: str
    service_account: str


@dataclass(kw_only=True)
class Notice:
    """One message on its way to one subscription, with the status of every try (0: no answer)."""

    id: str
    subscription: Subscription
    data: bytes
    published_at: Micros
    statuses: list[int] = field(default_factory=list)

    @property
    def acknowledged(self) -> bool:
        return any(status in {102, 200, 201, 202, 204} for status in self.statuses)

    def envelope(self) -> dict[str, Any]:
        """Return the body of the push: https://cloud.google.com/pubsub/docs/push."""
        published = iso(self.published_at)[:-4] + "Z"
        message = {
            "data": base64.b64encode(self.data).decode(),
            "messageId": self.id,
            "message_id": self.id,
            "publishTime": published,
            "publish_time": published,
        }
        return {"message": message, "subscription": self.subscription.name}


class PubSub:
    """Holds watches and subscriptions; every push runs as a task that `settled` waits for."""

    def __init__(self, clock: Clock, wall: Callable[[], float] = time.time) -> None:
        self._clock = clock
        # Who verifies a token looks at the machine's clock (google-auth knows no other).
        self._wall = wall
        self.watches: dict[str, Watch] = {}
        self.subscriptions: list[Subscription] = []
        self.timing = Timing.NOW
        self.notices: list[Notice] = []
        self.held: list[Notice] = []
        self._ids = itertools.count(9_876_500_000_000_001)
        self._tasks: set[asyncio.Task[int]] = set()
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        timeout = aiohttp.ClientTimeout(total=_ACK_SECONDS)
        self._session = aiohttp.ClientSession(timeout=timeout)

    async def close(self) -> None:
        """End every push that is still under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def watch(self, mailbox: Mailbox, body: dict[str, Any]) -> Micros:
        """Watch a mailbox as `users.watch` asks, and return until when."""
        topic = str(body.get("topicName", ""))
        if not _TOPIC.fullmatch(topic):
            raise ApiError.invalid(
                "Invalid topicName does not match projects/my-project-id/topics/*"
            )
        before = self.watches.get(mailbox.address)
        if before and before.topic != topic and before.expires_at > self._clock.now():
            raise ApiError(
                400,
                "Only one user push notification client allowed per developer "
                "(call /stop then try again)",
                reason="failedPrecondition",
                status="FAILED_PRECONDITION",
            )
        behaviour = str(body.get("labelFilterBehavior") or body.get("labelFilterAction") or "")
        watch = Watch(
            topic=topic,
            labels=frozenset(body.get("labelIds", [])),
            exclude=behaviour.lower() == "exclude",
            expires_at=self._clock.now() + WATCH_LIFETIME,
        )
        self.watches[mailbox.address] = watch
        # A watch is followed by a first notification at once.
        self.publish(topic, self.gmail_data(mailbox))
        return watch.expires_at

    def subscribe(
        self, topic: str, push_to: str, *, audience: str = "", service_account: str = ""
    ) -> Subscription:
        """Push a topic's messages to an address; without `audience`, that address is it."""
        project = topic.split("/")[1]
        subscription = Subscription(
            name=f"projects/{project}/subscriptions/push-{len(self.subscriptions) + 1}",
            topic=topic,
            push_to=push_to,
            audience=audience or push_to,
            service_account=service_account or f"pusher@{project}.iam.gserviceaccount.com",
        )
        self.subscriptions.append(subscription)
        return subscription

    def changed(self, mailbox: Mailbox, change: Change) -> None:
        """Tell whoever watches the mailbox."""
        watch = self.watches.get(mailbox.address)
        if watch and watch.expires_at > self._clock.now() and watch.wants(change):
            self.publish(watch.topic, self.gmail_data(mailbox))

    def gmail_data(self, mailbox: Mailbox, history_id: int | None = None) -> bytes:
        """Return what a notification says."""
        newest = mailbox.history_id if history_id is None else history_id
        return json.dumps({"emailAddress": mailbox.address, "historyId": newest}).encode()

    def publish(self, topic: str, data: bytes) -> list[Notice]:
        """Send a message to every subscription of a topic, as `timing` says."""
        made = [self.notice(s, data) for s in self.subscriptions if s.topic == topic]
        for notice in made:
            match self.timing:
                case Timing.NOW:
                    self._start(notice)
                case Timing.DOUBLED:
                    self._start(notice)
                    self._start(notice)
                case Timing.HELD:
                    self.held.append(notice)
                case Timing.LOST:
                    pass
        return made

    def notice(self, subscription: Subscription, data: bytes) -> Notice:
        """Make a message without sending it."""
        notice = Notice(
            id=str(next(self._ids)),
            subscription=subscription,
            data=data,
            published_at=self._clock.now(),
        )
        self.notices.append(notice)
        return notice

    async def release(self) -> None:
        """Push what was held, newest first: late and in the wrong order."""
        held, self.held = self.held[::-1], []
        for notice in held:
            await self.push(notice)

    async def redeliver(self) -> None:
        """Push again what was answered with anything but an acknowledgement, as Pub/Sub does."""
        await self.settled()
        for notice in self.notices:
            if notice.statuses and not notice.acknowledged:
                await self.push(notice)

    async def settled(self) -> None:
        """Wait until every push that was started is answered."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def push(self, notice: Notice, forgery: Forgery | str | None = None) -> int:
        """Push a message once; return the status of the answer, or 0 when there was none."""
        if self._session is None:
            raise RuntimeError("the server is not open")
        subscription = notice.subscription
        claims = signing.identity_claims(
            subscription.service_account, subscription.audience, now=int(self._wall())
        )
        token = signing.token(claims, forgery)
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        try:
            async with self._session.post(
                subscription.push_to, json=notice.envelope(), headers=headers
            ) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError):
            status = 0
        if forgery is None:
            notice.statuses.append(status)
        return status

    def _start(self, notice: Notice) -> None:
        task = asyncio.get_running_loop().create_task(self.push(notice))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
