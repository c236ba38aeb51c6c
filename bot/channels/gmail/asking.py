"""Questions by mail: one thread for each person and question, in which little more is ever said.

A mail cannot be repainted: it asks, reminds when others are reminded, and tells the end. What else
changes on a card, such as who is on it, is no reason to write to anybody.
"""

from __future__ import annotations

from bot.channels.gmail import composing, wording
from bot.channels.gmail.composing import Body
from bot.channels.gmail.letters import Letter
from bot.channels.gmail.sending import Landed, Sending
from bot.channels.gmail.threads import Shown, Thread, read_shown
from bot.domain.card import Card
from bot.domain.errors import HandraiseError
from bot.domain.feedback import FeedbackRequest, Part
from bot.domain.surface import Surface
from bot.service.ports.channel import Delivery, Fate

EMAIL = "email"


class GmailChannel:
    """Implements the port `Channel`."""

    name = EMAIL

    def __init__(self, *, sending: Sending, public_url: str) -> None:
        self._sending = sending
        self._public_url = public_url

    async def deliver(
        self, surface: Surface, request: FeedbackRequest, card: Card | None
    ) -> Delivery:
        """Bring a question's thread up to date."""
        if card is None:
            return Delivery(fate=Fate.FAILED, detail="nothing to show")
        shown = read_shown(surface.landed)
        uncertain = surface.attempts - 1 > surface.failures
        if shown is None and uncertain and not request.is_open:
            return await self._end_what_may_be_there(surface, card)
        if shown is None:
            if not request.is_open:
                return Delivery(fate=Fate.PARKED, detail="settled before it was sent")
            body = composing.question(card, self._url(card))
            return await self._write(surface, card, "", body, Shown(thread=Thread()), uncertain)
        if not request.is_open:
            if shown.settled:
                return _as_it_is(surface)
            body = composing.settled(card, card.url)
            ended = Shown(thread=shown.thread, settled=True, reminders=shown.reminders)
            return await self._write(surface, card, ".end", body, ended, uncertain)
        refusal = await self._sending.refusal(surface.address)
        if refusal:
            return Delivery(fate=Fate.FAILED, detail=refusal)
        wanted = request.reminders_done
        if wanted > shown.reminders and card.part is Part.DECIDER and card.own is None:
            body = composing.reminder(card, self._url(card))
            after = Shown(thread=shown.thread, reminders=wanted)
            return await self._write(surface, card, f".r{wanted}", body, after, uncertain)
        return _as_it_is(surface)

    async def _write(
        self,
        surface: Surface,
        card: Card,
        suffix: str,
        body: Body,
        after: Shown,
        uncertain: bool,
    ) -> Delivery:
        letter = Letter(
            to=((surface.address, card.reader),),
            subject=wording.subject(card),
            own_id=self._sending.own_id(f"q.{surface.id}{suffix}"),
            text=body.text,
            html=body.html,
            thread=after.thread,
            tag=f"r.{card.reply}" if card.reply else "",
        )
        sent = await self._sending.send(letter, may_be_there=uncertain, since=card.request.asked_at)
        if isinstance(sent, Delivery):
            return sent
        return _shown(sent, after)

    async def _end_what_may_be_there(self, surface: Surface, card: Card) -> Delivery:
        """Tell the end of a question whose mail may have been sent, where it was."""
        own_id = self._sending.own_id(f"q.{surface.id}")
        try:
            found = await self._sending.find(own_id, surface.address, card.request.asked_at)
        except HandraiseError as refusal:
            return Delivery(fate=Fate.UNKNOWN, detail=refusal.message)
        if found is None:
            return Delivery(fate=Fate.PARKED, detail="settled before it was sent")
        thread = Thread(subject=wording.subject(card)).after(
            found.message_id or own_id, thread_id=found.thread
        )
        body = composing.settled(card, card.url)
        after = Shown(thread=thread, settled=True)
        return await self._write(surface, card, ".end", body, after, uncertain=True)

    def _url(self, card: Card) -> str:
        return f"{self._public_url}/f/{card.link}" if card.link else card.url


def _shown(sent: Landed, after: Shown) -> Delivery:
    landed = Shown(thread=sent.thread, settled=after.settled, reminders=after.reminders)
    return Delivery(fate=Fate.SHOWN, landed=landed.to_json(), spots=sent.spots)


def _as_it_is(surface: Surface) -> Delivery:
    return Delivery(fate=Fate.SHOWN, detail="nothing to write", landed=surface.landed)
