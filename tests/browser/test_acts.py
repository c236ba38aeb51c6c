"""What people do with a question besides answering it, and what its asker sees of it."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import House, Visit, Visitor, arrive, ask, no_complaints

pytestmark = pytest.mark.browser

TRIP = (
    "ask ben: What do you need for the trip? form: name (text), amount (number), from (date), "
    "size (S|M|L), hotel (yes/no), note (text, optional)"
)


async def first_card(house: House, visitor: Visitor) -> Locator:
    """Go to the questions and return the first card."""
    await visitor.page.goto(f"{house.url}/#/questions")
    card = visitor.page.get_by_test_id("question-card").first
    await expect(card).to_be_visible()
    return card


async def test_a_form_says_at_its_fields_what_is_wrong_and_keeps_what_was_typed(
    house: House, visit_at: Visit
) -> None:
    ana, ben = await visit_at("about:blank"), await visit_at("about:blank", width=390, height=780)
    await arrive(house, ana, "ana")
    await arrive(house, ben, "ben")
    await ask(ana, TRIP)
    card = await first_card(house, ben)
    amount = card.get_by_test_id("answer-field-amount")
    await card.get_by_test_id("answer-field-name").fill("Ben B.")
    await amount.fill("a lot")
    await card.get_by_test_id("answer-submit").click()
    await expect(card.locator(".field-error", has_text="not a number")).to_be_visible()
    await expect(card.locator(".field-error", has_text="“size” is missing")).to_be_visible()
    await expect(amount).to_be_focused()
    await expect(amount).to_have_attribute("aria-invalid", "true")

    await ben.page.reload()
    await expect(amount).to_have_value("a lot")
    await amount.fill("12.50")
    await card.get_by_test_id("answer-field-from").fill("2026-12-24")
    await card.get_by_test_id("answer-field-size").select_option("M")
    await card.get_by_test_id("answer-field-hotel-yes").check()
    await card.get_by_test_id("answer-submit").click()
    await expect(card).to_have_attribute("data-state", "answered")
    asked = ana.page.get_by_test_id("question-card").first
    await expect(asked.get_by_test_id("outcome")).to_contain_text("12.50")

    # A notice pushes on a phone, it covers nothing.
    toast = await ben.page.get_by_test_id("toast").last.bounding_box()
    inbox = await ben.page.locator("#inbox").bounding_box()
    assert toast is not None
    assert inbox is not None
    assert inbox["y"] + inbox["height"] <= toast["y"]

    await card.get_by_test_id("card-done").click()
    await ask(ana, "ask ben: Which days? Options: mon, tue, wed, thu. Several. Urgent.")
    await expect(card.get_by_test_id("urgent")).to_be_visible()
    await expect(card.get_by_test_id("answer-submit")).to_be_disabled()
    for day in ("tue", "thu"):
        await card.locator(f'[data-testid="answer-option"][data-value="{day}"]').check()
    await card.get_by_test_id("answer-submit").click()
    await expect(asked.page.get_by_test_id("outcome").last).to_contain_text("tue, thu")
    no_complaints(ana, ben)


async def test_people_comment_claim_hand_on_and_the_asker_sees_the_story(
    house: House, visit_at: Visit
) -> None:
    ana, ben, cleo = (
        await visit_at("about:blank"),
        await visit_at("about:blank"),
        await visit_at("about:blank", width=390, height=780),
    )
    await arrive(house, ana, "ana")
    await arrive(house, ben, "ben")
    await arrive(house, cleo, "cleo")
    await ask(ana, "ask two of ben and cleo for approval: Ship it?")
    at_bens, at_cleos = await first_card(house, ben), await first_card(house, cleo)
    asked = ana.page.get_by_test_id("question-card").first
    await expect(at_bens.get_by_test_id("rule")).to_contain_text("2 of 2 must agree")
    # The card says it all; the words that it repeats are for screen readers.
    carded = ana.page.locator('[data-testid="message"][data-carded="true"]')
    await expect(carded).to_have_count(1)
    await expect(asked.locator('[data-channel="chat"]').first).to_contain_text("seen")

    await at_bens.get_by_test_id("claim").click()
    await expect(at_cleos.get_by_test_id("claimed-by")).to_have_text("ben is on it.")
    await expect(asked).to_contain_text("is on it")
    await at_bens.get_by_test_id("answer-note").fill("half a thought")
    await at_bens.get_by_test_id("release").click()
    await expect(at_cleos.get_by_test_id("claimed-by")).to_have_count(0)
    await expect(at_bens.get_by_test_id("answer-note")).to_have_value("half a thought")

    await at_cleos.get_by_test_id("comment").click()
    await at_cleos.get_by_test_id("comment-text").fill("Is the manual done?")
    await at_cleos.get_by_test_id("comment-submit").click()
    await expect(asked.get_by_test_id("responses")).to_contain_text("Is the manual done?")
    await at_bens.get_by_test_id("changes").click()
    await at_bens.get_by_test_id("changes-text").fill("Only the small parcel")
    await at_bens.get_by_test_id("changes-submit").click()
    await expect(asked.get_by_test_id("responses")).to_contain_text("asks for changes")
    await expect(at_bens).to_have_attribute("data-state", "pending")

    await asked.get_by_test_id("question-cancel").click()
    await expect(at_bens.get_by_test_id("outcome")).to_contain_text("Taken back by ana")
    await asked.get_by_test_id("ask-again").click()
    again = ana.page.locator('[data-testid="question-card"][data-state="pending"]')
    await expect(again).to_have_count(1)
    await expect(asked).to_contain_text("Asked again since.")

    await again.get_by_test_id("story").click()
    lines = ana.page.get_by_test_id("story-entry")
    await expect(lines.first).to_contain_text("ana asked")
    await expect(ana.page.get_by_test_id("story-verified")).to_have_attribute(
        "data-verified", "true"
    )
    await ana.page.get_by_test_id("story-back").click()
    await expect(again).to_be_visible()
    no_complaints(ana, ben, cleo)


async def test_a_question_is_handed_on_and_who_is_told_only_looks_on(
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
    await ask(ana, "ask ben: Can we ship? Options: yes, no. Escalate to cleo after 4h.")
    card = await first_card(house, ben)
    asked = ana.page.get_by_test_id("question-card").first
    await expect(asked.get_by_test_id("escalation")).to_contain_text("cleo is asked")
    await expect(asked.get_by_test_id("next-reminder")).to_be_visible()
    await card.get_by_test_id("delegate").click()
    await card.get_by_test_id("delegate-to").fill("nobody")
    await card.get_by_test_id("delegate-to").press("Enter")
    await expect(card.locator(".panel .answer-result.bad")).to_contain_text("nobody")
    await card.get_by_test_id("delegate-to").fill("cleo")
    await card.get_by_test_id("delegate-submit").click()
    # Who has handed it on is told how it goes on.
    await expect(card.get_by_test_id("for-information")).to_be_visible()
    await expect(card.get_by_test_id("answer-option")).to_have_count(0)
    await expect(asked).to_contain_text("handed on by ben")
    theirs = await first_card(house, cleo)
    await expect(theirs.get_by_test_id("came-to-me")).to_have_text("ben handed this on to you.")
    await theirs.locator('[data-testid="answer-option"][data-value="yes"]').click()
    await expect(card).to_have_attribute("data-state", "answered")
    await card.get_by_test_id("story").click()
    await expect(ben.page.get_by_test_id("story-lines")).to_contain_text("handed it on to cleo")
    await expect(ben.page.get_by_test_id("story-lines")).to_contain_text("Decided by cleo: yes")
    no_complaints(ana, ben, cleo)
