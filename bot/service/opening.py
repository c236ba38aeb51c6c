"""Opening a place: a session goes on in its owner's direct messages, or by mail to them.

The first word there is a post as all others are, so it is said once whatever crashes. Where it
landed is the session's place from then on; nothing that was said before is shown there.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.domain.commands import CHAT, SYSTEM_CHANNEL, OpenPlace, Outcome
from bot.domain.errors import Conflict, Invalid, NotAllowed
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.domain.place import Binding, channel_of, new_place
from bot.domain.planning import Role
from bot.domain.post import Post, PostKind, PostState
from bot.domain.routing import lane_of, lane_of_place
from bot.domain.session import Session
from bot.service.conversation import Conversation
from bot.service.directory import EMAIL, person_listed
from bot.service.identifiers import new_id
from bot.service.own_addresses import own_addresses, why_none
from bot.service.ports.store import Topic, Transaction
from bot.service.rights import owned
from bot.service.rooms import SLACK, is_direct, team_of

CHANNELS = (SLACK, EMAIL)
"""Those on which a place can be opened."""
_THERE = {
    SLACK: "This session goes on in your direct messages in Slack already.",
    EMAIL: "This session goes on by mail already.",
}
_CLOSED = {
    SLACK: "Slack is not connected here. An administrator can connect it.",
    EMAIL: "No mailbox is connected here. An administrator can connect one.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """A place that the owner of a session can open, or why not."""

    channel: str
    address: str = ""
    refusal: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """The handler of the owner's wish."""

    session_timeout: Micros
    channels: Collection[str]

    def open(self, tx: Transaction, command: OpenPlace, now: Micros) -> Outcome:
        """Have a first word sent there; what was given up is tried again, never said twice."""
        session = owned(tx, command.session_id, command.actor.person_id)
        channel = command.channel
        if not command.actor.verified:
            raise NotAllowed("Confirm your e-mail address first.", code="unverified")
        if channel not in CHANNELS:
            raise Invalid("A place can be opened in Slack or by mail.", code="channel")
        if channel not in self.channels:
            raise Conflict(_CLOSED[channel], code="channel_closed")
        address = self._address(tx, session, command, now)
        there = _binding_at(tx, session.id, channel, address)
        if there is not None:
            raise Conflict(_THERE[channel], code="already_there", details={"place": there.place})
        known = newest_opening(tx, session.id, channel)
        if known is not None and known.state is PostState.WAITING:
            if address_of(known) != address:
                raise Conflict(
                    f"It is being opened for {address_of(known)}. Wait for what becomes of that.",
                    code="opening_elsewhere",
                )
            return Outcome(status="opening", session_id=session.id, text="It is on its way.")
        if known is None or not (address_of(known) == address and tx.posts.redrive(known.id, now)):
            tx.posts.add(_first_word(session, channel, address, now))
        tx.announce(Topic.POST, new_place(channel, session.id))
        _journal(tx, session, "place.wanted", now, command.actor.channel, {"on": channel})
        _tell(tx, session, now, self.session_timeout)
        return Outcome(status="opening", session_id=session.id)

    def _address(self, tx: Transaction, session: Session, command: OpenPlace, now: Micros) -> str:
        """Return one of the owner's own proven addresses; one that is only listed is linked."""
        mine = own_addresses(tx, session.owner_id, command.channel)
        if not mine:
            raise Conflict(why_none(tx, session.owner_id, command.channel), code="not_linked")
        wanted = (command.address or mine[0]).casefold()
        found = next((address for address in mine if address.casefold() == wanted), None)
        listed = None if found is None else tx.directory.get(command.channel, found)
        if listed is not None:
            person_listed(tx, listed, now)
        if found is None:
            raise NotAllowed(
                "That is no confirmed address of yours. Confirm it first.", code="not_confirmed"
            )
        return found


def ways(tx: Transaction, session: Session, channels: Collection[str]) -> Sequence[Way]:
    """Return which places a session's owner could open now, and why others not."""
    found: list[Way] = []
    for channel in CHANNELS:
        if channel not in channels:
            continue
        known = newest_opening(tx, session.id, channel)
        if known is not None and known.state is PostState.WAITING:
            continue
        mine = own_addresses(tx, session.owner_id, channel)
        if not mine:
            why_not = why_none(tx, session.owner_id, channel)
            found.append(Way(channel=channel, refusal=why_not))
        found += [
            Way(channel=channel, address=address)
            for address in mine
            if _binding_at(tx, session.id, channel, address) is None
        ]
    return found


def newest_opening(tx: Transaction, session_id: str, channel: str) -> Post | None:
    """Return the last try to open a place of a session on a channel."""
    tries = [post for post in tx.posts.openings(session_id) if post.channel == channel]
    return tries[-1] if tries else None


