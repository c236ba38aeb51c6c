"""The profile on the page, and what it changes for who asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.browser.conftest import House, Visit, arrive, ask, no_complaints

pytestmark = pytest.mark.browser


async def test_somebody_says_when_they_can_be_asked_and_who_stands_in(
    house: House, visit_at: Visit
) -> None:
    ana, ben, cleo = (
        await visit_at("about:blank"),
        await visit_at("about:blank", width=390, height=780),
        await visit_at("about:blank"),
    )
    await arrive(house, ana, "ana")
    await arrive(house, ben, "ben")
    await arrive(house, cleo, "cleo")
    page = ben.page
    await page.goto(f"{house.url}/#/profile")
    await page.get_by_test_id("profile-zone").select_option("Asia/Tokyo")
    await page.get_by_test_id("profile-hours-any").uncheck()
    await page.get_by_test_id("profile-hours-fri").uncheck()
    await page.get_by_test_id("profile-hours-mon-start").fill("22:00")
    await page.get_by_test_id("profile-hours-mon-end").fill("00:00")
    today = datetime.now(UTC).date()
    await page.get_by_test_id("profile-away-from").fill(f"{today - timedelta(days=2)}")
    await page.get_by_test_id("profile-away-until").fill(f"{today - timedelta(days=3)}")
    await page.get_by_test_id("profile-delegate").fill("nobody")
    await page.get_by_test_id("profile-save").click()
    fault = page.get_by_test_id("profile-away-error")
    await expect(fault).to_have_text("The last day is before the first.")
    await page.get_by_test_id("profile-away-until").fill(f"{today + timedelta(days=3)}")
    await page.get_by_test_id("profile-save").click()
    await expect(page.get_by_test_id("profile-delegate-error")).to_contain_text("nobody")
    await expect(page.get_by_test_id("profile-delegate")).to_be_focused()
    await expect(fault).to_be_empty()
    await page.get_by_test_id("profile-delegate").fill("cleo")
    await page.get_by_test_id("profile-channel").select_option("chat")
    await page.get_by_test_id("profile-save").click()
    await expect(page.get_by_test_id("profile-result")).to_have_text("Saved.")

    await page.reload()
    await expect(page.get_by_test_id("profile-zone")).to_have_value("Asia/Tokyo")
    await expect(page.get_by_test_id("profile-hours-fri")).not_to_be_checked()
    await expect(page.get_by_test_id("profile-hours-mon-end")).to_have_value("00:00")
    await expect(page.get_by_test_id("profile-away-from")).to_have_value(
        f"{today - timedelta(days=2)}"
    )
    await expect(page.get_by_test_id("profile-away-until")).to_have_value(
        f"{today + timedelta(days=3)}"
    )
    await expect(page.get_by_test_id("profile-delegate")).to_have_value("cleo")
    await page.get_by_test_id("profile-save").click()
    await expect(page.get_by_test_id("profile-result")).to_have_text("Nothing is changed.")

    await ask(ana, "ask ben: Can we ship? Options: yes, no.")
    asked = ana.page.get_by_test_id("question-card").first
    await expect(asked).to_contain_text("in place of ben, who is away")
    await expect(cleo.page.get_by_test_id("inbox-count")).to_have_text("1")
    await cleo.page.goto(f"{house.url}/#/questions")
    await expect(cleo.page.get_by_test_id("came-to-me")).to_have_text(
        "You are asked in place of ben, who is away."
    )

    await page.get_by_test_id("profile-away-clear").click()
    await page.get_by_test_id("profile-hours-any").check()
    await page.get_by_test_id("profile-save").click()
    await expect(page.get_by_test_id("profile-result")).to_have_text("Saved.")
    no_complaints(ana, ben, cleo, but="422 (Unprocessable Entity)")
