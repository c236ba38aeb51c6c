"""How parcels reach the app: signed HTTP requests with Slack's retries, or Socket Mode."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp

from tests.slack.outbox import Outbox, Parcel
from tests.slack.records import Json
from tests.slack.signing import HONEST, Tampering, headers
from tests.slack.socket_mode import Sockets
from tests.slack.workspace import Workspace

RETRY_DELAYS = (0.0, 60.0, 300.0)
"""Seconds until an event is sent again after its first, second and third failure."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One try: `reason` is Slack's word for why it failed, None when it went well."""

    status: int
    body: str
    reason: str | None
    retry_num: int
    final: bool = False

    @property
    def ok(self) -> bool:
        return self.reason is None


@dataclass(kw_only=True, slots=True)
class Delivery:
    """What became of one parcel."""

    parcel: Parcel
    attempts: list[Attempt] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """What Slack finds wrong in the app's answer; the person sees an error."""

    @property
    def ok(self) -> bool:
        return bool(self.attempts) and self.attempts[-1].ok and not self.faults

    @property
    def status(self) -> int:
        return self.attempts[-1].status if self.attempts else 0

    @property
    def text(self) -> str:
        return self.attempts[-1].body if self.attempts else ""

    @property
    def json(self) -> Json:
        """The app's answer as JSON; empty when it is none."""
        try:
            found = json.loads(self.text)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(kw_only=True, slots=True)
class Retry:
    """An event that is to be sent again when the clock says so."""

    due: float
    delivery: Delivery
    number: int
    reason: str


