"""The whole application beside a local Slack: signed bytes in, recorded calls out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.channels.slack.outlet import SlackOutlet
from bot.domain.feedback import FeedbackRequest, FeedbackResponse
from bot.domain.instants import MINUTE, SECOND, Micros
from bot.domain.person import Person
from bot.domain.planning import Role
from bot.service.ports.reader import FeedbackReader
from bot.settings import Settings
from tests.clock import FakeClock
from tests.flows.stage import ScriptedPlanner
from tests.slack.clock import Clock
from tests.slack.records import Channel, Message, SlackApp, Team, User
from tests.slack.server import Slack
from web.app import build_app
from web.keys import AGENT, INTAKE, OUTLETS, STORE

SECRET_KEY = "s" * 8 + "ecret-of-the-tests" * 2


class Office:
    """One server of ours in one Slack; `settle` lets everything that is due happen."""

    def __init__(
        self,
        slack: Slack,
        clock: FakeClock,
        app: web.Application,
        url: str,
        planner: ScriptedPlanner,
    ) -> None:
        self.planner = planner
        self.slack = slack
        self.clock = clock
        self.app = app
        self.url = url

    @property
    def store(self) -> Any:
        return self.app[STORE]

    @property
    def intake(self) -> Any:
        return self.app[INTAKE]

    @property
    def outlet(self) -> Any:
        return self.app[AGENT].outlets["slack"]

    async def settle(self) -> None:
        """Run every turn, delivery and kept event that is due, and wait for what is on its way."""
        agent = self.app[AGENT]
        for _ in range(3):
            await self.slack.post.settled()
            await agent.backlog.drain()
            await agent.worker.drain()
            await agent.courier.drain()
            await self.outlet.asides.settled()
        await self.slack.post.settled()

    async def hear(self) -> None:
        """Let what was said mean something, and nothing come of it yet."""
        await self.slack.post.settled()
        await self.app[AGENT].backlog.drain()

    async def pass_time(self, span: Micros, step: Micros = 10 * MINUTE) -> None:
        """Let time pass, with all that becomes due on the way."""
        until = self.clock.now() + span
        while self.clock.now() < until:
            self.clock.advance(min(step, until - self.clock.now()) / SECOND)
            agent = self.app[AGENT]
            await agent.chores.tick()
            await agent.sweeper.sweep()
            await self.settle()

    # --- what came of it -----------------------------------------------------------------

    def texts(self, where: Channel | str, thread_ts: str | None = None) -> list[str]:
        """Return the texts of the bot's messages, in a channel or a thread."""
        found = self.slack.messages(where, thread_ts=thread_ts)
        team = next(iter(self.slack.workspace.installs))
        bot = self.slack.workspace.bot_of(team).id
        return [message.text for message in found if message.user == bot]

    def cards(self, who: User | str) -> list[Message]:
        """Return the cards in somebody's direct messages."""
        found = self.slack.messages(self.slack.dm(who))
        return [
            message
            for message in found
            if (message.metadata or {}).get("event_type") == "handraise_surface"
        ]

    def card(self, who: User | str) -> Message:
        """Return the only card in somebody's direct messages."""
        (card,) = self.cards(who)
        return card

    def whispers(self, who: User | str) -> list[str]:
        """Return what only this person was shown."""
        return [message.text for message in self.slack.ephemerals(who)]

    async def requests(self) -> list[FeedbackRequest]:
        """Return every question, oldest first."""

        def read(tx: Any) -> list[FeedbackRequest]:
            ids = tx.journal.requests("", 1_000)
            return [tx.requests.get(id_) for id_ in ids]

        found: list[FeedbackRequest] = await self.store.read(read)
        return found

    async def request(self) -> FeedbackRequest:
        """Return the only question as it stands."""
        (request,) = await self.requests()
        return request

    async def responses(self, request: FeedbackRequest) -> list[FeedbackResponse]:
        return list(await self.store.read(lambda tx: tx.requests.responses(request.id)))

    async def person(self, who: str) -> Person:
        user = self.slack.user(who)
        key = f"{user.team_id}/{user.id}"
        found = await self.store.read(lambda tx: tx.people.by_identity("slack", key))
        assert found is not None
        return found

    async def session_at(self, message: Message) -> str | None:
        """Return the session that lives in the thread which a message begins."""
        place = f"slack:{message.team_id}/{message.channel_id}/{message.thread_ts or message.ts}"
        binding = await self.store.read(lambda tx: tx.bindings.find(place))
        return None if binding is None else binding.session_id

    async def said(self, session_id: str, role: Role = Role.USER) -> list[str]:
        """Return what was said in a session by one role."""
        found = await self.store.read(lambda tx: tx.messages.after(session_id, 0, 10_000))
        return [message.text for message in found if message.role is role]


