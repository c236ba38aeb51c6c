"""One question over Slack, mail and the page: all answer where they are, the story tells it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from bot.domain.instants import to_micros
from bot.service.ports.accounts import Account
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
from tests.flows.slack_office import Office, served, settings_of, simulated, team_of
from tests.gmail.server import GmailServer
from web.keys import AGENT

pytestmark = pytest.mark.browser

BOT, CLEO = "bot@handraise.example", "cleo@elsewhere.example"
OUTPUT = Path(__file__).parents[1] / "output"


@pytest_asyncio.fixture(**WORKER_LOOP)
async def channels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[House, Office, GmailServer]]:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    codes: dict[str, str] = {}

    def send_code(account: Account, code: str) -> None:
        codes[account.username] = code

    clock = FakeClock(to_micros(datetime.now(UTC)))
    async with (
        simulated(clock, "ben") as slack,
        GmailServer(
            BOT, CLEO, *(f"{name}@example.org" for name in ("ana", "ben", "dana")), clock=clock
        ) as gmail,
    ):
        token = slack.install(team_of(slack), "ben").value
        port = free_port()
        settings = settings_of(
            tmp_path,
            slack,
            token,
            public_url=f"http://127.0.0.1:{port}",
            channel_order="slack,email,chat",
            **{name.lower(): value for name, value in gmail.environment(BOT).items()},
        )
        async with served(slack, clock, settings, send_code=send_code, port=port) as office:
            await asyncio.wait_for(office.outlet.watching.list_people(), 10)
            house = House(office.app, office.url, clock, office.planner, codes)
            yield house, office, gmail


async def test_each_answers_where_they_are_and_the_page_tells_the_story(
    channels: tuple[House, Office, GmailServer], visit_at: Visit
) -> None:
    house, office, gmail = channels
    slack = office.slack
    ben = slack.user("ben")

    async def settle() -> None:
        for _ in range(3):
            house.clock.advance(61)
            await house.app[AGENT].chores.tick()
            await office.settle()

    await settle()
    ana, dana = await visit_at("about:blank"), await visit_at("about:blank")
    await arrive(house, ana, "ana")
    await arrive(house, dana, "dana")
    await ask(
        ana,
        f"ask all of {ben.email}, {CLEO} and dana for approval: Ship on Friday? within 2 days",
    )
    page = ana.page
    await expect(page.get_by_test_id("message").first).to_be_visible()
    await settle()
    await dana.page.goto(f"{house.url}/#/questions")
    await dana.page.get_by_test_id("question-card").first.wait_for()

    bens = office.card(ben)
    await slack.click(ben, bens.channel_id, bens.ts, "hr.approve")
    await settle()
    (mail,) = [m for m in gmail.inbox(CLEO) if BOT in m.header("From")]
    gmail.reply_as(CLEO, mail, "Yes, approved. Cleo")
    await settle()
    card = dana.page.get_by_test_id("question-card").first
    await card.get_by_test_id("answer-approve").click()
    await expect(card).to_have_attribute("data-state", "approved")
    await settle()
    told = page.get_by_test_id("message")
    await expect(told.filter(has_text="Ship on Friday?").last).to_be_visible()
    await page.get_by_test_id("story").first.click()
    lines = page.get_by_test_id("story-lines")
    await expect(lines).to_contain_text("Approved by dana")
    for who, where in (("Ben", "in Slack"), ("cleo", "by e-mail")):
        line = page.get_by_test_id("story-entry").filter(has_text=f"{who} answered: approved")
        await expect(line).to_contain_text(where, ignore_case=True)
    decided = page.get_by_test_id("story-entry").filter(has_text="Approved by dana")
    await expect(decided).to_contain_text("on the page")
    shown = slack.message(bens.channel_id, bens.ts)
    assert "dana" in str(shown.blocks) + shown.text, "the card in Slack tells who decided"
    OUTPUT.mkdir(exist_ok=True)
    await page.screenshot(path=OUTPUT / "three_channels.png", full_page=True)
    no_complaints(ana, dana)
