"""The courier's desk for posts: a session's messages at its places, and words to one person."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.commands import SYSTEM_CHANNEL
from bot.domain.instants import SECOND, Micros
from bot.domain.journal import Entry
from bot.domain.planning import Role
from bot.domain.post import Post, PostKind
from bot.domain.session import Session
from bot.domain.surface import MAX_ATTEMPTS, retry_delay
from bot.service.conversation import Conversation
from bot.service.desk import Postponed
from bot.service.opening import (
    first_words,
    is_needless,
    note_given_up,
    note_opened,
    note_trouble,
)
from bot.service.ports.channel import Delivery, Fate, Saying, Speaker
from bot.service.ports.places import Landing
from bot.service.ports.store import Topic, Transaction

HANDED_OVER = 8
"""Posts taken at once in a transaction that made one due; the loop finds the rest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PostErrand:
    """A claimed post with what it says."""

    post: Post
    saying: Saying
    needless: str = ""

    @property
    def key(self) -> str:
        """Return the place, which is what is announced."""
        return self.post.place

    @property
    def channel(self) -> str:
        """Return the channel it goes out on."""
        return self.post.channel

    @property
    def lane(self) -> str:
        """Return its lane."""
        return self.post.lane

    @property
    def claim_until(self) -> Micros | None:
        """Return until when its claim holds."""
        return self.post.claim_until


