"""Who the users of a team are to us: people, or not and why; learnt once, kept in the directory."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bot.channels.slack.addresses import SLACK
from bot.channels.slack.calls import Calls
from bot.channels.slack.escaping import one_line
from bot.channels.slack.events import read_user
from bot.channels.slack.facts import Profile
from bot.channels.slack.refusals import Refused
from bot.channels.slack.shape import Malformed, Shape
from bot.domain.errors import Invalid, NotAllowed, Unavailable
from bot.domain.instants import SECOND, Micros
from bot.domain.person import Person
from bot.domain.zones import zone_of
from bot.service.directory import person_listed
from bot.service.outlet import Parts
from bot.service.ports.channel import Fate
from bot.service.ports.directory import Listed
from bot.service.ports.store import Transaction
from bot.service.unreached import cards_at, has_left

log = logging.getLogger(__name__)

BOT, GONE, GUEST, STRANGER = "bot", "deactivated", "guest", "stranger"
PAGE = 200
"""Users of one page of a team's list, as Slack recommends at most."""
PAGES = 500
MAX_NAME = 80

_REFUSALS = {
    GUEST: "I work only for full members of this workspace, and you are a guest here. Ask one of "
    "them to write to me.",
    STRANGER: "I work only for people of this workspace. Ask one of them to write to me.",
}


class Barred(NotAllowed):
    """Somebody whose words and clicks are not taken; an empty message where nobody wonders."""

    code = "barred"

    def __init__(self, why: str) -> None:
        super().__init__(_REFUSALS.get(why, ""))
        self.why = why


@dataclass(frozen=True, slots=True)
class UnknownUser(Exception):
    """A user of whom nothing was heard yet: Slack is asked once, outside any transaction."""

    team: str
    user: str


