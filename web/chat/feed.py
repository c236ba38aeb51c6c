"""Reads feeds page by page, each entry as its viewer may see it now; knows no sockets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.errors import Conflict, NotFound
from bot.domain.instants import Micros
from bot.domain.planning import Role
from bot.domain.session import Session
from bot.service.conversation import FEED_MESSAGE, FEED_PERSON, FEED_QUESTION
from bot.service.ports.store import Transaction
from bot.service.ports.tables import FeedEntry
from web.api import models
from web.chat import frames
from web.views.people import People
from web.views.questions import show_question
from web.views.sessions import awaited, role_in, session_of, show_message, show_session

PAGE = 50
"""Entries read at once: each may hold a text of 64 KiB, and others wait for the reader."""


class CursorUnknown(Conflict):
    """The cursor is not one that this feed gave out, or what came after it is gone."""

    code = "cursor_unknown"

    def __init__(self, feed: str) -> None:
        super().__init__(
            "This cursor is not known here: load again and follow without a cursor.",
            details={"feed": feed},
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Feed:
    """A session's feed, or a person's own."""

    id: str
    personal: bool = False

    @property
    def name(self) -> str:
        """Return what frames call it."""
        return frames.ME if self.personal else self.id


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One entry, ready to send; `turn_id` names the turn whose reply it is."""

    number: int
    frame: bytes
    turn_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What came after a cursor, by viewer; viewers that may not see the feed are missing.

    `status` is the frame that says what a session is doing, once there is no more to read.
    """

    last: int
    more: bool
    items: Mapping[str, Sequence[Item]]
    status: bytes | None = None
    ended: bool = False
    """Whether its person is somebody else's alias by now, whose feed goes on."""


def locate(tx: Transaction, feed: Feed, viewer_id: str, cursor: int | None) -> int:
    """Return where to follow from: `cursor` when it is known, the feed's end when it is None.

    Raises `NotFound` and `CursorUnknown`.
    """
    if not feed.personal:
        session_of(tx, feed.id, viewer_id)
    last = tx.feeds.last(feed.id)
    if cursor is None:
        return last
    following = tx.feeds.after(feed.id, cursor, 1)
    if cursor > last or (following and following[0].number != cursor + 1):
        raise CursorUnknown(feed.name)
    return cursor


def read_page(tx: Transaction, feed: Feed, after: int, viewers: Sequence[str], now: Micros) -> Page:
    """Return the next entries for each viewer; of a thing that changed twice only the newest."""
    entries = tx.feeds.after(feed.id, after, PAGE)
    shown = _newest(entries)
    items: dict[str, Sequence[Item]] = {}
    people = People(tx)
    messages: dict[int, Item] = {}
    session = None if feed.personal else tx.sessions.get(feed.id)
    for viewer_id in viewers:
        if not feed.personal and (session is None or not role_in(tx, session, viewer_id)):
            continue
        seen = (_item(tx, feed, entry, viewer_id, now, people, messages) for entry in shown)
        items[viewer_id] = [item for item in seen if item is not None]
    last = entries[-1].number if entries else after
    more = len(entries) == PAGE
    ended = feed.personal and any(e.kind == FEED_PERSON and e.ref != feed.id for e in entries)
    status = None if more or session is None else _status(tx, session, now)
    return Page(last=last, more=more, items=items, status=status, ended=ended)


def _status(tx: Transaction, session: Session, now: Micros) -> bytes:
    waiting = [each.model_dump() for each in awaited(tx, session)]
    return frames.status(session.id, session.status(now).value, waiting)


def _newest(entries: Sequence[FeedEntry]) -> Sequence[FeedEntry]:
    """Drop entries about a question or a session that changed again within `entries`."""
    newest = {(entry.kind, entry.ref): entry.number for entry in entries}
    return [entry for entry in entries if newest[entry.kind, entry.ref] == entry.number]


def _item(
    tx: Transaction,
    feed: Feed,
    entry: FeedEntry,
    viewer_id: str,
    now: Micros,
    people: People,
    messages: dict[int, Item],
) -> Item | None:
    """Return one entry as the viewer may see it; None when they may not, or not any more."""
    if entry.kind == FEED_MESSAGE:
        # The same for everybody who follows the session, so it is made once.
        known = messages.get(entry.number)
        if known is None:
            known = _message_item(tx, feed, entry, people)
            if known is not None:
                messages[entry.number] = known
        return known
    if entry.kind == FEED_PERSON:
        return None
    shown: models.Question | models.Session
    try:
        if entry.kind == FEED_QUESTION:
            request = tx.requests.get(entry.ref)
            if request is None:
                return None
            shown = show_question(tx, request, viewer_id, people)
        else:
            session, _ = session_of(tx, entry.ref, viewer_id)
            shown = show_session(tx, session, viewer_id, now, people)
    except NotFound:
        return None
    return Item(number=entry.number, frame=frames.event(feed.name, entry.number, shown))


def _message_item(tx: Transaction, feed: Feed, entry: FeedEntry, people: People) -> Item | None:
    message = tx.messages.get(feed.id, int(entry.ref))
    if message is None:
        return None
    return Item(
        number=entry.number,
        frame=frames.event(feed.name, entry.number, show_message(message, people)),
        turn_id=message.turn_id if message.role is Role.AGENT else None,
    )
