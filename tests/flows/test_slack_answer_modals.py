"""Questions answered in a modal of Slack: forms, notes, changes, handing on."""

from __future__ import annotations

from typing import Any

from bot.domain.feedback import Kind, Risk
from bot.domain.planning import AskHuman, Plan
from tests.flows.slack_cards import acme, asked, shown
from tests.flows.slack_office import Office

__all__ = ["acme"]

RISKY = AskHuman(people=("ben",), question="Ship it?", kind=Kind.APPROVAL, risk=Risk.HIGH)


async def opened(acme: Office, who: str, action: str) -> Any:
    """Click what opens a modal, and return the modal."""
    card = acme.card(who)
    await acme.slack.click(who, card.channel_id, card.ts, action)
    await acme.outlet.asides.settled()
    modal = acme.slack.modal_of(who)
    assert modal is not None, acme.whispers(who)
    return modal


async def test_a_form_is_filled_in_and_mistakes_stand_beside_their_fields(acme: Office) -> None:
    await asked(
        acme,
        "ask @ben: Please fill this in. form: name (text), amount (number), ok (yes/no)",
    )
    modal = await opened(acme, "ben", "hr.answer")
    wrong = {"field.0": {"v": "   "}, "field.1": {"v~1": "3"}, "field.2": {"v~2": "yes"}}
    delivery = await acme.slack.submit("ben", modal.id, wrong, force=True)
    assert delivery.json["response_action"] == "errors"
    assert list(delivery.json["errors"]) == ["field.0"]
    right = {"field.0": {"v": "Ada"}, "field.1": {"v~1": "12.5"}, "field.2": {"v~2": "yes"}}
    delivery = await acme.slack.submit("ben", modal.id, right)
    assert delivery.ok, delivery.faults
    outcome = (await acme.request()).outcome
    assert outcome is not None
    assert dict(outcome.values) == {"name": "Ada", "amount": "12.5", "ok": "yes"}
    await acme.settle()
    assert acme.whispers("ben") == ["Thank you. That decides it."]


async def test_an_approval_with_a_note(acme: Office) -> None:
    await asked(acme, "ask @ben for approval: Ship it?")
    modal = await opened(acme, "ben", "hr.note")
    note = "but not on <!channel> Friday"
    delivery = await acme.slack.submit("ben", modal.id, {"words": {"v": note}})
    assert delivery.ok, delivery.faults
    outcome = (await acme.request()).outcome
    assert outcome is not None
    assert outcome.approved
    await acme.settle()
    assert acme.slack.workspace.mass_mentions == []


async def test_unclear_words_in_a_modal_keep_it_open(acme: Office) -> None:
    acme.planner.script.append(Plan(steps=(RISKY,)))
    await asked(acme, "ask @ben whether we ship")
    modal = await opened(acme, "ben", "hr.answer")
    delivery = await acme.slack.submit("ben", modal.id, {"words": {"v": "who wants to know"}})
    assert list(delivery.json["errors"]) == ["words"]
    assert (await acme.request()).is_open
    delivery = await acme.slack.submit("ben", modal.id, {"words": {"v": "yes"}})
    assert (await acme.request()).state.value == "approved"


async def test_changes_are_asked_for_and_the_question_stays_open(acme: Office) -> None:
    first = await asked(acme, "ask @ben for approval: Ship it?")
    modal = await opened(acme, "ben", "hr.changes")
    await acme.slack.submit("ben", modal.id, {"words": {"v": "First the tests."}})
    assert (await acme.request()).is_open
    await acme.settle()
    assert any("asks for changes" in text for text in acme.texts("general", first.ts))


async def test_a_question_is_handed_on_to_somebody_on_slack(acme: Office) -> None:
    await asked(acme, "ask @ben for approval: Ship it?")
    modal = await opened(acme, "ben", "hr.delegate")
    dana = acme.slack.user("dana")
    delivery = await acme.slack.submit("ben", modal.id, {"user": {"v": dana.id}})
    assert delivery.ok, delivery.faults
    assert delivery.json == {}
    await acme.settle()
    acme.clock.advance(3)
    await acme.settle()
    card = acme.card("dana")
    assert "handed this on to you" in shown(card)
    await acme.slack.click("dana", card.channel_id, card.ts, "hr.approve")
    assert (await acme.request()).state.value == "approved"


async def test_a_bot_cannot_be_handed_a_question(acme: Office) -> None:
    await asked(acme, "ask @ben for approval: Ship it?")
    modal = await opened(acme, "ben", "hr.delegate")
    bot = acme.slack.workspace.bot_of(acme.slack.user("ben").team_id)
    delivery = await acme.slack.submit("ben", modal.id, {"user": {"v": bot.id}})
    assert list(delivery.json["errors"]) == ["user"]
