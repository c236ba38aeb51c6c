"""What the agent says in Slack: a session's messages in its thread, and words to one person."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.channels.slack import caps, mrkdwn
from bot.channels.slack.addresses import (
    SLACK,
    Landed,
    NoAddress,
    Person,
    Room,
    address,
    place_room,
    read_landed,
    room,
)
from bot.channels.slack.blocks import Block, context, link_button, plain_section, section
from bot.channels.slack.escaping import cut, cut_escaped, escape
from bot.channels.slack.landing import Landing, Words
from bot.channels.slack.refusals import Refused
from bot.domain.errors import HandraiseError
from bot.domain.place import key_of, place_of
from bot.domain.planning import Role
from bot.domain.post import Post, PostKind
from bot.service.ports.channel import Delivery, Fate, Saying

log = logging.getLogger(__name__)

EVENT_TYPE = "handraise_post"
"""Of the metadata by which a message of a session is recognised."""
MAX_PIECES = 10
"""Messages that one text may become; the rest is read on the page."""
_REMEMBERED = 1_024
_NOT_THERE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
_NO_THREAD = frozenset({"thread_not_found", "cannot_reply_to_message", "message_not_found"})


@dataclass(kw_only=True, slots=True)
class _Said:
    """The pieces of a post that are known to be there."""

    pieces: dict[int, Landed] = field(default_factory=dict)
    unsure: bool = False
    """Whether one more may be."""


class SlackSpeaker:
    """Implements the port `Speaker`."""

    def __init__(self, *, landing: Landing) -> None:
        self._landing = landing
        self._said: dict[str, _Said] = {}

    async def say(self, post: Post, saying: Saying) -> Delivery:
        """Say a post, long ones in several messages; what is there already is not said again."""
        said = self._said.pop(post.id, None)
        if said is None:
            # Another server, or one that stopped since, may have said some of it.
            said = _Said(unsure=post.may_be_there)
        try:
            delivery = await self._say(post, saying, said)
        except NoAddress:
            return Delivery(fate=Fate.FAILED, detail="that is no place in Slack")
        except Refused as refused:
            said.unsure = said.unsure or refused.fate is Fate.UNKNOWN
            delivery = refused.delivery()
        except HandraiseError as error:
            delivery = Delivery(fate=Fate.RETRY, detail=error.code)
        except asyncio.CancelledError:
            # The courier's patience is over in the middle of a call.
            said.unsure = True
            self._remember(post.id, said)
            raise
        if delivery.fate in (Fate.RETRY, Fate.UNKNOWN):
            self._remember(post.id, said)
            if said.pieces:
                # Something is there: another server must look before it says it again.
                delivery = replace(delivery, fate=Fate.UNKNOWN)
        return delivery

    async def _say(self, post: Post, saying: Saying, said: _Said) -> Delivery:
        to, person = self._target(post, saying)
        written = _written(saying) if post.kind is not PostKind.OPENING else _plain(saying)
        if post.kind is PostKind.OPENING:
            _lead_to_page(written, saying, "Open its page")
        if said.unsure:
            await self._look(to, post, said, len(written))
        preview = read_landed(saying.preview)
        for piece, (text, blocks) in enumerate(written):
            if piece in said.pieces:
                continue
            words = Words(text=text, blocks=blocks, metadata=_metadata(post, piece))
            try:
                landed = await self._put(to, words, preview if piece == 0 else None)
            except Refused as refused:
                if person is None or to == person or refused.code not in _NO_THREAD:
                    raise
                # The card is gone from under which it would be said.
                to = person
                landed = await self._put(to, words, None)
            said.pieces[piece] = landed
        if preview is not None and 0 in said.pieces and said.pieces[0].ts != preview.ts:
            await self._discard(preview)
        stands = [said.pieces[piece] for piece in sorted(said.pieces)]
        if not stands:
            return Delivery(fate=Fate.SHOWN, detail="there was nothing to say")
        delivery = Delivery(
            fate=Fate.SHOWN,
            landed=stands[0].write(),
            spots=tuple(one.spot for one in stands),
        )
        if post.kind is not PostKind.OPENING:
            return delivery
        await self._landing.entitle(stands[0], saying.session_title)
        url = await self._landing.url_of(stands[0])
        place = place_of(SLACK, stands[0].spot)
        return replace(delivery, place=place, head=json.dumps({"url": url} if url else {}))

    def _target(self, post: Post, saying: Saying) -> tuple[Person | Room, Person | Room | None]:
        """Return where it is said, and of a notice to whom where that cannot be.

        A session's message in its thread, a notice in a card's thread or to its person, the
        first word at a new place to its owner.
        """
        if post.kind is PostKind.MESSAGE:
            return place_room(post.place), None
        body = json.loads(saying.head or "{}")
        person = address(str(body.get("to") or key_of(post.place)))
        where = body.get("spot")
        if isinstance(where, str):
            with contextlib.suppress(NoAddress):  # of another channel: then to the person
                return room(where), person
        return person, person

    async def _put(self, to: Person | Room, words: Words, preview: Landed | None) -> Landed:
        """Say one piece: in the preview's place, if there is one."""
        if preview is not None:
            try:
                await self._landing.change(preview, words)
            except Refused as refused:
                if refused.code not in _NOT_THERE:
                    raise
            else:
                return preview
        return await self._landing.post_to(to, words)

    async def _look(self, to: Person | Room, post: Post, said: _Said, pieces: int) -> None:
        """Find what an earlier attempt left, before anything is said again."""
        where = to if isinstance(to, Room) else await self._landing.room_of(to)
        try:
            found = await self._landing.find(
                where, EVENT_TYPE, {"post_id": post.id}, post.created_at, pieces=pieces
            )
        except Refused as refused:
            if refused.fate is not Fate.FAILED:
                raise
            log.warning("slack's history cannot be read: %s", refused.code)
            found = {}
        said.pieces = {**found, **said.pieces}
        said.unsure = False

    async def _discard(self, preview: Landed) -> None:
        """Take a preview away whose message stands elsewhere."""
        try:
            await self._landing.delete(preview)
        except Refused as refused:
            log.info("a preview stays behind: %s", refused.code)

    def _remember(self, post_id: str, said: _Said) -> None:
        self._said[post_id] = said
        while len(self._said) > _REMEMBERED:
            del self._said[next(iter(self._said))]