def settings_of(path: Path, slack: Slack, token: str, **more: Any) -> Settings:
    """Return settings that lead to the local Slack."""
    given = {
        "slack_signing_secret": slack.app.signing_secret,
        "slack_bot_token": token,
        "slack_api_url": slack.api_url,
        "slack_authorize_url": f"{slack.url}/oauth/v2/authorize",
    }
    return Settings.load(env_file=None, data_dir=path, secret_key=SECRET_KEY, **{**given, **more})


@asynccontextmanager
async def served(
    slack: Slack,
    clock: FakeClock,
    settings: Settings,
    *,
    planner: ScriptedPlanner | None = None,
    reader: FeedbackReader | None = None,
    point: bool = True,
    send_code: Any = None,
    port: int | None = None,
) -> AsyncIterator[Office]:
    """Run one server of ours, to which the local Slack sends."""
    planner = planner or ScriptedPlanner()
    app = build_app(
        settings,
        clock=clock,
        planner=planner,
        reader=reader,
        send_code=send_code,
        password_cost=4,
    )

    async def pause(seconds: float) -> None:
        """Let the tests' time pass instead of waiting."""
        clock.advance(seconds)
        await asyncio.sleep(0)

    for outlet in app[OUTLETS]:
        if isinstance(outlet, SlackOutlet):
            outlet.pause = pause
    server = TestServer(app, port=port)
    await server.start_server()
    try:
        url = str(server.make_url("")).rstrip("/")
        if point:
            slack.app.point_at(f"{url}/slack/events")
        yield Office(slack, clock, app, url, planner)
    finally:
        await server.close()


@asynccontextmanager
async def simulated(clock: FakeClock, *people: str, **app: Any) -> AsyncIterator[Slack]:
    """Run a local Slack on the tests' clock with one team in it."""
    slack = Slack(clock=Clock(lambda: clock.now() / 1_000_000), app=SlackApp(**app))
    async with slack:
        slack.add_team("Acme", *(people or ("ana", "ben", "cleo", "dana")))
        yield slack


def team_of(slack: Slack) -> Team:
    """Return the only team."""
    (team,) = slack.workspace.teams.values()
    return team


@asynccontextmanager
async def office(
    path: Path,
    clock: FakeClock | None = None,
    *,
    planner: ScriptedPlanner | None = None,
    send_code: Any = None,
    **more: Any,
) -> AsyncIterator[Office]:
    """Run one server in a Slack with ana, ben, cleo and dana, who share #general with the bot."""
    clock = clock or FakeClock()
    async with simulated(clock) as slack:
        team = team_of(slack)
        token = slack.install(team, "ana").value
        bot = slack.workspace.bot_of(team.id)
        slack.add_channel("general", "ana", "ben", "cleo", "dana", bot)
        settings = settings_of(path, slack, token, **more)
        async with served(slack, clock, settings, planner=planner, send_code=send_code) as office:
            await asyncio.wait_for(office.outlet.watching.list_people(), 10)
            yield office


__all__ = ["Office", "office", "served", "settings_of", "simulated", "team_of"]
