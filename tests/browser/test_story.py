"""The main job as a new user does it: two browsers, one question, one answer, also over a kill."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Server, Visit, no_complaints, register

pytestmark = pytest.mark.browser

OUTPUT = Path(__file__).parents[1] / "output"


async def test_one_person_asks_another_and_the_session_goes_on(
    server: Server, visit: Visit
) -> None:
    ana, ben = await visit(), await visit(width=390, height=780)
    await register(server, ana, "ana")
    await register(server, ben, "ben")

    await ana.page.get_by_test_id("composer").fill(
        "ask ben: Can we ship on Friday? options: yes, no"
    )
    await ana.page.get_by_test_id("send").click()
    await expect(ben.page.get_by_test_id("inbox-count")).to_have_text("1")
    await ben.page.goto(f"{server.url}/#/questions")
    card = ben.page.get_by_test_id("question-card").first
    await expect(card).to_be_visible()
    await expect(card).to_contain_text("Can we ship on Friday?")
    OUTPUT.mkdir(exist_ok=True)
    await ben.page.screenshot(path=OUTPUT / "question.png")
    await ana.page.screenshot(path=OUTPUT / "awaiting.png")

    await card.get_by_test_id("answer-option").filter(has_text="yes").first.click()
    agent = ana.page.get_by_test_id("message").filter(has_text="ben says: yes.")
    await expect(agent).to_be_visible()
    await expect(card).to_have_attribute("data-state", "answered")
    await ana.page.screenshot(path=OUTPUT / "answered.png")

    await ana.page.reload()
    await expect(agent).to_be_visible()
    no_complaints(ana, ben)


async def test_a_killed_server_loses_nothing_and_the_page_comes_back(
    server: Server, visit: Visit
) -> None:
    ana, ben = await visit(), await visit()
    await register(server, ana, "ana")
    await register(server, ben, "ben")
    await ana.page.get_by_test_id("composer").fill("ask ben for approval: Ship it?")
    await ana.page.get_by_test_id("send").click()
    await expect(ben.page.get_by_test_id("inbox-count")).to_have_text("1")
    await ben.page.goto(f"{server.url}/#/questions")
    card = ben.page.get_by_test_id("question-card").first
    await expect(card).to_be_visible()

    for each in (ana, ben):
        each.expected += ["ERR_CONNECTION_REFUSED", "net::ERR_", "WebSocket connection"]
    await server.kill()
    state = ana.page.get_by_test_id("connection-state")
    await expect(state).not_to_have_attribute("data-state", "connected")
    await server.start()
    await expect(state).to_have_attribute("data-state", "connected", timeout=20_000)
    await expect(ben.page.get_by_test_id("connection-state")).to_have_attribute(
        "data-state", "connected", timeout=20_000
    )

    await card.get_by_test_id("answer-approve").click()
    await expect(
        ana.page.get_by_test_id("message").filter(has_text="ben says: approved.")
    ).to_be_visible()
