"""Every screen under axe-core: wide and light, narrow and dark; and what a phone must fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from bot.domain.planning import Plan, Reply
from tests.browser.conftest import House, Visit, Visitor, arrive, ask, no_complaints
from tests.browser.test_conversation import ANSWER

pytestmark = pytest.mark.browser

AXE = Axe()
OUTPUT = Path(__file__).parents[1] / "output"
GRAVE = ("moderate", "serious", "critical")
VIEWS = ((1280, 800, "light"), (320, 640, "dark"))


async def check(visitor: Visitor, name: str) -> None:
    """Fail on all but minor findings, and on what is wider than the screen; keep a picture."""
    page = visitor.page
    OUTPUT.mkdir(exist_ok=True)
    for width, height, scheme in VIEWS:
        await page.set_viewport_size({"width": width, "height": height})
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, f"{name} is wider than {width} px"
        if not await page.evaluate("Boolean(globalThis.axe)"):
            await page.evaluate(AXE.axe_script)
        found = await page.evaluate("axe.run({ resultTypes: ['violations'] })")
        grave = [
            f"{one['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
            for one in found["violations"]
            if one["impact"] in GRAVE
            for node in one["nodes"][:3]
        ]
        assert not grave, f"{name}, {width} px, {scheme}: " + "\n".join(grave)
        await page.screenshot(path=OUTPUT / f"{name}-{width}-{scheme}.png")


async def test_no_screen_has_more_than_a_minor_finding(house: House, visit_at: Visit) -> None:
    ana, ben = await visit_at(house.url), await visit_at("about:blank")
    await expect(ana.page.get_by_test_id("register-email")).to_be_visible()
    await check(ana, "register")
    await ana.page.goto(f"{house.url}/#/forgot")
    await expect(ana.page.get_by_test_id("forgot-name")).to_be_visible()
    await check(ana, "forgot")
    await ana.page.goto(f"{house.url}/#/sign-in")
    await arrive(house, ana, "ana")
    await check(ana, "start")
    await arrive(house, ben, "ben")
    house.planner.script = [Plan(steps=(Reply(text=ANSWER),))]
    await ask(ana, "How do I get there?")
    await expect(ana.page.get_by_test_id("copy")).to_be_visible()
    for text in (
        "ask ben: What do you need? form: name (text), size (S|M|L), hotel (yes/no)",
        "ask ben for approval: Ship it?",
        "ask ben: Which days? Options: mon, tue, wed. Several. Urgent.",
    ):
        await ask(ana, text)
        await expect(ana.page.get_by_test_id("composer")).to_have_value("")
    await expect(ana.page.get_by_test_id("question-card")).to_have_count(3)
    await check(ana, "conversation")
    await ben.page.goto(f"{house.url}/#/questions")
    await expect(ben.page.get_by_test_id("question-card")).to_have_count(3)
    await check(ben, "questions")
    await ben.page.get_by_test_id("answer-approve").click()
    await expect(ben.page.get_by_test_id("outcome")).to_have_count(1)
    await check(ben, "answered")
    await ana.page.goto(f"{house.url}/#/questions")
    asked = ana.page.get_by_test_id("asked-row")
    await expect(asked).to_have_count(3)
    await expect(ana.page.get_by_test_id("reached").first).to_contain_text("ben")
    await asked.last.locator("summary").click()
    await expect(asked.last.get_by_test_id("outcome")).to_contain_text("Approved by ben")
    await check(ana, "asked")
    request_id = await asked.last.get_attribute("data-request-id")
    await ana.page.goto(f"{house.url}/#/questions/{request_id}/story")
    await expect(ana.page.get_by_test_id("story-entry").first).to_be_visible()
    await check(ana, "story")
    await ana.page.goto(f"{house.url}/#/profile")
    await expect(ana.page.get_by_test_id("sign-in")).to_have_count(1)
    await expect(ana.page.get_by_test_id("identity")).to_contain_text("ana@example.org")
    await check(ana, "profile")
    await ana.page.set_viewport_size({"width": 1280, "height": 800})
    await ana.page.get_by_test_id("show-keys").click()
    await check(ana, "keys")
    no_complaints(ana, ben)
