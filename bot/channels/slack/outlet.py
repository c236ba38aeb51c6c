"""Slack as one channel: its entrances, and everything behind them, put together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from bot.channels.slack.acting import Acting
from bot.channels.slack.addresses import SLACK
from bot.channels.slack.api import Api
from bot.channels.slack.asides import Asides
from bot.channels.slack.beginning import Beginning
from bot.channels.slack.calls import Calls
from bot.channels.slack.changing import Changing
from bot.channels.slack.commanding import Commanding
from bot.channels.slack.config import SlackConfig
from bot.channels.slack.delivering import SlackChannel
from bot.channels.slack.door import Door
from bot.channels.slack.entrance import PATH, Entrance
from bot.channels.slack.hearing import Hearing
from bot.channels.slack.homes import Homes
from bot.channels.slack.installation import Installation
from bot.channels.slack.installations import Installations
from bot.channels.slack.landing import Landing
from bot.channels.slack.listeners import make_bolt
from bot.channels.slack.maybe import Maybe
from bot.channels.slack.oauth import INSTALL, REDIRECT, MayInstall, OAuth, nobody
from bot.channels.slack.order import turn_of
from bot.channels.slack.pointing import Pointing
from bot.channels.slack.reception import EVENT, MESSAGE, Reception
from bot.channels.slack.roster import Roster
from bot.channels.slack.saying_later import SAY, say_kept
from bot.channels.slack.socket import Socket
from bot.channels.slack.speaking import SlackSpeaker
from bot.channels.slack.staging import SlackStage
from bot.channels.slack.stopping import Stopping
from bot.channels.slack.submitting import Submitting
from bot.channels.slack.watching import Watching
from bot.service.backlog import Deal, InOrder
from bot.service.chores import Chore
from bot.service.outlet import Health, Parts
from bot.service.ports.inbox import Received

__all__ = ["SlackConfig", "SlackOutlet"]


class SlackOutlet:
    """Implements the protocol `Outlet` of the web: mounted first, opened once the agent is."""

    name = SLACK

    def __init__(
        self, config: SlackConfig, *, may_install: MayInstall = nobody, install_script: str = ""
    ) -> None:
        self._config = config
        self.pause: Callable[[float], Awaitable[None]] = asyncio.sleep
        """Waits for so many seconds, wherever Slack must not be asked at once."""
        self._entrance = Entrance(config.signing_secret) if config.signing_secret else None
        self.oauth = OAuth(config, may_install, install_script) if config.is_installed else None

    def mount(self, app: web.Application) -> None:
        """Add the entrances; until `open` they answer 503."""
        if self._entrance is not None:
            app.router.add_post(PATH, self._entrance.handle)
        if self.oauth is not None:
            app.router.add_get(INSTALL, self.oauth.begin)
            app.router.add_post(INSTALL, self.oauth.begin)
            app.router.add_get(REDIRECT, self.oauth.finish)

    async def open(self, parts: Parts) -> SlackOpened:
        """Begin; Slack may be down, and its health says so."""
        config = self._config
        api = Api(config.api_url)
        await api.open()
        installations = Installations(config=config, parts=parts, api=api, pause=self.pause)
        await installations.open()
        calls = Calls(api=api, installations=installations, clock=parts.clock, pause=self.pause)
        landing = Landing(calls=calls, store=parts.store, clock=parts.clock)
        asides = Asides(calls=calls)
        roster = Roster(parts=parts, calls=calls)
        homes = Homes(parts=parts, calls=calls, asides=asides)
        reception = _reception(parts, installations, landing, asides, roster, homes)
        door = Door(bolt=make_bolt(reception), installations=installations)
        socket = None
        if config.app_token:
            socket = Socket(app_token=config.app_token, api_url=config.api_url, door=door)
        opened = SlackOpened(
            api=api,
            installations=installations,
            asides=asides,
            reception=reception,
            entrance=self._entrance,
            socket=socket,
            channel=SlackChannel(calls=calls, landing=landing, store=parts.store),
            speaker=SlackSpeaker(landing=landing),
            stage=SlackStage(calls=calls, landing=landing, store=parts.store, clock=parts.clock),
            watching=Watching(
                parts=parts,
                installations=installations,
                roster=roster,
                is_reachable=_reachable(self._entrance, socket),
            ),
        )
        if self.oauth is not None:
            self.oauth.open(parts, api, installations, opened.welcome)
        if self._entrance is not None:
            self._entrance.open(door, parts.clock)
        if socket is not None:
            await socket.open()
        return opened


@dataclass(frozen=True, kw_only=True, slots=True)
class SlackOpened:
    """Implements the protocol `Opened` of the agent: Slack as it runs on this server."""

    api: Api
    installations: Installations
    asides: Asides
    reception: Reception
    entrance: Entrance | None
    socket: Socket | None
    channel: SlackChannel
    speaker: SlackSpeaker
    stage: SlackStage
    watching: Watching

    @property
    def deals(self) -> Mapping[str, Deal]:
        """Return how what is kept in the inbox is dealt with."""
        deal = self.reception.deal
        return {MESSAGE: InOrder(deal, turn_of), EVENT: deal, SAY: self._say}

    async def _say(self, received: Received) -> None:
        await say_kept(self.reception.roster.calls, received)

    @property
    def chores(self) -> Sequence[Chore]:
        """Return what is done now and then."""
        return [*self.installations.chores, *self.stage.chores, *self.watching.chores]

    def health(self) -> Health:
        """Return how Slack does on this server."""
        health = self.installations.health()
        if health.state != "ready" or self.socket is None or not self.socket.trouble:
            return health
        state = "closed" if self.entrance is None else "degraded"
        return Health(
            state=state,
            reason=f"Socket Mode is not connected: {self.socket.trouble}. Check SLACK_APP_TOKEN.",
            details=health.details,
        )

    async def serves(self, team: str) -> bool:
        """Tell whether the app is at work in a workspace; `Unavailable` while nobody can say."""
        return await self.installations.find(team) is not None

    async def welcome(self, installation: Installation) -> None:
        """Learn who is in a workspace in which the app was just installed."""
        self.asides.start(self.watching.list_team(installation.team))

    async def close(self) -> None:
        """Take nothing any more, then stop what is under way."""
        if self.entrance is not None:
            self.entrance.close()
        if self.socket is not None:
            await self.socket.close()
        await self.asides.close()
        await self.stage.close()
        await self.installations.close()
        await self.api.close()


def _reception(
    parts: Parts,
    installations: Installations,
    landing: Landing,
    asides: Asides,
    roster: Roster,
    homes: Homes,
) -> Reception:
    maybe = Maybe(parts=parts)
    hearing = Hearing(parts=parts, roster=roster, asides=asides, homes=homes, maybe=maybe)
    beginning = Beginning(parts=parts, landing=landing, hearing=hearing)
    return Reception(
        parts=parts,
        installations=installations,
        roster=roster,
        asides=asides,
        homes=homes,
        hearing=hearing,
        changing=Changing(parts=parts, roster=roster, asides=asides),
        acting=Acting(parts=parts, roster=roster, asides=asides, homes=homes, maybe=maybe),
        submitting=Submitting(parts=parts, roster=roster, asides=asides, homes=homes),
        commanding=Commanding(parts=parts, roster=roster, homes=homes, beginning=beginning),
        pointing=Pointing(
            parts=parts, roster=roster, asides=asides, homes=homes, beginning=beginning
        ),
        stopping=Stopping(parts=parts, roster=roster, asides=asides),
    )


def _reachable(entrance: Entrance | None, socket: Socket | None) -> Callable[[], Awaitable[bool]]:
    async def reachable() -> bool:
        return entrance is not None or (socket is not None and await socket.is_connected())

    return reachable
