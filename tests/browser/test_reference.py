"""The API's reference in a real browser: drawn whole under a policy without anything inline."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import House, Visit, Visitor, no_complaints

pytestmark = pytest.mark.browser


async def opened(house: House, visit_at: Visit, path: str) -> tuple[Visitor, list[str]]:
    """Open a page, having listened from before its first byte."""
    visitor = await visit_at("about:blank")
    abroad: list[str] = []
    visitor.page.on(
        "request",
        lambda r: None if r.url.startswith((house.url, "data:")) else abroad.append(r.url),
    )
    answer = await visitor.page.goto(f"{house.url}{path}")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "blob:" not in policy
    return visitor, abroad


async def nothing_inline(page: Page) -> None:
    """Fail when a style stands in the page's text; what a script set is another matter (CSSOM)."""
    texts = await page.eval_on_selector_all("style", "all => all.map(each => each.textContent)")
    assert [each for each in texts if each] == []


async def test_swagger_lists_explains_and_asks(house: House, visit_at: Visit) -> None:
    visitor, abroad = await opened(house, visit_at, "/docs")
    page = visitor.page
    await expect(page.locator(".opblock").first).to_be_visible()
    assert await page.locator(".opblock").count() > 60
    health = page.locator(".opblock", has_text="Whether the process answers")
    # Its own style sheet is there: a method stands on a colour and not on nothing.
    method = health.locator(".opblock-summary-method")
    await expect(method).to_have_css("background-color", "rgb(97, 175, 254)")
    await health.locator(".opblock-summary-control").click()
    await health.get_by_role("button", name="Try it out").click()
    await health.get_by_role("button", name="Execute").click()
    await expect(health.locator(".live-responses-table")).to_contain_text('"status"')
    await page.get_by_role("button", name="Authorize", exact=True).click()
    await expect(page.locator(".dialog-ux .modal-ux")).to_be_visible()
    await nothing_inline(page)
    no_complaints(visitor)
    assert abroad == []


async def test_redoc_draws_searches_and_folds_out(house: House, visit_at: Visit) -> None:
    visitor, abroad = await opened(house, visit_at, "/redoc")
    page = visitor.page
    await expect(page.get_by_role("heading", name=re.compile("^Handraise"))).to_be_visible()
    # Its rules came into the one empty style by script; without them the sidebar is no column.
    rules = "document.querySelector('style').sheet.cssRules.length"
    assert await page.evaluate(rules) > 100
    heading = await page.get_by_role("heading", name=re.compile("^Handraise")).bounding_box()
    assert heading is not None
    assert heading["x"] > 200
    await page.wait_for_load_state("networkidle")
    await page.get_by_text("Search", exact=False).first.click()
    await page.get_by_placeholder("Search docs").fill("password")
    found = page.locator('[data-component-name="Search/SearchItem"]')
    await found.filter(has_text="Change the password").click()
    await expect(page.get_by_role("heading", name="Change the password")).to_be_in_viewport()
    await expect(page.get_by_text("every other sign-in of the account ends").first).to_be_visible()
    await nothing_inline(page)
    no_complaints(visitor)
    assert abroad == []
