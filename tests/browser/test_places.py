"""The owner of a session lets it go on by mail, from the page: by keyboard, on a narrow screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from bot.domain.instants import to_micros
from bot.service.ports.accounts import Account
from bot.settings import Settings
from tests.browser.conftest import WORKER_LOOP, House, Visit, arrive, ask, free_port, no_complaints
from tests.browser.test_access import check
from tests.clock import FakeClock
from tests.flows.stage import ScriptedPlanner
from tests.gmail.server import GmailServer
from web.app import build_app
from web.keys import STORE

pytestmark = pytest.mark.browser

BOT, ANA, HOME = "bot@handraise.example", "ana@example.org", "ana@home.example"


@pytest_asyncio.fixture(**WORKER_LOOP)
async def gmail() -> AsyncIterator[GmailServer]:
    clock = FakeClock(to_micros(datetime.now(UTC)))
    async with GmailServer(BOT, ANA, HOME, clock=clock) as server:
        yield server


@pytest_asyncio.fixture(**WORKER_LOOP)
async def mailing_house(
    tmp_path: Path, gmail: GmailServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    port = free_port()
    settings = Settings.load(
        env_file=None,
        data_dir=tmp_path,
        secret_key="s" * 8 + "ecret-of-the-tests" * 2,
        public_url=f"http://127.0.0.1:{port}",
        channel_order="chat,email",
        **{name.lower(): value for name, value in gmail.environment(BOT).items()},
    )
    codes: dict[str, str] = {}

    def send_code(account: Account, code: str) -> None:
        codes[account.username] = code

    clock = FakeClock(to_micros(datetime.now(UTC)))
    planner = ScriptedPlanner()
    app = build_app(settings, clock=clock, planner=planner, send_code=send_code, password_cost=4)
    async with TestServer(app, port=port) as server:
        yield House(app, str(server.make_url("")).rstrip("/"), clock, planner, codes)


async def test_a_session_is_sent_on_by_mail_and_a_failure_is_tried_again(
    mailing_house: House, gmail: GmailServer, visit_at: Visit
) -> None:
    ana = await visit_at("about:blank", width=320, height=640)
    await arrive(mailing_house, ana, "ana")
    await ask(ana, "Plan the party")
    page = ana.page
    await expect(page.get_by_test_id("message").first).to_be_visible()
    ways = page.get_by_test_id("place-ways")
    await expect(ways).to_have_text("Go on by mail", use_inner_text=True)
    gmail.fail("messages.send", "not_found")
    await ways.locator("summary").focus()
    await page.keyboard.press("Enter")
    await check(ana, "places-offered")
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.keyboard.press("Tab")
    control = page.get_by_test_id("place-open")
    await expect(control).to_be_focused()
    await expect(control).to_have_text(f"Go on by mail, to {ANA}")
    await page.keyboard.press("Enter")
    place = page.get_by_test_id("place")
    await expect(place).to_have_attribute("data-state", "failed")
    await expect(place).to_contain_text("could not be opened by mail")
    await expect(page.get_by_role("alert")).to_contain_text("It could not be opened by mail")
    await check(ana, "places-failed")
    assert gmail.inbox(ANA) == []
    again = page.get_by_test_id("place-again")
    await expect(again).to_have_accessible_name("Try again to go on by mail")
    await again.focus()
    await page.keyboard.press("Enter")
    await expect(place).to_have_text("by mail with ana")
    await expect(page.get_by_test_id("toast").last).to_contain_text("in your mailbox")
    await expect(ways).to_have_count(0)
    (mail,) = gmail.inbox(ANA)
    assert mail.subject == "Plan the party"
    # The mail leads to this very page.
    await page.goto(next(link for link in gmail.links_in(mail) if "/#/s/" in link))
    await expect(place).to_have_text("by mail with ana")
    no_complaints(ana)


async def test_where_one_address_fails_another_can_be_chosen(
    mailing_house: House, gmail: GmailServer, visit_at: Visit
) -> None:
    ana = await visit_at("about:blank")
    await arrive(mailing_house, ana, "ana")
    await mailing_house.app[STORE].run(
        lambda tx: tx.people.add_identity(
            "email", HOME, tx.people.by_identity("email", ANA).id, mailing_house.clock.now()
        )
    )
    await ask(ana, "Plan the party")
    page = ana.page
    gmail.fail("messages.send", "not_found")
    summary = page.get_by_test_id("place-ways").locator("summary")
    await summary.click()
    await page.get_by_role("button", name=ANA).click()
    place = page.get_by_test_id("place")
    await expect(place).to_have_attribute("data-state", "failed")
    await summary.click()
    controls = page.get_by_test_id("place-open")
    await expect(controls).to_have_text([f"Go on by mail, to {HOME}"])
    await controls.click()
    await expect(place).to_have_text("by mail with ana")
    await expect(page.get_by_test_id("toast").last).to_contain_text(f"in your mailbox, {HOME}")
    assert (gmail.inbox(ANA), len(gmail.inbox(HOME))) == ([], 1)
    no_complaints(ana)
