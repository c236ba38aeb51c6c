"""What time does to a question, and what would run, as the page shows both."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import expect

from bot.domain.commands import Actor, AnswerRequest
from bot.domain.feedback import Kind, Risk
from bot.domain.instants import HOUR, SECOND
from bot.domain.planning import AskHuman, Plan, ProposedAction
from tests.browser.conftest import House, Visit, arrive, ask, no_complaints
from web.keys import AGENT, INTAKE, STORE

pytestmark = pytest.mark.browser

CALL = {
    "method": "POST",
    "url": "https://shop.example.org/orders/7/refunds",
    "body": {"amount": "250.00", "note": "in part"},
}


async def test_what_would_run_is_shown_and_a_late_answer_can_be_taken(
    house: House, visit_at: Visit
) -> None:
    ana, ben = await visit_at("about:blank"), await visit_at("about:blank", width=390, height=780)
    await arrive(house, ana, "ana")
    await arrive(house, ben, "ben")
    refund = AskHuman(
        people=("ben",),
        question="Refund order 7?",
        kind=Kind.APPROVAL,
        within=HOUR,
        risk=Risk.HIGH,
        action=ProposedAction(tool="http_request", arguments=json.dumps(CALL)),
    )
    house.planner.script = [Plan(steps=(refund,))]
    await ask(ana, "refund order 7, ask ben")
    await ben.page.goto(f"{house.url}/#/questions")
    card = ben.page.get_by_test_id("question-card").first
    action = card.get_by_test_id("action")
    await expect(action).to_contain_text("This runs if you approve")
    await expect(action).to_contain_text("POST")
    await expect(action).to_contain_text("https://shop.example.org/orders/7/refunds")
    await expect(card.get_by_test_id("high-risk")).to_be_visible()
    request_id = await card.get_attribute("data-request-id")
    assert request_id is not None

    sent_at = house.clock.now() + SECOND
    house.clock.advance(minutes=95)
    await house.app[AGENT].sweeper.sweep()
    await expect(card.get_by_test_id("outcome")).to_contain_text("Nobody answered in time")
    asked = ana.page.get_by_test_id("question-card").first
    await expect(asked.get_by_test_id("ask-again")).to_be_visible()

    person = await house.app[STORE].read(lambda tx: tx.people.find("ben"))
    assert person is not None
    actor = Actor(person_id=person.id, channel="email")
    late = AnswerRequest(
        external_key="mail:1", actor=actor, request_id=request_id, text="no", sent_at=sent_at
    )
    await house.app[INTAKE].submit(late)
    response = asked.get_by_test_id("response")
    await expect(response).to_contain_text("sent in time, came late")
    await response.get_by_test_id("reopen").click()
    await expect(asked).to_have_attribute("data-state", "rejected")
    await expect(asked.get_by_test_id("action")).to_contain_text("This does not run")
    await asked.get_by_test_id("story").click()
    story = ana.page.get_by_test_id("story-lines")
    await expect(story).to_contain_text("ana let a late answer decide: rejected")
    no_complaints(ana, ben)
