"""Everything that matters by keyboard alone: no test here uses the mouse."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import House, Visit, arrive, ask, no_complaints

pytestmark = pytest.mark.browser


async def press(page: Page, *keys: str) -> None:
    """Press keys one after the other, wherever the focus is."""
    for key in keys:
        await page.keyboard.press(key)


async def focused(page: Page) -> str | None:
    """Return the test id of what has the focus."""
    found: str | None = await page.evaluate("document.activeElement?.dataset.testid ?? null")
    return found


async def test_one_registers_asks_and_looks_without_a_mouse(house: House, visit_at: Visit) -> None:
    ana, ben = await visit_at(house.url), await visit_at("about:blank")
    await arrive(house, ben, "ben")
    page = ana.page
    await expect(page.get_by_test_id("register-email")).to_be_focused()
    await page.keyboard.type("ana@example.org")
    await press(page, "Tab")
    await page.keyboard.type("ana")
    await press(page, "Tab")
    await page.keyboard.type("password123")
    await press(page, "Enter")
    await expect(page.get_by_test_id("verify-code")).to_be_focused()
    await page.keyboard.type(house.code_of("ana"))
    await press(page, "Enter")
    await expect(page.get_by_test_id("composer")).to_be_focused()
    await page.keyboard.type("ask ben: Can we ship? Options: yes, no.")
    await press(page, "Enter")
    await expect(page.get_by_test_id("question-card")).to_be_visible()
    assert await focused(page) == "composer", "one goes on writing where one wrote"

    # From the top of the page everything can be reached, and what has the focus can be seen.
    await page.evaluate("document.activeElement.blur()")
    reached = []
    for _ in range(40):
        await press(page, "Tab")
        reached.append(await focused(page))
        outlined = await page.evaluate(
            """(() => { const one = document.activeElement;
            if (one === document.body) return true;
            const box = one.closest(".compose");
            return getComputedStyle(one).outlineStyle !== "none"
              || (box && getComputedStyle(box).boxShadow !== "none");
            })()"""
        )
        assert outlined, await page.evaluate("document.activeElement.outerHTML")
    for name in ("new-session", "nav-questions", "session-item", "nav-profile", "end-session"):
        assert name in reached
    assert {"question-cancel", "story", "composer"} <= set(reached)
    no_complaints(ana, ben)


async def test_a_question_is_dealt_with_by_keys(house: House, visit_at: Visit) -> None:
    ana, ben, cleo = (
        await visit_at("about:blank"),
        await visit_at("about:blank"),
        await visit_at("about:blank"),
    )
    for visitor, name in ((ana, "ana"), (ben, "ben"), (cleo, "cleo")):
        await arrive(house, visitor, name)
    await ask(ana, "ask two of ben and cleo for approval: Ship it?")
    page = ben.page
    await expect(page.get_by_test_id("inbox-count")).to_have_text("1")
    await expect(page).to_have_title("(1) Handraise")
    await page.evaluate("document.activeElement.blur()")
    await press(page, "?")
    await expect(page.get_by_test_id("keys")).to_be_visible()
    await expect(page.get_by_test_id("keys")).to_contain_text("Ask for changes")
    await press(page, "q")
    await expect(page.get_by_test_id("keys")).to_be_visible()
    await press(page, "Escape")
    await expect(page.get_by_test_id("keys")).to_have_count(0)

    await press(page, "q")
    await expect(page).to_have_url(f"{house.url}/#/questions")
    card = page.get_by_test_id("question-card").first
    await press(page, "j")
    await expect(card).to_be_focused()
    await press(page, "i")
    await expect(card.get_by_test_id("claimed-by")).to_have_text("You are on it.")
    await press(page, "r")
    await expect(card.get_by_test_id("changes-text")).to_be_focused()
    await page.keyboard.type("q j x? Only the small one")  # letters, not keys
    await press(page, "Control+Enter")
    responses = ana.page.get_by_test_id("responses")
    await expect(responses).to_contain_text("q j x? Only the small one")
    await expect(card).to_have_attribute("data-state", "pending")
    await expect(card.get_by_test_id("changes")).to_be_focused()

    # A key leads to the answer; only Enter gives it.
    await press(page, "a")
    await expect(card.get_by_test_id("answer-approve")).to_be_focused()
    await expect(card).to_have_attribute("data-state", "pending")
    await press(page, "2")
    await expect(card.get_by_test_id("answer-reject")).to_be_focused()
    await press(page, "1", "Enter")
    await expect(card).to_contain_text("You have answered")
    await press(page, "s")
    await expect(page.get_by_test_id("story-entry").first).to_contain_text("asked")

    # Another hands it on, with the name completed.
    page = cleo.page
    await page.evaluate("document.activeElement.blur()")
    await press(page, "q")
    await expect(page.get_by_test_id("question-card")).to_have_count(1)
    await press(page, "d")
    await page.keyboard.type("an")
    await expect(page.get_by_test_id("person")).to_have_count(1)
    await press(page, "Enter")
    await expect(page.get_by_test_id("delegate-to")).to_have_value("ana")

    # Who wants no keys has none, but for the one that brings them back.
    await press(page, "Escape")
    await page.evaluate("document.activeElement.blur()")
    await press(page, "?", "Tab")
    await page.get_by_test_id("keys-use").focus()
    await press(page, "Space", "Escape")
    await expect(page.get_by_test_id("keys")).to_have_count(0)
    await press(page, "n")
    await expect(page).to_have_url(f"{house.url}/#/questions")
    no_complaints(ana, ben, cleo)