def is_needless(tx: Transaction, post: Post) -> str:
    """Say why a place need not be opened any more: it is there otherwise; empty where it must."""
    there = _binding_at(tx, post.session_id or "", post.channel, address_of(post))
    return "" if there is None else _THERE[post.channel]


def first_words(title: str) -> str:
    """Return what a new place begins with: what goes on there, and nothing of what was said.

    These are plain words: what marks there are in a name are no markup.
    """
    return (
        f"“{title}” goes on here too, as you asked. Write in this thread, and it goes to that "
        "session. What was said before stands on its page."
    )


def note_opened(
    tx: Transaction,
    session: Session,
    post: Post,
    binding: tuple[str, str],
    now: Micros,
    timeout: Micros,
) -> None:
    """Keep where a session goes on from now on: a place with its head."""
    place, head = binding
    added = tx.bindings.add(
        Binding(
            place=place,
            session_id=session.id,
            lane=lane_of_place(place),
            head=head,
            created_at=now,
        )
    )
    there = None if added else tx.bindings.find(place)
    kind = "place.opened" if there is None or there.session_id == session.id else "place.taken"
    _journal(tx, session, kind, now, post.channel, {"post": post.id})
    _tell(tx, session, now, timeout)


def note_trouble(tx: Transaction, session: Session, now: Micros, timeout: Micros) -> None:
    """Tell the page that a place is not there yet, and why."""
    _tell(tx, session, now, timeout)


def note_given_up(
    tx: Transaction, session: Session, post: Post, detail: str, now: Micros, timeout: Micros
) -> None:
    """Tell the page that a place could not be opened; its owner can have it tried again."""
    _journal(tx, session, "post.dead", now, post.channel, {"post": post.id, "detail": detail})
    _tell(tx, session, now, timeout)


def opening_came_back(
    tx: Transaction, post: Post, place: str, reason: str, now: Micros, timeout: Micros
) -> None:
    """Take a place back whose first word was returned, and say so on the page."""
    session = tx.sessions.lock(post.session_id or "")
    binding = tx.bindings.find(place)
    if session is None or binding is None or binding.session_id != session.id:
        return
    tx.bindings.remove(place)
    _journal(tx, session, "place.returned", now, post.channel, {"post": post.id, "detail": reason})
    conversation = Conversation(tx, session, now, timeout)
    conversation.place = None
    conversation.say(
        Role.SYSTEM,
        f"This session does not go on by {post.channel}: what I sent you there came back, since "
        f"{reason}.",
        channel=SYSTEM_CHANNEL,
        stirs=False,
    )
    conversation.tell_state()
    conversation.save()


def may_have_opened(tx: Transaction, person_id: str, channel: str, began: Micros) -> bool:
    """Tell whether a thread that `began` then may be a place of a person's that we opened.

    Where it landed may not be known yet: what is said there waits until it is.
    """
    return any(
        post.channel == channel and post.attempts > post.failures and post.created_at <= began
        for post in tx.posts.opening_for(person_id)
    )


def _first_word(session: Session, channel: str, address: str, now: Micros) -> Post:
    return Post(
        id=new_id(),
        kind=PostKind.OPENING,
        channel=channel,
        place=new_place(channel, session.id),
        lane=lane_of(channel, address),
        session_id=session.id,
        person_id=session.owner_id,
        body=json.dumps({"to": address}),
        due_at=now,
        created_at=now,
    )


def address_of(post: Post) -> str:
    """Return to whom the first word at a new place goes; empty once it has landed."""
    return str(json.loads(post.body).get("to", ""))


def _binding_at(tx: Transaction, session_id: str, channel: str, address: str) -> Binding | None:
    """Return where a session goes on that a new place at an address would double.

    One thread in a workspace's direct messages, which are the owner's; one thread by mail.
    """
    for binding in tx.bindings.of_session(session_id):
        if channel_of(binding.place) != channel:
            continue
        if channel != SLACK:
            return binding
        if is_direct(binding.place) and team_of(binding.place) == address.partition("/")[0]:
            return binding
    return None


def _tell(tx: Transaction, session: Session, now: Micros, timeout: Micros) -> None:
    """Have the page look at the session's places again."""
    conversation = Conversation(tx, session, now, timeout)
    conversation.tell_state()
    conversation.save()


def _journal(
    tx: Transaction,
    session: Session,
    kind: str,
    now: Micros,
    channel: str,
    data: dict[str, object],
) -> None:
    tx.journal.add(
        Entry(
            kind=kind,
            at=now,
            session_id=session.id,
            person_id=session.owner_id,
            channel=channel or CHAT,
            data=data,
        )
    )
