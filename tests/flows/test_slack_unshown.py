"""Approvals of which a card cannot show all: nothing in Slack approves them, the page does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.channels.slack.answers import bound
from bot.channels.slack.bindings import Bound, callback_of, write
from bot.channels.slack.clicks import Act
from bot.channels.slack.facts import Submitted
from bot.domain.feedback import Kind
from bot.domain.planning import AskHuman, Plan
from tests.flows.slack_office import Office, office
from tests.slack.records import Message

LONG = "\n\n".join(f"{n}. what was found in part {n} of the books" for n in range(85))
ASKED = AskHuman(people=("ben",), question="Ship it?", context=LONG, kind=Kind.APPROVAL)


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as acme:
        acme.planner.script.append(Plan(steps=(ASKED,)))
        await acme.slack.mention("ana", "general", "get @ben to approve what we found")
        await acme.settle()
        acme.clock.advance(3)
        await acme.settle()
        yield acme


def ids(message: Message) -> set[str]:
    """Return the action ids of a card's elements."""
    found = {e.get("action_id", "") for b in message.blocks for e in b.get("elements", ())}
    return found - {""}


async def page_of(acme: Office) -> str:
    request = await acme.request()
    return f"/#/questions/{request.id}"


def value(message: Message, action_id: str) -> str:
    found: Any = next(
        e for b in message.blocks for e in b.get("elements", ()) if e.get("action_id") == action_id
    )
    return str(found["value"])


async def test_its_card_offers_the_page_and_what_needs_no_reading(acme: Office) -> None:
    shown = ids(acme.card("ben"))
    assert not shown & {"hr.approve", "hr.note", "hr.answer"}
    assert {"hr.reject", "hr.changes", "hr.delegate"} <= shown


@pytest.mark.parametrize("act", ["approve", "note", "answer"])
async def test_clicks_that_approve_lead_to_the_page(acme: Office, act: str) -> None:
    card = acme.card("ben")
    forged = {"action_id": f"hr.{act}", "value": value(card, "hr.reject")}
    await acme.slack.forge_click("ben", card.channel_id, card.ts, forged)
    await acme.settle()
    assert (await acme.request()).is_open
    assert acme.slack.modal_of("ben") is None
    assert await page_of(acme) in acme.whispers("ben")[-1]


@pytest.mark.parametrize("words", ["yes", "approved, ship it", "hm, why?"])
async def test_words_under_the_card_lead_to_the_page(acme: Office, words: str) -> None:
    card = acme.card("ben")
    await acme.slack.post_as("ben", "dm", words, thread_ts=card.ts)
    await acme.settle()
    request = await acme.request()
    assert request.is_open
    assert await acme.responses(request) == []
    assert await page_of(acme) in acme.whispers("ben")[-1]


async def test_a_yes_to_the_bot_that_is_confirmed_leads_to_the_page(acme: Office) -> None:
    said = await acme.slack.post_as("ben", "dm", "yes")
    await acme.settle()
    back = acme.slack.messages(acme.slack.dm("ben"), thread_ts=said.ts)[-1]
    await acme.slack.click("ben", back.channel_id, back.ts, "hr.confirm")
    await acme.settle()
    assert (await acme.request()).is_open
    assert await page_of(acme) in acme.whispers("ben")[-1]


async def test_it_can_be_rejected_since_that_lets_nothing_happen(acme: Office) -> None:
    card = acme.card("ben")
    await acme.slack.click("ben", card.channel_id, card.ts, "hr.reject")
    assert (await acme.request()).state.value == "rejected"


@pytest.mark.parametrize("act", [Act.NOTE, Act.ANSWER])
async def test_a_modal_from_before_leads_to_the_page(acme: Office, act: Act) -> None:
    request, ben = await acme.request(), acme.slack.user("ben")
    submitted = Submitted(
        key=f"slack:{ben.team_id}:modal",
        team=ben.team_id,
        user=ben.id,
        user_team=ben.team_id,
        callback_id=callback_of(act),
        private_metadata=write(Bound(click=bound(request, act), origin="")),
        view_id="V1",
        inputs=(("words", "yes"),),
        trigger_id="1.1",
    )
    answer = await acme.outlet.reception.submitting.submit(submitted)
    assert await page_of(acme) in str(answer)
    assert (await acme.request()).is_open
