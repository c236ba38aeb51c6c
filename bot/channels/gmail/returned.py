"""Mails of ours that came back: the address is marked, and a question goes another way."""

from __future__ import annotations

from functools import partial

from bot.channels.gmail.bounces import Bounce
from bot.channels.gmail.incoming import EMAIL, Incoming
from bot.channels.gmail.opened import place_opened_by
from bot.channels.gmail.sending import BAD
from bot.domain.journal import Entry
from bot.domain.post import PostKind
from bot.service.opening import opening_came_back
from bot.service.outlet import Parts
from bot.service.ports.store import Transaction
from bot.service.unreached import came_back


class Returned:
    """Takes delivery reports; only one that names a mail of ours, and whom it went to, counts."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def take(self, mail: Incoming) -> str:
        """Note a failure; one that passes changes nothing."""
        bounce = mail.reading.bounce
        if bounce is None or not bounce.returned:
            return "unknown_bounce"
        status: str = await self._parts.store.run(partial(self._note, mail=mail, bounce=bounce))
        return status

    def _note(self, tx: Transaction, *, mail: Incoming, bounce: Bounce) -> str:
        now = self._parts.clock.now()
        landing = tx.landings.find(EMAIL, bounce.returned)
        if landing is None or not (landing.surface_id or landing.post_id):
            return "unknown_bounce"
        address = self._address(tx, landing.surface_id, bounce)
        if not address:
            return "unknown_bounce"
        if not bounce.permanent:
            tx.journal.add(
                Entry(
                    kind="mail.delayed",
                    at=now,
                    session_id=landing.session_id,
                    request_id=landing.request_id,
                    person_id=landing.person_id,
                    channel=EMAIL,
                    data={"mail": mail.id, "status": bounce.status},
                )
            )
            return "delayed"
        reason = f"the address refuses mail ({bounce.status or 'no reason given'})"
        tx.marks.put(BAD + address, reason, now)
        if landing.surface_id and landing.request_id:
            came_back(
                tx,
                surface_id=landing.surface_id,
                request_id=landing.request_id,
                reason=reason,
                now=now,
                timeout=self._parts.session_timeout,
            )
            return "returned"
        post = tx.posts.get(landing.post_id or "")
        if post is not None and post.kind is PostKind.OPENING:
            place = place_opened_by(post.id)
            opening_came_back(tx, post, place, reason, now, self._parts.session_timeout)
        tx.journal.add(
            Entry(
                kind="mail.returned",
                at=now,
                session_id=landing.session_id,
                person_id=landing.person_id,
                channel=EMAIL,
                data={"mail": mail.id, "post": landing.post_id, "status": bounce.status},
            )
        )
        return "returned"

    def _address(self, tx: Transaction, surface_id: str | None, bounce: Bounce) -> str:
        """Return the folded address that failed: of a question's mail there was only one."""
        surface = tx.surfaces.get(surface_id) if surface_id else None
        if surface is None:
            return bounce.address.casefold()
        return surface.address.casefold()
