"""Who we are in each team, and by which token: one workspace by its token, or all that install."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.channels.slack.api import Api
from bot.channels.slack.config import SlackConfig
from bot.channels.slack.installation import Installation, read_auth_test, read_oauth
from bot.channels.slack.keeping import Keeping, Kept
from bot.channels.slack.own_token import OwnToken
from bot.channels.slack.refusals import TOKEN_IS_DEAD, Refused, disconnected
from bot.channels.slack.rotation import Rotation
from bot.channels.slack.shape import Malformed
from bot.channels.slack.standing import health_of
from bot.domain.errors import HandraiseError, Unavailable
from bot.domain.instants import MINUTE, SECOND, Micros
from bot.service.chores import Chore
from bot.service.outlet import Health, Parts
from bot.service.ports.channel import Fate

log = logging.getLogger(__name__)

FRESH: Micros = 20 * SECOND
"""How long this server believes what it has read of a team; others may have changed it."""
ABSENT: Micros = 5 * SECOND
"""How long it believes that a team is not installed."""
_TEAMS = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    kept: Kept
    at: Micros


class Installations:
    """Knows the app in each team; `of` gives a token that can be used now."""

    def __init__(
        self,
        *,
        config: SlackConfig,
        parts: Parts,
        api: Api,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._config = config
        self._parts = parts
        self._store = parts.store
        self._clock = parts.clock
        self._api = api
        self._keeping = Keeping(sealer=parts.sealer)
        self._rotation = Rotation(
            config=config, parts=parts, api=api, keeping=self._keeping, pause=pause
        )
        self._known: dict[str, _Known] = {}
        self._own = OwnToken(config=config, parts=parts, api=api, keeping=self._keeping)
        self._watch: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Find out who we are; without Slack or a database it opens all the same."""
        try:
            await self.survey()
        except HandraiseError as error:
            log.warning("slack's installations cannot be read: %s", error.code)
        self._watch = asyncio.create_task(self._keep_watching(), name="slack-installations")

    async def close(self) -> None:
        """Finish rotations that have begun."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        await self._rotation.close()

    # --- asking ----------------------------------------------------------------------------

    async def find(self, team: str) -> Installation | None:
        """Return the app in a team; None where it is not installed, or not any more.

        Raises `Unavailable` when nobody can say: ask again later.
        """
        kept = await self._kept(team)
        return None if kept.closed else kept.installation

    async def teams(self) -> Sequence[str]:
        """Return the teams that we may act in."""
        known = set(await self._store.read(self._keeping.teams))
        if self._own.installation is not None:
            known.add(self._own.installation.team)
        return [team for team in sorted(known) if await self.find(team) is not None]

    async def of(self, team: str) -> Installation:
        """Return the app in a team with a token that can be used; `Refused` where there is none."""
        try:
            found = await self.find(team)
            if found is None:
                raise disconnected()
            now = self._clock.now()
            if not found.is_fresh(now):
                found = await self._renewed(found)
        except Unavailable as error:
            if self._own.is_dead:
                raise disconnected(self._own.refused) from None
            raise Refused(error.code, Fate.RETRY, "the app's token cannot be read") from None
        if not found.is_alive(self._clock.now()):
            if (await self._kept(team)).stuck:
                await self.gone(team, "token_expired")
                raise disconnected("token_expired")
            raise Refused("token_expired", Fate.RETRY, "the app's token is being renewed")
        return found

    async def after(self, refused: Refused, used: Installation) -> Installation:
        """Return with what to call again after a token was refused; `Refused` if with nothing.

        Another server may have rotated it, or the app was installed anew.
        """
        team = used.team
        try:
            self._known.pop(team, None)
            found = await self.find(team)
            if found is not None and found.token != used.token:
                return found
            if found is not None and refused.code == "token_expired" and found.refresh_token:
                renewed = await self._renewed(found, force=True)
                if renewed.token != used.token:
                    return renewed
                raise refused
            await self.gone(team, refused.code)
        except Unavailable as error:
            raise Refused(error.code, Fate.RETRY, "the app's token cannot be read") from None
        if (await self._kept(team)).closed:
            raise disconnected(refused.code)
        raise Refused(refused.code, Fate.RETRY, "Slack refused the app's token for once")

    # --- changing --------------------------------------------------------------------------

    async def install(self, answer: Mapping[str, Any]) -> Installation:
        """Keep what a team's administrator has granted, an answer of `oauth.v2.access`.

        Raises `Malformed` for what is none, or is of a whole organisation.
        """
        now = self._clock.now()
        installation = read_oauth(answer, now)
        try:
            known = await self._api.call(installation.token, lambda client: client.auth_test())
            told = read_auth_test(known, installation.token, installation.scopes, now)
            installation = replace(
                installation, url=told.url, team_name=installation.team_name or told.team_name
            )
        except (Refused, Malformed):
            log.info("a new installation's workspace has no address yet")  # links do without
        await self._store.run(self._keeping.put, installation, now)
        self._remember(installation.team, Kept(installation=installation))
        return installation

    async def gone(self, team: str, reason: str) -> None:
        """Close a team whose tokens were revoked or that has uninstalled the app.

        Events may be old: a token that still works keeps the team open.
        """
        kept = await self._kept(team, anew=True)
        used, dead = kept.installation, None
        if used is not None and reason != "token_expired":
            try:
                await self._api.call(used.token, lambda client: client.auth_test())
            except Refused as refused:
                if refused.code in TOKEN_IS_DEAD:
                    dead = used.token
            else:
                return
        elif used is None and not kept.closed:
            return  # was never installed here
        log.warning("slack is disconnected for a team: %s", reason, extra={"team": team})
        now = self._clock.now()
        await self._store.run(
            lambda tx: self._keeping.close(tx, team, reason, now, name=kept.name, dead=dead)
        )
        self._remember(team, replace(kept, closed=reason))

    # --- by itself -------------------------------------------------------------------------

    @property
    def chores(self) -> Sequence[Chore]:
        """Return what one server does now and then: renew tokens, look at closed teams again."""
        return [
            Chore(name="slack.rotate", every=10 * MINUTE, run=self.rotate_all),
            Chore(name="slack.closed", every=60 * MINUTE, run=self.look_again),
        ]

    async def rotate_all(self) -> None:
        """Renew every token that ends before the next but one time that this is done."""
        await self._rotation.save()
        for team in await self._store.read(self._keeping.teams):
            kept = await self._kept(team, anew=True)
            if kept.installation is None or kept.closed:
                continue
            if not kept.installation.is_fresh(self._clock.now()):
                await self._renewed(kept.installation)
                if not kept.installation.is_alive(self._clock.now()):
                    await self._end_if_over(team)

    async def look_again(self) -> None:
        """Open teams again whose token works after all."""
        for team in await self._store.read(self._keeping.teams):
            kept = await self._kept(team, anew=True)
            if not kept.closed or kept.installation is None:
                continue
            token = kept.installation.token
            try:
                await self._api.call(token, lambda client: client.auth_test())
            except Refused:
                continue
            await self._store.run(self._keeping.reopen, team)
            self._known.pop(team, None)

    async def survey(self) -> None:
        """Read all teams anew, for `health`."""
        own = await self._own.identify()
        teams = set(await self._store.read(self._keeping.teams))
        for team in teams | ({own.team} if own else set()):
            await self._kept(team, anew=True)

    def health(self) -> Health:
        """Return how Slack does on this server."""
        return health_of(
            self._config,
            {team: known.kept for team, known in self._known.items()},
            identified=self._own.installation is not None,
            refused=self._own.refused,
            now=self._clock.now(),
        )

    # --- within ----------------------------------------------------------------------------

    async def _keep_watching(self) -> None:
        while True:
            await asyncio.sleep(60)
            try:
                await self.survey()
            except HandraiseError as error:
                log.warning("slack's installations cannot be read: %s", error.code)
            except Exception:
                # One that cannot be read must not stop the looking for ever.
                log.exception("slack's installations cannot be read")

    async def _end_if_over(self, team: str) -> None:
        kept = await self._kept(team, anew=True)
        alive = kept.installation and kept.installation.is_alive(self._clock.now())
        if kept.stuck and not alive:
            await self.gone(team, "token_expired")

    async def _renewed(self, found: Installation, *, force: bool = False) -> Installation:
        renewed = await self._rotation.renewed(found, force=force)
        if renewed.token != found.token:
            self._remember(found.team, Kept(installation=renewed, name=renewed.team_name))
        else:
            self._known.pop(found.team, None)
        return renewed

    async def _kept(self, team: str, *, anew: bool = False) -> Kept:
        """Return what is known of a team, read at most so long ago."""
        now = self._clock.now()
        known = self._known.get(team)
        if known is not None and not anew:
            there = known.kept.installation is not None
            if now - known.at < (FRESH if there else ABSENT):
                return known.kept
        single = await self._own.identify()
        kept = await self._store.read(self._keeping.get, team)
        if self._config.is_single:
            mine = single is not None and single.team == team
            kept = replace(kept, installation=single if mine else None)
        elif (held := self._rotation.held(team)) is not None:
            kept = replace(kept, installation=held)
        self._remember(team, kept)
        return kept

    def _remember(self, team: str, kept: Kept) -> None:
        name = kept.name or (kept.installation.team_name if kept.installation else "")
        self._known[team] = _Known(kept=replace(kept, name=name), at=self._clock.now())
        while len(self._known) > _TEAMS:
            del self._known[next(iter(self._known))]
