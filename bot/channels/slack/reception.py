"""Takes what comes through the door: clicks are decided at once, messages are kept in the inbox.

What a message means is found out from there, right after it was acknowledged and in the order of
its thread.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.channels.slack.acting import Acting
from bot.channels.slack.addresses import SLACK
from bot.channels.slack.asides import Asides, Spot
from bot.channels.slack.changing import Changing
from bot.channels.slack.commanding import LATER, Commanding
from bot.channels.slack.facts import (
    AssistantOpened,
    Clicked,
    Commanded,
    Deleted,
    Edited,
    Fact,
    Gone,
    Heard,
    HomeOpened,
    Ignored,
    Pointed,
    Profile,
    Stopped,
    Submitted,
)
from bot.channels.slack.greeting import greet
from bot.channels.slack.hearing import SOON, Hearing, may_concern
from bot.channels.slack.homes import Homes
from bot.channels.slack.installation import Installation
from bot.channels.slack.installations import Installations
from bot.channels.slack.pointing import SHORTCUT, Pointing
from bot.channels.slack.pointing import is_ours as is_asking
from bot.channels.slack.roster import Barred, Roster, UnknownUser
from bot.channels.slack.stopping import Stopping
from bot.channels.slack.submitting import Ack, Submitting
from bot.channels.slack.translate import translate
from bot.domain.errors import RateLimited
from bot.domain.instants import MINUTE, SECOND, Micros
from bot.service.outlet import Parts
from bot.service.ports.inbox import Received
from bot.service.ports.store import Topic, Transaction
from bot.service.rooms import ROOM

log = logging.getLogger(__name__)

EVENT = "slack.event"
"""The kind of what waits in the inbox to be dealt with as if it came just now."""
MESSAGE = "slack.message"
"""The kind of what was said, changed or deleted: dealt with in the order of its thread."""
_REMEMBERED = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Reception:
    """Each method returns once what it took is stored; it raises what leaves nothing stored."""

    parts: Parts
    installations: Installations
    roster: Roster
    asides: Asides
    homes: Homes
    hearing: Hearing
    changing: Changing
    acting: Acting
    submitting: Submitting
    commanding: Commanding
    pointing: Pointing
    stopping: Stopping
    _told_to_wait: dict[tuple[str, str], Micros] = field(default_factory=dict)

    async def event(self, fact: Fact | Ignored, body: Mapping[str, Any], us: Installation) -> None:
        """Take what happened in a workspace."""
        if isinstance(fact, Ignored):
            return
        if isinstance(fact, Gone):
            # Slack is asked whether it is so before a team is closed: that is not for now.
            await self._keep(fact, body)
        elif isinstance(fact, Heard | Edited | Deleted):
            if not isinstance(fact, Heard) or may_concern(fact):
                await self._keep(fact, body, kind=MESSAGE)
        else:
            await self._take(fact, body, us)

    async def interaction(
        self, fact: Fact | Ignored, body: Mapping[str, Any], us: Installation
    ) -> Ack:
        """Take a click, a modal or a shortcut; return what Slack is answered with."""
        try:
            if isinstance(fact, Submitted):
                return await self._submitted(fact, body)
            if not isinstance(fact, Ignored):
                await self._take(fact, body, us)
        except UnknownUser as unknown:  # a modal cannot wait: it is answered now, or never
            await self.roster.meet(unknown.team, unknown.user)
            return await self._submitted(fact, body) if isinstance(fact, Submitted) else None
        return None

    async def _submitted(self, submitted: Submitted, body: Mapping[str, Any]) -> Ack:
        if not is_asking(submitted):
            return await self.submitting.submit(submitted)
        wrong = await self.pointing.check(submitted)
        if wrong is None:
            await self._keep(submitted, body)
        return wrong

    async def command(self, fact: Fact | Ignored, body: Mapping[str, Any]) -> str:
        """Take a slash command; return what the one who typed it sees."""
        if not isinstance(fact, Commanded):
            return ""
        if self.commanding.is_ask(fact):
            await self._keep(fact, body)
            return LATER
        try:
            return await self.commanding.answer(fact)
        except UnknownUser as unknown:
            await self.roster.meet(unknown.team, unknown.user)
            return await self.commanding.answer(fact)

    async def deal(self, received: Received) -> None:
        """Deal with what was kept; safe to repeat."""
        body = json.loads(received.payload)
        team = received.key.split(":")[1]
        us = await self.installations.find(team)
        if us is None:
            return  # its team is gone, and with it whoever could be answered
        fact = translate(body, bot=us.bot_user)
        if isinstance(fact, Ignored):
            return
        again = self.parts.clock.now() - received.received_at >= SOON
        try:
            try:
                await self._process(fact, us, again=again)
            except UnknownUser as unknown:
                await self.roster.meet(unknown.team, unknown.user)
                await self._process(fact, us, again=again)
        except RateLimited as limited:
            if received.last_error != limited.code:  # else they were told
                self._say_wait(fact, limited)
            raise

    async def _take(self, fact: Fact, body: Mapping[str, Any], us: Installation) -> None:
        """Deal with something now; what cannot be dealt with now is kept."""
        try:
            await self._process(fact, us, again=False)
        except UnknownUser:
            await self._keep(fact, body)
        except RateLimited as limited:
            await self._keep(fact, body, due_in=limited.retry_after * SECOND)

    async def _process(self, fact: Fact, us: Installation, *, again: bool) -> None:
        match fact:
            case Heard():
                await self.hearing.hear(fact, us, again=again)
            case Clicked():
                await self.acting.click(fact)
            case Edited():
                await self.changing.edited(fact, us)
            case Deleted():
                await self.changing.deleted(fact, us)
            case HomeOpened():
                await self._home(fact)
            case AssistantOpened():
                self.asides.start(greet(self.roster.calls, fact))
            case Profile():
                await self.roster.note(fact)
            case Stopped():
                await self.stopping.stop(fact)
            case Pointed() if fact.callback_id == SHORTCUT:
                await self.pointing.point(fact)
            case Commanded():
                await self.commanding.ask(fact)
            case Submitted():
                await self.pointing.begin(fact)
            case Gone():
                await self._gone(fact)

    async def _home(self, opened: HomeOpened) -> None:
        if opened.tab != "home":
            return
        whose = (opened.team, opened.user, opened.team)
        try:
            person = await self.parts.store.read(self.roster.known, *whose)
            if person is None:
                now = self.parts.clock.now()
                person = await self.parts.store.run(self.roster.met, *whose, now)
        except Barred:
            return
        self.homes.renew(opened.team, opened.user, person.id)

    async def _gone(self, gone: Gone) -> None:
        if not gone.bot:
            return
        await self.installations.gone(gone.team, gone.reason)
        if await self.installations.find(gone.team) is None:
            await self.parts.store.run(_forget, gone.team)

    async def _keep(
        self, fact: Fact, body: Mapping[str, Any], *, kind: str = EVENT, due_in: Micros = 0
    ) -> None:
        now = self.parts.clock.now()
        received = Received(
            key=fact.key,
            kind=kind,
            payload=json.dumps(body),
            due_at=now + due_in,
            received_at=now,
        )
        await self.parts.store.run(_add, received)

    def _say_wait(self, fact: Fact, limited: RateLimited) -> None:
        """Tell somebody once a minute that their words wait; clicks are told by themselves."""
        match fact:
            case Heard():
                now, who = self.parts.clock.now(), (fact.team, fact.user)
                if now < self._told_to_wait.get(who, 0):
                    return
                if len(self._told_to_wait) >= _REMEMBERED:
                    self._told_to_wait.clear()
                self._told_to_wait[who] = now + MINUTE
                at = Spot(
                    team=fact.team, user=fact.user, channel=fact.channel, thread=fact.thread_ts
                )
                self.asides.tell(
                    at,
                    "That is a lot at once. What you send is kept, and I take it as soon as I "
                    f"can, in {limited.retry_after} s or a little later: you need not send it "
                    "again.",
                )


def _forget(tx: Transaction, team: str) -> None:
    """Forget whom and what a team consists of."""
    tx.directory.drop(SLACK, f"{team}/")
    tx.directory.drop(ROOM, f"{team}/")


def _add(tx: Transaction, received: Received) -> None:
    if tx.inbox.add(received):
        tx.announce(Topic.INBOX, received.kind)
