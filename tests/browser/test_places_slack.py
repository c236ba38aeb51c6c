"""The owner of a session lets it go on in Slack, from the page, where it goes on there already."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from bot.domain.instants import to_micros
from bot.service.ports.accounts import Account
from bot.service.talking import bind_place
from bot.settings import Settings
from tests.browser.conftest import (
    WORKER_LOOP,
    House,
    Visit,
    arrive,
    ask,
    free_port,
    no_complaints,
)
from tests.clock import FakeClock
from tests.flows.slack_office import served, settings_of, simulated, team_of
from tests.slack.server import Slack
from web.keys import STORE

pytestmark = pytest.mark.browser


@dataclass
class SlackHouse(House):
    """The application beside a local Slack."""

    slack: Slack


@pytest_asyncio.fixture(**WORKER_LOOP)
async def slack_house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SlackHouse]:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    codes: dict[str, str] = {}

    def send_code(account: Account, code: str) -> None:
        codes[account.username] = code

    clock = FakeClock(to_micros(datetime.now(UTC)))
    async with simulated(clock) as slack:
        token = slack.install(team_of(slack), "ana").value
        port = free_port()
        settings = settings_of(
            tmp_path,
            slack,
            token,
            public_url=f"http://127.0.0.1:{port}",
            channel_order="chat,slack",
        )
        async with served(slack, clock, settings, send_code=send_code, port=port) as office:
            await asyncio.wait_for(office.outlet.watching.list_people(), 10)
            yield SlackHouse(office.app, office.url, clock, office.planner, codes, slack)


async def test_only_the_thread_that_was_wanted_is_told_of_and_in_every_tab(
    slack_house: SlackHouse, visit_at: Visit
) -> None:
    slack = slack_house.slack
    ana = await visit_at("about:blank")
    await arrive(slack_house, ana, "ana")
    await ask(ana, "Plan the party")
    page = ana.page
    await expect(page.get_by_test_id("message").first).to_be_visible()
    session = page.url.rpartition("/")[2]
    team = team_of(slack).id
    await slack_house.app[STORE].run(
        bind_place,
        f"slack:{team}/C0PARTY/1700000000.000100",
        session,
        "{}",
        slack_house.clock.now(),
    )
    await page.reload()
    other = await ana.context.new_page()
    ana.watch(other)
    await other.goto(page.url)
    places = page.get_by_test_id("place")
    await expect(places).to_have_text(["in a Slack thread"])
    await expect(other.get_by_test_id("place")).to_have_text(["in a Slack thread"])
    gate = slack.fail("chat.postMessage", kind="gate")
    await page.get_by_test_id("place-ways").locator("summary").click()
    await page.get_by_test_id("place-open").click()
    for each in (page, other):
        await expect(each.get_by_test_id("place").last).to_have_text("opening in Slack…")
    await expect(page.get_by_test_id("toast")).to_have_count(0)
    gate.release.set()
    for each in (page, other):
        await expect(each.get_by_test_id("place").last).to_have_text("in a Slack direct message")
    await expect(page.get_by_test_id("toast")).to_contain_text("There is a new thread")
    await expect(other.get_by_test_id("toast")).to_have_count(0)
    assert len(slack.messages(slack.dm("ana"))) == 1
    no_complaints(ana)
