"""What the agent says by mail: a session's words in its thread, and notices to one person."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bot.channels.gmail import composing
from bot.channels.gmail.composing import Body
from bot.channels.gmail.letters import Letter
from bot.channels.gmail.opened import place_opened_by
from bot.channels.gmail.sending import Landed, Sending
from bot.channels.gmail.threads import Head, Thread, read_head, read_thread
from bot.domain.card import Card
from bot.domain.feedback import Part
from bot.domain.instants import HOUR
from bot.domain.place import key_of
from bot.domain.post import Post, PostKind
from bot.domain.text import shortened
from bot.service.cards import Cards
from bot.service.links import Links, Purpose
from bot.service.ports.channel import Delivery, Fate, Saying
from bot.service.ports.clock import Clock
from bot.service.ports.store import Store, Transaction


@dataclass(frozen=True, kw_only=True, slots=True)
class Again:
    """A question shown once more in a notice, with the reader's own tokens."""

    card: Card
    link: str
    reply: str


class GmailSpeaker:
    """Implements the port `Speaker`."""

    def __init__(
        self,
        *,
        sending: Sending,
        store: Store,
        clock: Clock,
        cards: Cards,
        links: Links,
        per_hour: int,
        public_url: str,
    ) -> None:
        self._sending = sending
        self._store = store
        self._clock = clock
        self._cards = cards
        self._links = links
        self._per_hour = per_hour
        self._public_url = public_url

    async def say(self, post: Post, saying: Saying) -> Delivery:
        """Say it; over the hour's number of mails in one thread an answer to a mail waits."""
        body = _object(post.body)
        if post.kind is PostKind.NOTICE and ("spot" not in body or "ahead" in body):
            return await self._notice(post, saying, body)
        if post.kind is PostKind.OPENING:
            return await self._opening(post, saying, str(body.get("to", "")))
        since = self._clock.now() - HOUR
        if await self._store.read(lambda tx: tx.posts.sent_to(post.place, since)) >= self._per_hour:
            # Two machines that answer each other would else never end.
            return Delivery(fate=Fate.PARKED, detail="enough mails here for one hour")
        if post.kind is PostKind.NOTICE:
            return await self._notice(post, saying, body)
        return await self._message(post, saying)

    async def _message(self, post: Post, saying: Saying) -> Delivery:
        head = read_head(saying.head)
        if not head.people:
            return Delivery(fate=Fate.FAILED, detail="nobody is left in this thread")
        letter = Letter(
            to=head.people,
            subject=saying.session_title or "Handraise",
            own_id=self._sending.own_id(f"p.{post.id}"),
            text="",
            html="",
            thread=head.thread,
            tag=f"s.{key_of(post.place)}",
        )
        sent = await self._sent(post, letter, composing.spoken(saying.text, saying.url))
        if isinstance(sent, Delivery):
            return sent
        return replace(_shown(sent), head=await self._head_after(post, sent))

    async def _opening(self, post: Post, saying: Saying, to: str) -> Delivery:
        """Begin a session's thread with its owner; replies there are addressed to the session."""
        place = place_opened_by(post.id)
        letter = Letter(
            to=((to, saying.reader),),
            subject=saying.session_title or "Handraise",
            own_id=self._sending.own_id(f"p.{post.id}"),
            text="",
            html="",
            tag=f"s.{key_of(place)}",
        )
        sent = await self._sent(post, letter, composing.opened(saying.text, saying.url))
        if isinstance(sent, Delivery):
            return sent
        head = Head(thread=sent.thread, people=letter.to)
        return replace(_shown(sent), place=place, head=head.to_json())

    async def _notice(self, post: Post, saying: Saying, body: dict[str, Any]) -> Delivery:
        to = str(body.get("to", ""))
        spot = body.get("spot")
        thread = read_thread(spot) if isinstance(spot, str) else Thread()
        words = composing.notice(saying.text, saying.url)
        tag = ""
        request_id, person_id = body.get("request_id"), post.person_id
        if isinstance(request_id, str) and person_id is not None:
            again = await self._store.run(
                partial(self._again, request_id=request_id, person_id=person_id, address=to)
            )
            if again is not None:
                url = f"{self._public_url}/f/{again.link}"
                words = composing.question(again.card, url, lead=saying.text)
                tag = f"r.{again.reply}"
        letter = Letter(
            to=((to, saying.reader),),
            subject=_first_line(saying.text),
            own_id=self._sending.own_id(f"p.{post.id}"),
            text="",
            html="",
            thread=thread,
            tag=tag,
        )
        sent = await self._sent(post, letter, words)
        return sent if isinstance(sent, Delivery) else _shown(sent)

    def _again(
        self, tx: Transaction, request_id: str, person_id: str, address: str
    ) -> Again | None:
        """Return the question that a notice is about, while its reader can still answer it."""
        request = tx.requests.get(request_id)
        if request is None or not request.is_open:
            return None
        card = self._cards.card_for(tx, request, person_id, self._clock.now())
        if card.part is not Part.DECIDER:
            return None
        offer = partial(self._links.offer, tx, request, card.reader_id, address, self._clock.now())
        return Again(card=card, link=offer(Purpose.CLICK), reply=offer(Purpose.REPLY))

    async def _sent(self, post: Post, letter: Letter, words: Body) -> Landed | Delivery:
        """Send a letter with these words, or find that it was sent; a `Delivery` says why not."""
        complete = replace(letter, text=words.text, html=words.html)
        sent = await self._sending.send(
            complete, may_be_there=post.may_be_there, since=post.created_at
        )
        if isinstance(sent, Delivery) and sent.detail == "the mailbox is not connected":
            return Delivery(fate=Fate.PARKED, detail=sent.detail)
        return sent

    async def _head_after(self, post: Post, sent: Landed) -> str:
        """Return a place's head with our mail in it, and what came in while it was sent."""
        binding = await self._store.read(lambda tx: tx.bindings.find(post.place))
        now = read_head(binding.head if binding else None)
        thread = now.thread if now.thread.references else sent.thread
        newest = sent.thread.references[-1:]
        return Head(
            thread=thread.after(*newest, thread_id=sent.thread.id), people=now.people
        ).to_json()


def _shown(sent: Landed) -> Delivery:
    return Delivery(fate=Fate.SHOWN, landed=sent.thread.id, spots=sent.spots)


def _first_line(text: str) -> str:
    return shortened(text.strip().partition("\n")[0], 120) or "Handraise"


def _object(text: str) -> dict[str, Any]:
    found = json.loads(text or "{}")
    return found if isinstance(found, dict) else {}
