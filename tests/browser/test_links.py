"""A link from a mail on a small phone whose browser runs no scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bot.domain.feedback import Field, FieldKind, Kind
from bot.domain.planning import AskHuman, Plan
from bot.service.links import Links
from bot.service.ports.store import Transaction
from tests.browser.conftest import WORKER_LOOP, House, Visit, arrive, ask, no_complaints
from web.keys import CLOCK, STORE, TOKENS

pytestmark = pytest.mark.browser


@pytest_asyncio.fixture(**WORKER_LOOP, params=["light", "dark"])
async def phone(chromium: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    context = await chromium.new_context(
        viewport={"width": 320, "height": 568},
        java_script_enabled=False,
        color_scheme=request.param,
    )
    yield await context.new_page()
    await context.close()


async def links_of(house: House, username: str) -> dict[str, str]:
    """Return a person's links to what they are asked, by the question's words."""
    links = Links(key=house.app[TOKENS].keyed("links"))

    def offer(tx: Transaction) -> dict[str, str]:
        person = tx.people.find(username)
        assert person is not None
        address, now = f"{username}@example.org", house.app[CLOCK].now()
        return {
            request.question: links.offer(tx, request, person.id, address, now)
            for request in tx.requests.of_recipient(person.id, None, None, 10)
        }

    found = await house.app[STORE].run(offer)
    return {question: f"{house.url}/f/{token}" for question, token in found.items()}


async def fits(page: Page) -> None:
    """Fail where the page is wider than the screen, or a button is too small for a thumb."""
    main = await page.locator("main").bounding_box()
    assert main is not None
    assert main["x"] >= 0
    assert main["x"] + main["width"] <= 320
    for each in await page.locator("button, input:visible, textarea, select, pre, p").all():
        box = await each.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320, await each.inner_text()
    for button in await page.locator("button").all():
        box = await button.bounding_box()
        assert box is not None
        assert box["height"] >= 44


async def test_a_phone_without_scripts_answers_by_link(
    house: House, visit_at: Visit, phone: Page, tmp_path: Path
) -> None:
    ana, ben = await visit_at("about:blank"), await visit_at("about:blank")
    await arrive(house, ana, "ana")
    await arrive(house, ben, "ben")
    long = "Refund " + "x" * 120 + "?"
    house.planner.script = [
        Plan(
            steps=(
                AskHuman(people=("ben",), question=long, kind=Kind.APPROVAL, context="*Why* not."),
                AskHuman(
                    people=("ben",),
                    question="What to order?",
                    kind=Kind.FORM,
                    fields=(
                        Field(name="count", label="How many", kind=FieldKind.NUMBER),
                        Field(name="when", label="By when", kind=FieldKind.DATE),
                        Field(name="gift", label="A gift?", kind=FieldKind.YES_NO),
                    ),
                ),
            )
        )
    ]
    await ask(ana, "ask ben both")
    await expect(ana.page.get_by_test_id("question-card")).to_have_count(2)
    links = await links_of(house, "ben")

    await phone.goto(f"{links[long]}?choose=reject")
    await expect(phone.get_by_test_id("pressed")).to_contain_text("Nothing is sent until")
    await expect(phone.get_by_test_id("reject")).to_be_focused()
    await fits(phone)
    await phone.screenshot(path=tmp_path / "approval.png", full_page=True)
    await phone.get_by_label("Note").fill("Not this\nmonth <b>")
    await phone.get_by_test_id("reject").click()
    await expect(phone.get_by_test_id("notice")).to_have_text("Thank you. That decides it.")
    await expect(phone.get_by_test_id("outcome")).to_contain_text("You rejected this")
    await fits(phone)
    card = ana.page.locator('[data-state="rejected"]').first
    await expect(card).to_contain_text("month <b>")

    await phone.goto(links["What to order?"])
    await phone.get_by_label("How many").fill("a few")
    await phone.get_by_label("Yes").check()
    await phone.get_by_test_id("send").click()
    await expect(phone.get_by_test_id("notice")).to_contain_text("see what is marked below")
    count = phone.get_by_label("How many")
    await expect(count).to_have_value("a few")
    described = await count.get_attribute("aria-describedby")
    await expect(phone.locator(f"#{described}")).to_contain_text("is not a number")
    await expect(phone.get_by_label("Yes")).to_be_checked()
    await fits(phone)
    await phone.screenshot(path=tmp_path / "form.png", full_page=True)
    await count.fill("3")
    await phone.get_by_label("By when").fill("2026-12-24")
    await phone.get_by_test_id("send").click()
    await expect(phone.get_by_test_id("outcome")).to_contain_text("count: 3; when: 2026-12-24")
    # Pressing reload sends the form again, which is the same act.
    await phone.reload()
    await expect(phone.get_by_test_id("notice")).to_have_text("Thank you. That decides it.")
    await phone.goto(links["What to order?"])
    await expect(phone.get_by_test_id("outcome")).to_contain_text("You answered this by e-mail")
    await phone.screenshot(path=tmp_path / "decided.png", full_page=True)
    await phone.goto(f"{house.url}/f/nothing")
    await expect(phone.get_by_role("heading")).to_have_text("This link opens nothing")
    no_complaints(ana, ben)