def key_of(team: str, user: str) -> str:
    """Return a user's key in the directory and among the identities."""
    return f"{team}/{user}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Roster:
    """Knows users by the directory, and asks Slack about those who are not in it."""

    parts: Parts
    calls: Calls

    def known(self, tx: Transaction, team: str, user: str, user_team: str) -> Person | None:
        """Return the person a user is; None for one who is listed but was never met.

        Raises `Barred` for who is not taken, `UnknownUser` where Slack must be asked.
        """
        listed = self._admitted(tx, team, user, user_team)
        return tx.people.by_identity(SLACK, listed.key)

    def met(self, tx: Transaction, team: str, user: str, user_team: str, now: Micros) -> Person:
        """Return the person a user is, who is made when they were never met; raises as `known`."""
        listed = self._admitted(tx, team, user, user_team)
        return tx.people.by_identity(SLACK, listed.key) or person_listed(tx, listed, now)

    def _admitted(self, tx: Transaction, team: str, user: str, user_team: str) -> Listed:
        if user_team != team:
            raise Barred(STRANGER)
        listed = tx.directory.get(SLACK, key_of(team, user))
        if listed is None:
            raise UnknownUser(team, user)
        if not listed.is_person:
            raise Barred(listed.why_not)
        return listed

    def called(self, tx: Transaction, team: str, user: str) -> str | None:
        """Return by what name a mentioned user is found again, and nobody else; None for unknown.

        Their handle, unless it is somebody else's user name here or a handle in another team.
        """
        listed = tx.directory.get(SLACK, key_of(team, user))
        if listed is None:
            return None
        if listed.handle and " " not in listed.handle:
            account = tx.people.find(listed.handle)
            own = tx.people.by_identity(SLACK, listed.key)
            is_free = account is None or (own is not None and own.id == account.id)
            alike = tx.directory.search(listed.handle, 2)
            if is_free and all(one.key == listed.key for one in alike):
                return listed.handle
        return listed.email or listed.name

    async def name_of(self, team: str, user: str) -> str | None:
        """Return by what name a user is found, asking Slack if need be; None for no person."""
        listed = await self.parts.store.read(lambda tx: tx.directory.get(SLACK, key_of(team, user)))
        if listed is None:
            await self.meet(team, user)
        return await self.parts.store.read(self._person_called, team, user)

    def _person_called(self, tx: Transaction, team: str, user: str) -> str | None:
        listed = tx.directory.get(SLACK, key_of(team, user))
        return self.called(tx, team, user) if listed is not None and listed.is_person else None

    async def meet(self, team: str, user: str) -> None:
        """Ask Slack who a user is, and keep it; `Unavailable` while Slack does not say."""
        try:
            answer = await self.calls.call(team, lambda client: client.users_info(user=user))
            profile = read_user(Shape(answer).child("user"), team)
        except Refused as refused:
            if refused.fate is not Fate.FAILED:
                raise Unavailable("Slack does not say who that is.", code=refused.code) from None
            log.warning("slack does not tell who a user is: %s", refused.code)
            await self.parts.store.run(self._put, _nobody(team, user))
            return
        except Malformed as wrong:
            log.warning("slack's answer about a user cannot be read: %s", wrong.message)
            await self.parts.store.run(self._put, _nobody(team, user))
            return
        await self.note(profile)

    async def note(self, profile: Profile) -> None:
        """Keep what Slack tells of a user; who asked one that has left is told."""
        listed = listed_of(profile)
        await self.parts.store.run(self._put, listed)
        if listed.why_not == GONE:
            await self._tell_askers(listed.key)

    async def _tell_askers(self, key: str) -> None:
        """Have questions to somebody who has left Slack tried elsewhere; safe to repeat.

        Each in a transaction of its own: they belong to several sessions.
        """
        store, timeout = self.parts.store, self.parts.session_timeout
        for surface in await store.read(cards_at, SLACK, key):
            left = partial(
                has_left,
                surface_id=surface.id,
                request_id=surface.request_id,
                where="Slack",
                now=self.parts.clock.now(),
                timeout=timeout,
            )
            await store.run(left)

    async def list_team(self, team: str) -> None:
        """Keep everybody of a team, page by page; `Unavailable` when Slack stops telling."""
        cursor = ""
        for _ in range(PAGES):
            listed, cursor = await self._page(team, cursor)
            for key in await self.parts.store.run(self._put, *listed):
                await self._tell_askers(key)
            if not cursor:
                return

    async def _page(self, team: str, cursor: str) -> tuple[list[Listed], str]:
        try:
            answer = await self.calls.call(
                team, lambda client: client.users_list(limit=PAGE, cursor=cursor or None)
            )
        except Refused as refused:
            raise Unavailable("Slack does not list its users.", code=refused.code) from None
        shape = Shape(answer)
        found = [_profile(one, team) for one in shape.children("members")]
        beyond = shape.child_or_none("response_metadata")
        after = beyond.text_or("next_cursor") if beyond is not None else ""
        return [listed_of(one) for one in found if one is not None], after

    def _put(self, tx: Transaction, *listed: Listed) -> Sequence[str]:
        """Keep entries; return the keys of those people who have left."""
        left = []
        for one in listed:
            before = tx.directory.get(SLACK, one.key)
            if before is not None and before.updated_at > one.updated_at:
                continue  # events come out of order
            tx.directory.put(one)
            # Not only who has just left: the server may have stopped before all were told.
            if one.why_not == GONE and tx.people.by_identity(SLACK, one.key) is not None:
                left.append(one.key)
        return left


def listed_of(profile: Profile) -> Listed:
    """Return a directory's entry; an address counts only where Slack says it is confirmed."""
    why = _why_not(profile)
    zone = None
    if profile.zone is not None:
        try:
            zone = zone_of(profile.zone).key
        except Invalid:
            log.info("slack names a time zone that is not known here")
    return Listed(
        kind=SLACK,
        key=key_of(profile.team, profile.user),
        name=one_line(profile.name, MAX_NAME) or profile.user,
        handle=one_line(profile.handle, MAX_NAME),
        email=profile.email if profile.email_confirmed and not why else None,
        zone=zone,
        is_person=not why,
        why_not=why,
        updated_at=profile.updated * SECOND,
    )


def _why_not(profile: Profile) -> str:
    if profile.is_bot or profile.user == "USLACKBOT":
        return BOT
    if profile.deleted:
        return GONE
    if profile.is_stranger or profile.user_team != profile.team:
        return STRANGER
    return GUEST if profile.is_guest else ""


def _profile(user: Shape, team: str) -> Profile | None:
    try:
        return read_user(user, team)
    except Malformed as wrong:
        log.warning("a user in slack's list cannot be read: %s", wrong.message)
        return None


def _nobody(team: str, user: str) -> Listed:
    return Listed(
        kind=SLACK,
        key=key_of(team, user),
        name=user,
        is_person=False,
        why_not="unknown",
        updated_at=0,
    )