def _metadata(post: Post, piece: int) -> Mapping[str, Any]:
    return {
        "event_type": EVENT_TYPE,
        "event_payload": {"post_id": post.id, "piece": piece},
    }


def _written(saying: Saying) -> Sequence[tuple[str, list[Block]]]:
    """Return the messages that a text becomes, each with its words for notifications."""
    pieces = mrkdwn.messages(saying.text, caps.PIECE)
    written: list[tuple[str, list[Block]]] = []
    for piece in pieces[:MAX_PIECES]:
        small = saying.role is Role.SYSTEM and caps.size(piece) <= caps.CONTEXT
        block = context([piece]) if small else section(piece)
        written.append((cut_escaped(piece, caps.FALLBACK), [block]))
    if len(pieces) > MAX_PIECES and written:
        _lead_to_page(written, saying, "Read all of it on its page")
    return written


def _plain(saying: Saying) -> Sequence[tuple[str, list[Block]]]:
    """Return the message of words in which no sign is markup."""
    return [(escape(cut(saying.text, caps.PIECE)), [plain_section(saying.text)])]


def _lead_to_page(written: Sequence[tuple[str, list[Block]]], saying: Saying, words: str) -> None:
    """Put a button below the last message that opens the page."""
    button = link_button(words, saying.url)
    if button is not None and written:
        written[-1][1].append({"type": "actions", "elements": [button]})
