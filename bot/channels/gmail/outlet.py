"""Gmail as a channel of this deployment: its entrances, what runs, and how it does."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence

from aiohttp import web

from bot.channels.gmail.asking import GmailChannel
from bot.channels.gmail.config import GmailConfig
from bot.channels.gmail.consenting import ConsentPages, MayConnect
from bot.channels.gmail.credentials import Keyring
from bot.channels.gmail.mailbox import Mailbox
from bot.channels.gmail.push import PUSH, PushEntrance
from bot.channels.gmail.receiving import CURSOR, EMAIL, MAIL, Receiving, begin_here
from bot.channels.gmail.refusals import NotConnected
from bot.channels.gmail.sending import Sending
from bot.channels.gmail.speaking import GmailSpeaker
from bot.channels.gmail.taking import Taking
from bot.channels.gmail.watching import LOOK_EVERY, OLD, Watching
from bot.domain.errors import HandraiseError
from bot.domain.instants import MINUTE, SECOND, Micros
from bot.service.backlog import Deal
from bot.service.chores import Chore
from bot.service.outlet import Health, Parts
from bot.service.ports.inbox import Received
from bot.service.ports.store import Transaction

__all__ = ["GmailConfig", "GmailOutlet", "OpenedGmail"]

log = logging.getLogger(__name__)

QUIET: Micros = 5 * MINUTE
"""Without a read for so long the mailbox is read though no push says so."""
STALE: Micros = 15 * MINUTE
"""Without a read for so long the channel is degraded."""
START_SECONDS = 5.0
ADDRESS = "gmail.address"


class GmailOutlet:
    """The configured mailbox; `open` begins."""

    name = EMAIL

    def __init__(self, config: GmailConfig, *, may_connect: MayConnect | None = None) -> None:
        self._config = config
        self._opened: OpenedGmail | None = None
        self._push = PushEntrance(config, lambda: self._opened)
        self._consent = ConsentPages(config, lambda: self._opened, may_connect)

    def mount(self, app: web.Application) -> None:
        """Add the entrances."""
        self._push.mount(app)
        self._consent.mount(app)

    async def open(self, parts: Parts) -> OpenedGmail:
        """Begin; without a connected mailbox it is closed, and says so."""
        opened = OpenedGmail(config=self._config, parts=parts)
        await opened.begin()
        self._opened = opened
        return opened


class OpenedGmail:
    """The mailbox at work on this server."""

    def __init__(self, *, config: GmailConfig, parts: Parts) -> None:
        self.parts = parts
        self._config = config
        store, clock = parts.store, parts.clock
        self.keyring = Keyring(config=config, store=store, sealer=parts.sealer, clock=clock)
        self.mailbox = Mailbox(api_url=config.api_url, keyring=self.keyring)
        sending = Sending(mailbox=self.mailbox, store=store, clock=clock)
        self.channel = GmailChannel(sending=sending, public_url=config.public_url)
        self.speaker = GmailSpeaker(
            sending=sending,
            store=store,
            clock=clock,
            cards=parts.cards,
            links=parts.links,
            per_hour=config.per_thread_hour,
            public_url=config.public_url,
        )
        self.stage = None
        self._receiving = Receiving(name=parts.name, mailbox=self.mailbox, store=store, clock=clock)
        self._watching = Watching(
            mailbox=self.mailbox, topic=config.pubsub_topic, store=store, clock=clock
        )
        self._taking = Taking(parts=parts, config=config, mailbox=self.mailbox)
        self._opened_at = clock.now()
        self._trouble = ""
        self._asked_who = False
        self._refused = ""

    @property
    def address(self) -> str:
        """Return the mailbox's address; empty while it is not known."""
        return self.mailbox.address

    @property
    def deals(self) -> Mapping[str, Deal]:
        """Return how mails and pushes are dealt with."""
        return {MAIL: self._taking.deal, PUSH: self._pushed}

    @property
    def chores(self) -> Sequence[Chore]:
        """Return what is done now and then."""
        chores = [
            Chore(name="gmail.poll", every=self._config.poll_seconds * SECOND, run=self._poll)
        ]
        if self._config.pubsub_topic:
            chores.append(Chore(name="gmail.watch", every=LOOK_EVERY, run=self._watch))
        return chores

    async def begin(self) -> None:
        """Find out who we are, as far as that can be done now."""
        known = await self.parts.store.read(lambda tx: tx.marks.get(ADDRESS)) or ""
        self.mailbox.address = self._config.address or known
        try:
            # The agent does not wait for Google: whoever reads the mailbox first asks again.
            async with asyncio.timeout(START_SECONDS):
                await self._connected()
        except HandraiseError as refusal:
            log.warning("the mailbox cannot be reached: %s", refusal.code)
        except TimeoutError:
            log.warning("the mailbox cannot be reached: timed out")

    def health(self) -> Health:
        """Tell how the mailbox does."""
        now = self.parts.clock.now()
        details = {"address": self.mailbox.address}
        last = self._receiving.last
        if last is not None:
            details["read_age_seconds"] = str((now - last) // SECOND)
        watched = self._watching.age(now)
        if watched is not None:
            details["watch_age_seconds"] = str(watched // SECOND)
        state, reason = "ready", ""
        if self.keyring.closed:
            state, reason = "closed", self.keyring.closed
        elif self._trouble:
            state, reason = "degraded", self._trouble
        elif now - (last or self._opened_at) > STALE:
            state = "degraded"
            reason = f"The mailbox could not be read for a while. {self._refused}".strip()
        elif (
            self._config.pubsub_topic
            and now - self._opened_at > OLD
            and (watched is None or watched > OLD)
        ):
            state, reason = (
                "degraded",
                (
                    "Gmail's watch could not be renewed for two days: check GMAIL_PUBSUB_TOPIC and "
                    "that Gmail may publish to it. Mail is still read, every few minutes."
                ),
            )
        return Health(state=state, reason=reason, details=details)

    async def close(self) -> None:
        """Stop."""
        self.mailbox.close()

    async def connect_again(self) -> None:
        """Take credentials that have just been kept into use."""
        self.mailbox.address = self._config.address
        await self._connected(anew=True)

    async def _connected(self, *, anew: bool = False) -> None:
        """Make sure that there are credentials and that the address is known."""
        if self.keyring.closed or anew:
            await self.keyring.load()
        if self.keyring.closed:
            raise NotConnected(self.keyring.closed)
        if self._asked_who and not anew:
            return
        # Google may not answer now: what comes until it does is not lost.
        await self.parts.store.run(begin_here, self.parts.clock.now())
        profile = await self.mailbox.profile()
        wanted = self._config.address
        if wanted and wanted.casefold() != profile.address.casefold():
            self._trouble = (
                f"The connected mailbox is {profile.address}, but GMAIL_ADDRESS says {wanted}: "
                "correct it, or connect that mailbox."
            )
        else:
            self._trouble = ""
        self.mailbox.address = profile.address
        self._asked_who = True
        now = self.parts.clock.now()
        await self.parts.store.run(_remember, profile.address, now)

    async def _poll(self) -> None:
        """Read the mailbox, unless pushes do that."""
        last = self._receiving.last
        pushed = bool(self._config.pubsub_topic)
        if pushed and last is not None and self.parts.clock.now() - last < QUIET:
            return
        try:
            await self._connected()
            await self._receiving.read()
        except HandraiseError as refusal:
            self._refused = refusal.message
            raise
        self._refused = ""

    async def _watch(self) -> None:
        await self._connected()
        await self._watching.renew()

    async def _pushed(self, received: Received) -> None:
        """Read the mailbox for a push, unless it was read that far already."""
        await self._connected()
        told = str(json.loads(received.payload).get("history_id", ""))
        cursor = await self.parts.store.read(lambda tx: tx.marks.get(CURSOR))
        if told.isdecimal() and cursor is not None and int(cursor) >= int(told):
            return
        await self._receiving.read()


def _remember(tx: Transaction, address: str, now: Micros) -> None:
    """Keep whose mailbox it is; another one's cursor says nothing of this one."""
    before = tx.marks.get(ADDRESS)
    if before == address:
        return
    if before is not None:
        for name in ("gmail.cursor", "gmail.seen", "gmail.watched"):
            tx.marks.drop(name)
        begin_here(tx, now)
    tx.marks.put(ADDRESS, address, now)
