"""One team with a Bolt app in it, for the simulator's own tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from tests.slack.bolt_app import App
from tests.slack.records import Channel
from tests.slack.server import Slack


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack() as slack:
        slack.add_team("Acme", "ana", "bob")
        yield slack


@pytest.fixture
async def app(slack: Slack) -> AsyncIterator[App]:
    (team,) = slack.workspace.teams.values()
    token = slack.install(team, "ana")
    slack.add_channel("general", "ana", "bob", slack.workspace.bot_of(team.id))
    async with aiohttp.ClientSession() as session:
        app = App(slack, token.value, session)
        server = web.Application()
        server.router.add_post("/slack/events", app.handle)
        runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        slack.app.point_at(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
        yield app
        await runner.cleanup()


@pytest.fixture
def general(slack: Slack, app: App) -> Channel:
    return slack.channel("general")
