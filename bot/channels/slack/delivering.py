"""Questions shown in Slack: posted once, repainted in place, found again, reminded of."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.channels.slack.addresses import (
    SLACK,
    Landed,
    NoAddress,
    Person,
    Room,
    address,
    permalink,
    place_room,
    read_landed,
)
from bot.channels.slack.calls import Calls
from bot.channels.slack.cards import EVENT_TYPE, card_message
from bot.channels.slack.landing import Landing, Words
from bot.channels.slack.pacing import Rank
from bot.channels.slack.refusals import Refused
from bot.channels.slack.reminding import REMINDED, reminder
from bot.channels.slack.roster import GONE
from bot.domain.card import Card
from bot.domain.errors import HandraiseError
from bot.domain.feedback import FeedbackRequest, Part, State
from bot.domain.surface import SETTLING_PRIORITY, Surface
from bot.service.ports.channel import Delivery, Fate
from bot.service.ports.store import Store, Transaction

log = logging.getLogger(__name__)

_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})


_LEFT = "the person's account at Slack is deactivated"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Task:
    """One attempt: whom to show what."""

    surface: Surface
    request: FeedbackRequest
    card: Card
    to: Person | Room
    words: Words
    rank: Rank
    reminders: int


class SlackChannel:
    """Implements the port `Channel`."""

    name = SLACK

    def __init__(self, *, calls: Calls, landing: Landing, store: Store) -> None:
        self._calls = calls
        self._landing = landing
        self._store = store

    async def deliver(
        self, surface: Surface, request: FeedbackRequest, card: Card | None
    ) -> Delivery:
        """Show a question as it stands; later versions change the message it is in."""
        if card is None:
            return Delivery(fate=Fate.FAILED, detail="there is no card for Slack")
        try:
            if request.is_open and await self._store.read(_has_left, surface.address):
                return Delivery(fate=Fate.FAILED, detail=_LEFT)
            task = await self._task(surface, request, card)
            landed = read_landed(surface.landed)
            if landed is not None:
                return await self._repaint(task, landed)
            if surface.may_be_there:
                found = await self._find(task)
                if found is not None:
                    return await self._repaint(task, found)
                if not request.is_open:
                    return Delivery(fate=Fate.PARKED, detail="settled before it arrived")
            return await self._post(task)
        except NoAddress:
            return Delivery(fate=Fate.FAILED, detail="that is no address in Slack")
        except Refused as refused:
            return refused.delivery()
        except HandraiseError as error:
            # The database is asked only before anything is sent.
            return Delivery(fate=Fate.RETRY, detail=error.code)

    async def _task(self, surface: Surface, request: FeedbackRequest, card: Card) -> _Task:
        to = address(surface.address)
        shown = card_message(
            card,
            surface_id=surface.id,
            thread_url=await self._thread_url(card, to.team),
            in_channel=isinstance(to, Room),
            reopenable=_reopenable(card),
        )
        is_decision = surface.priority <= SETTLING_PRIORITY or not request.is_open
        return _Task(
            surface=surface,
            request=request,
            card=card,
            to=to,
            words=Words(text=shown.text, blocks=shown.blocks, metadata=shown.metadata),
            rank=Rank.DECISION if is_decision else Rank.WORDS,
            reminders=await self._reminders(request),
        )

    async def _thread_url(self, card: Card, team: str) -> str | None:
        """Return where it was asked, for those who may go there."""
        if card.place is None:
            return None
        try:
            asked = place_room(card.place)
        except NoAddress:
            return None
        if asked.team != team or asked.thread is None:
            return None
        if asked.channel.startswith("D") and not card.is_asker:
            return None  # the asker's direct messages are theirs
        installation = await self._calls.team(team)
        return permalink(installation.url, asked.channel, asked.thread)

    async def _reminders(self, request: FeedbackRequest) -> int:
        """Return how often people were reminded of it, by time or by its asker."""
        if request.version <= 1 or not request.is_open:
            return 0
        entries = await self._store.read(lambda tx: tx.journal.of_request(request.id))
        return sum(entry.kind == REMINDED for entry in entries)

    async def _post(self, task: _Task) -> Delivery:
        landed = await self._landing.post_to(task.to, task.words, task.rank)
        return _shown(replace(landed, reminders=task.reminders))

    async def _find(self, task: _Task) -> Landed | None:
        room = task.to if isinstance(task.to, Room) else await self._landing.room_of(task.to)
        wanted: Mapping[str, str] = {"surface_id": task.surface.id}
        try:
            found = await self._landing.find(room, EVENT_TYPE, wanted, task.request.asked_at)
        except Refused as refused:
            if refused.fate is not Fate.FAILED:
                raise
            # What cannot be read cannot be told apart: twice is better than never.
            log.warning("slack's history cannot be read: %s", refused.code)
            return None
        return found.get(0)

    async def _repaint(self, task: _Task, landed: Landed) -> Delivery:
        try:
            await self._landing.change(landed, task.words, task.rank)
        except Refused as refused:
            if refused.code not in _GONE:
                raise
            if not task.request.is_open:
                return Delivery(fate=Fate.SHOWN, detail="its message was deleted")
            return await self._post(task)
        if task.reminders > landed.reminders and _is_waited_for(task.card):
            return await self._remind(task, landed)
        return _shown(replace(landed, reminders=max(task.reminders, landed.reminders)))

    async def _remind(self, task: _Task, landed: Landed) -> Delivery:
        """Say under the card that it waits: a message that is changed notifies nobody."""
        done = replace(landed, reminders=task.reminders)
        installation = await self._calls.team(landed.team)
        link = permalink(installation.url, landed.channel, landed.ts)
        words = reminder(task.card, task.surface.id, task.reminders, link)
        room = Room(team=landed.team, channel=landed.channel)
        if isinstance(task.to, Room):
            # Many read it there: under the card, or in the thread that the card is in.
            room = replace(room, thread=task.to.thread or landed.ts)
        try:
            ping = await self._landing.post(room, words)
        except Refused as refused:
            if refused.fate is Fate.RETRY:
                raise
            # Perhaps it is there, or never can be; the card itself is as it should be.
            return replace(_shown(done), detail=f"reminder: {refused.sentence}")
        return replace(_shown(done), spots=(done.spot, ping.spot))


def _has_left(tx: Transaction, address: str) -> bool:
    """Tell whether an address is of somebody who has left: Slack changes their messages still."""
    listed = tx.directory.get(SLACK, address)
    return listed is not None and listed.why_not == GONE


def _shown(landed: Landed) -> Delivery:
    return Delivery(fate=Fate.SHOWN, landed=landed.write(), spots=(landed.spot,))


def _is_waited_for(card: Card) -> bool:
    return card.request.is_open and card.part is Part.DECIDER and card.own is None


def _reopenable(card: Card) -> frozenset[str]:
    """Return the late answers that the asker may let decide: those that were sent in time."""
    if card.request.state is not State.EXPIRED or not card.is_asker:
        return frozenset()
    return frozenset(said.response_id for said in card.late if said.in_time)