class Post:
    """Sends parcels, keeps what became of them, and misbehaves as Slack does or as it is told."""

    def __init__(self, workspace: Workspace, outbox: Outbox, sockets: Sockets) -> None:
        self.workspace = workspace
        self.outbox = outbox
        self.sockets = sockets
        self.ack_timeout = 3.0
        self.signing_clock: Callable[[], float] = workspace.clock.now
        """When requests are signed; set it to `time.time` where Bolt checks by the wall's clock."""
        self.tampering = HONEST
        """How all requests are forged from now on."""
        self.copies = 1
        """How often each event is sent."""
        self.backwards = False
        """Send what happened at once one by one, the last first."""
        self.retry_at_once = True
        """Send a failed event again without waiting, as Slack's first retry does."""
        self.holding = False
        """Keep events back until `release`."""
        self.held: list[Parcel] = []
        self.retries: list[Retry] = []
        self.deliveries: list[Delivery] = []
        self.lost: list[Parcel] = []
        """What had nowhere to go: no Request URL and no connected client."""
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        """Stop sending."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def flush(self) -> list[Delivery]:
        """Send every event that waits in the outbox."""
        parcels = self.outbox.take()
        if self.holding:
            self.held += parcels
            return []
        return await self.send_all(parcels)

    def flush_soon(self) -> None:
        """Send what waits in the outbox, without waiting for it."""
        if self.outbox.waiting:
            task = asyncio.ensure_future(self.flush())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Wait until nothing is on its way any more."""
        while self._tasks or (self.outbox.waiting and not self.holding):
            self.flush_soon()
            await asyncio.gather(*list(self._tasks), return_exceptions=True)

    async def release(self, order: Iterable[int] | None = None) -> list[Delivery]:
        """Send what was held back one by one, in the given order of indexes; hold no more."""
        self.holding = False
        parcels, self.held = self.held, []
        picked = parcels if order is None else [parcels[index] for index in order]
        return [await self.send(parcel) for parcel in picked]

    async def send_all(self, parcels: list[Parcel]) -> list[Delivery]:
        """Send parcels at the same time, each as often as `copies` says."""
        wanted = [parcel for parcel in parcels for _ in range(self.copies)]
        if self.backwards:
            return [await self.send(parcel) for parcel in reversed(wanted)]
        return list(await asyncio.gather(*(self.send(parcel) for parcel in wanted)))

    async def send(self, parcel: Parcel, tampering: Tampering | None = None) -> Delivery:
        """Send one parcel; a failed event is put on the list of retries."""
        delivery = Delivery(parcel=parcel)
        self.deliveries.append(delivery)
        await self._try(delivery, 0, None, tampering)
        return delivery

    async def resend(self, delivery: Delivery) -> Delivery:
        """Send the same parcel once more, as if the first answer had been lost on the way."""
        again = Delivery(parcel=delivery.parcel)
        self.deliveries.append(again)
        await self._try(again, 1, "http_timeout", None)
        return again

    async def retry_due(self, *, all_: bool = False) -> list[Delivery]:
        """Send again what the clock says is due, or everything that is to be sent again."""
        now = self.workspace.clock.now()
        due = [retry for retry in self.retries if all_ or retry.due <= now]
        self.retries = [retry for retry in self.retries if retry not in due]
        for retry in due:
            await self._try(retry.delivery, retry.number, retry.reason, None)
        return [retry.delivery for retry in due]

    async def _try(
        self, delivery: Delivery, number: int, reason: str | None, tampering: Tampering | None
    ) -> None:
        parcel = delivery.parcel
        url = self._url(parcel.kind)
        over_socket = self._over_socket()
        if not over_socket and url is None:
            self.lost.append(parcel)
            return
        if over_socket:
            acked, answer = await self.sockets.send(
                parcel, self.ack_timeout, number=number, reason=reason or ""
            )
            body = json.dumps(answer) if answer is not None else ""
            attempt = Attempt(
                status=200 if acked else 0,
                body=body,
                reason=None if acked else "timeout",
                retry_num=number,
            )
        else:
            attempt = await self._request(str(url), parcel, number, reason, tampering)
        delivery.attempts.append(attempt)
        failed = attempt.reason is not None and not attempt.final
        if parcel.kind == "event" and failed and number < len(RETRY_DELAYS):
            due = self.workspace.clock.now() + RETRY_DELAYS[number]
            if RETRY_DELAYS[number] == 0 and self.retry_at_once:
                await self._try(delivery, number + 1, attempt.reason, None)
                return
            again = Retry(due=due, delivery=delivery, number=number + 1, reason=str(attempt.reason))
            self.retries.append(again)

    def _over_socket(self) -> bool:
        wanted = self.workspace.app.socket_mode
        return self.sockets.connected > 0 if wanted is None else wanted

    def _url(self, kind: str) -> str | None:
        app = self.workspace.app
        return {
            "event": app.events_url,
            "interaction": app.interactions_url,
            "options": app.options_url or app.interactions_url,
            "command": app.commands_url,
        }[kind]

    async def _request(
        self,
        url: str,
        parcel: Parcel,
        number: int,
        reason: str | None,
        tampering: Tampering | None,
    ) -> Attempt:
        """Send one signed request and judge the answer as Slack does."""
        body, content_type = encode(parcel)
        forged = tampering or self.tampering
        now = self.signing_clock()
        sent = headers(self.workspace.app.signing_secret, now, body, forged)
        sent |= {"Content-Type": content_type, "User-Agent": "Slackbot 1.0 (simulated)"}
        if number > 0:
            sent |= {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason or ""}
        if self._session is None:
            self._session = aiohttp.ClientSession()
        timeout = aiohttp.ClientTimeout(total=self.ack_timeout)
        try:
            async with self._session.post(
                url, data=forged.body or body, headers=sent, timeout=timeout, allow_redirects=False
            ) as response:
                text = await response.text()
                final = response.headers.get("X-Slack-No-Retry") == "1"
                failed = None if 200 <= response.status < 300 else "http_error"
                return Attempt(
                    status=response.status,
                    body=text,
                    reason=failed,
                    retry_num=number,
                    final=final,
                )
        except TimeoutError:
            return Attempt(status=0, body="", reason="http_timeout", retry_num=number)
        except aiohttp.ClientError:
            return Attempt(status=0, body="", reason="connection_failed", retry_num=number)


def encode(parcel: Parcel) -> tuple[bytes, str]:
    """Return a parcel's body and content type as Slack posts them."""
    if parcel.kind == "event":
        return json.dumps(parcel.body).encode(), "application/json"
    form = "application/x-www-form-urlencoded"
    if parcel.kind == "command":
        return urlencode(parcel.body).encode(), form
    return urlencode({"payload": json.dumps(parcel.body)}).encode(), form
