"""Somebody whom the owner has not named: the card that asks for leave, in words, and its click."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from bot.domain.feedback import Kind
from bot.domain.planning import AskHuman, Plan
from tests.browser.conftest import House, Visit, arrive, ask, no_complaints

pytestmark = pytest.mark.browser


async def test_the_agent_asks_in_words_whether_it_may_ask(house: House, visit_at: Visit) -> None:
    ana, ben = await visit_at("about:blank"), await visit_at("about:blank", width=320, height=640)
    await arrive(house, ana, "ana")
    await arrive(house, ben, "ben")
    step = AskHuman(
        people=("ben",), question="Ship on Friday?", kind=Kind.CHOICE, options=("yes", "no")
    )
    house.planner.script = [Plan(steps=(step,))]
    await ask(ana, "Please find out when we ship.")
    page = ana.page
    await expect(page.locator('[data-place="conversation"]')).to_contain_text("Handraise asks")
    await page.goto(f"{house.url}/#/questions")
    card = page.locator('[data-place="inbox"]')
    await expect(card).to_contain_text("Handraise asks")
    await expect(card).to_contain_text("You have not named ben in this session.")
    await expect(card).to_contain_text("They choose one of: “yes”, “no”.")
    await expect(card.get_by_test_id("action")).to_have_count(0)
    await ben.page.goto(f"{house.url}/#/questions")
    await expect(ben.page.get_by_test_id("question-card")).to_have_count(0)
    await card.get_by_test_id("answer-approve").click()
    await expect(ben.page.get_by_test_id("question-card")).to_contain_text("Ship on Friday?")
    no_complaints(ana, ben)
