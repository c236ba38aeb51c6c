"""A notice of the device for a new question, once wanted, and only while nobody looks."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import House, Visit, arrive, ask, no_complaints

pytestmark = pytest.mark.browser

# Headless browsers show none, so this one notes what it is asked to show.
NOTED = """
window.notices = [];
window.Notification = class {
  static permission = "default";
  static async requestPermission() { return (this.permission = "granted"); }
  constructor(title, options) { window.notices.push([title, options.body, options.tag]); }
  close() {}
};
let hidden = false;
window.look = (away) => {
  hidden = away;
  document.dispatchEvent(new Event("visibilitychange"));
};
Object.defineProperty(document, "visibilityState", { get: () => (hidden ? "hidden" : "visible") });
"""


async def test_a_question_is_told_and_counts_as_seen_only_once_it_is_looked_at(
    house: House, visit_at: Visit
) -> None:
    ana, ben = await visit_at("about:blank"), await visit_at("about:blank")
    await ben.context.add_init_script(NOTED)
    await arrive(house, ana, "ana")
    await arrive(house, ben, "ben")
    page = ben.page
    await page.goto(f"{house.url}/#/questions")
    await page.get_by_test_id("notify").check()
    await ask(ana, "ask ben for approval: Ship it?")
    card = page.get_by_test_id("question-card")
    await expect(card).to_have_count(1)
    assert await page.evaluate("notices") == [], "whoever looks needs no notice"
    asked = ana.page.get_by_test_id("question-card")
    await expect(asked.first.locator('[data-channel="chat"]')).to_contain_text("seen")

    await page.evaluate("look(true)")
    await ask(ana, "ask ben for approval: And this?")
    await expect(card).to_have_count(2)
    await expect(page).to_have_title("(2) Questions for you · Handraise")
    tag = await card.last.get_attribute("data-request-id")
    assert await page.evaluate("notices") == [["ana asks you", "And this?", tag]]
    delivery = asked.last.locator('[data-channel="chat"]')
    await expect(delivery).to_be_visible()
    await expect(delivery).not_to_contain_text("seen")
    await page.evaluate("look(false)")
    # The time is that of the delivery, and says so.
    await expect(delivery).to_have_text(re.compile(r"^on the page: delivered .+, seen$"))

    # Two tabs tell of one question under one tag; who turns it off hears nothing.
    await page.get_by_test_id("notify").uncheck()
    await page.evaluate("look(true)")
    await ask(ana, "ask ben for approval: And that?")
    await expect(card).to_have_count(3)
    assert len(await page.evaluate("notices")) == 1
    no_complaints(ana, ben)