@dataclass(frozen=True, kw_only=True, slots=True)
class Posting:
    """Says posts in order of their places, and records what became of each."""

    speakers: Mapping[str, Speaker]
    public_url: str
    session_timeout: Micros
    topic: Topic = Topic.POST

    def claim_due(
        self, tx: Transaction, owner: str, now: Micros, until: Micros, limit: int
    ) -> Sequence[PostErrand]:
        """Claim posts that are due."""
        return [self._errand(tx, post) for post in tx.posts.claim_due(owner, now, until, limit)]

    def claim_of(
        self,
        tx: Transaction,
        key: str,  # noqa: ARG002 - whatever is due may be taken at this occasion
        owner: str,
        now: Micros,
        until: Micros,
    ) -> Sequence[PostErrand]:
        """Claim what is due, of each place what is next there."""
        return self.claim_due(tx, owner, now, until, HANDED_OVER)

    def next_due(self, tx: Transaction) -> Micros | None:
        """Return when the next post can be claimed."""
        return tx.posts.next_due()

    async def attempt(self, errand: PostErrand) -> Delivery:
        """Have the errand's channel say it."""
        return await self.speakers[errand.channel].say(errand.post, errand.saying)

    def record(
        self,
        tx: Transaction,
        results: Sequence[tuple[PostErrand, Delivery | Postponed]],
        now: Micros,
    ) -> None:
        """Record results; those whose claim was lost meanwhile change nothing."""
        for errand, result in sorted(results, key=lambda r: r[0].post.session_id or ""):
            post = errand.post
            if isinstance(result, Postponed):
                tx.posts.release(post.id, post.claim_number, result.until)
            elif result.fate is Fate.SHOWN:
                self._said(tx, errand, result, now)
            elif post.kind is PostKind.OPENING and result.fate is Fate.PARKED:
                # Whoever wants it looks at the page: they are told, and can try again.
                self._failed(tx, post, replace(result, fate=Fate.FAILED), now)
            elif errand.needless:
                # What it belonged to does not come back, and nobody misses it there.
                tx.posts.failed(post.id, post.claim_number, result.detail, None, certain=True)
            elif result.fate is Fate.PARKED:
                # Its channel is not connected on this server: it waits until one is.
                tx.posts.release(post.id, post.claim_number, now + retry_delay(MAX_ATTEMPTS))
            else:
                self._failed(tx, post, result, now)
            # Those behind it in its place can be said now.
            tx.announce(Topic.POST, post.place)

    def _said(self, tx: Transaction, errand: PostErrand, result: Delivery, now: Micros) -> None:
        post = errand.post
        session = self._opens(tx, post)
        if not tx.posts.sent(post.id, post.claim_number, result.landed, now).written:
            return
        if errand.saying.turn_id is not None:
            tx.posts.drop_preview(errand.saying.turn_id)
        if session is not None and result.place is not None:
            opened = (result.place, result.head or "{}")
            note_opened(tx, session, post, opened, now, self.session_timeout)
        if result.head is not None and post.kind is PostKind.MESSAGE:
            tx.bindings.save_head(post.place, result.head)
        for spot in result.spots:
            tx.landings.add(
                Landing(
                    channel=post.channel,
                    key=spot,
                    session_id=post.session_id,
                    person_id=post.person_id,
                    post_id=post.id,
                    at=now,
                )
            )

    def _failed(self, tx: Transaction, post: Post, result: Delivery, now: Micros) -> None:
        dead = result.fate is Fate.FAILED or post.attempts >= MAX_ATTEMPTS
        asked = 0 if result.retry_after is None else round(result.retry_after * SECOND)
        if result.retry_after is not None and result.fate is Fate.RETRY:
            # Being asked to come again later costs no try.
            tx.posts.release(post.id, post.claim_number, now + max(SECOND, asked))
            return
        session = self._opens(tx, post)
        retry_at = None if dead else now + max(retry_delay(post.attempts), asked)
        recorded = tx.posts.failed(
            post.id,
            post.claim_number,
            result.detail,
            retry_at,
            certain=result.fate is not Fate.UNKNOWN,
        )
        if recorded.written and not dead and session is not None:
            if result.detail != post.last_error:
                note_trouble(tx, session, now, self.session_timeout)
        elif recorded.written and dead and session is not None:
            note_given_up(tx, session, post, result.detail, now, self.session_timeout)
        elif recorded.written and dead:
            self._tell_of(tx, post, result.detail, now)

    def _opens(self, tx: Transaction, post: Post) -> Session | None:
        """Return the session whose place a post opens, held before its post as everywhere."""
        if post.kind is not PostKind.OPENING:
            return None
        return tx.sessions.lock(post.session_id or "")

    def _tell_of(self, tx: Transaction, post: Post, detail: str, now: Micros) -> None:
        """Say in the session, on the web, what could not be said outside."""
        tx.journal.add(
            Entry(
                kind="post.dead",
                at=now,
                session_id=post.session_id,
                person_id=post.person_id,
                channel=post.channel,
                data={"post": post.id, "detail": detail},
            )
        )
        session = None if post.session_id is None else tx.sessions.lock(post.session_id)
        if session is None:
            return
        conversation = Conversation(tx, session, now, self.session_timeout)
        conversation.place = None  # where it failed just now
        conversation.say(
            Role.SYSTEM,
            f"What I said here could not be brought to {post.channel} ({detail}).",
            channel=SYSTEM_CHANNEL,
            stirs=False,
        )
        conversation.save()

    def _errand(self, tx: Transaction, post: Post) -> PostErrand:
        if post.kind is PostKind.NOTICE:
            return self._notice(tx, post)
        if post.kind is PostKind.OPENING:
            return self._opening(tx, post)
        session = tx.sessions.get(post.session_id or "")
        message = tx.messages.get(post.session_id or "", post.seq or 0)
        binding = tx.bindings.find(post.place)
        if session is None or message is None or binding is None:
            return PostErrand(post=post, saying=Saying(text=""), needless="its place is gone")
        preview = tx.posts.preview_of(message.turn_id) if message.turn_id else None
        return PostErrand(
            post=post,
            saying=Saying(
                text=message.text,
                role=message.role,
                turn_id=message.turn_id,
                preview=preview,
                head=binding.head,
                session_title=session.title,
                url=self._page(session),
            ),
        )

    def _opening(self, tx: Transaction, post: Post) -> PostErrand:
        session = tx.sessions.get(post.session_id or "")
        if session is None:
            return PostErrand(post=post, saying=Saying(text=""), needless="its session is gone")
        if needless := is_needless(tx, post):
            return PostErrand(post=post, saying=Saying(text=""), needless=needless)
        person = tx.people.get(post.person_id or "")
        return PostErrand(
            post=post,
            saying=Saying(
                text=first_words(session.title),
                head=post.body,
                session_title=session.title,
                url=self._page(session),
                reader=person.name if person else "",
            ),
        )

    def _page(self, session: Session) -> str:
        return f"{self.public_url}/#/s/{session.id}"

    def _notice(self, tx: Transaction, post: Post) -> PostErrand:
        body = json.loads(post.body)
        person = tx.people.get(post.person_id) if post.person_id else None
        return PostErrand(
            post=post,
            saying=Saying(
                text=body.get("text", ""),
                role=Role.SYSTEM,
                head=post.body,
                url=body.get("url", self.public_url),
                reader=person.name if person else "",
                zone=person.zone if person else "UTC",
            ),
        )
