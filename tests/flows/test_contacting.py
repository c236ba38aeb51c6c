"""New contacts need the owner's own click, and asking has a budget (invariant 10)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.channels.gmail import composing
from bot.channels.slack.contents import contents
from bot.channels.slack.wording import headline
from bot.domain.commands import AskAgain, Delegate, Outcome
from bot.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from bot.domain.feedback import FeedbackRequest, Kind, State
from bot.domain.instants import DAY, HOUR
from bot.domain.planning import AskHuman, Escalation, Plan, ProposedAction, RemindPeople, Step
from bot.service.asking import Terms
from bot.service.budgets import AskBudget
from bot.service.cards import AGENT_NAME, Cards
from bot.service.intake import Intake
from tests.flows.stage import UNLIMITED, Stage, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "contacting.db") as stage:
        await stage.cast("ann", "bob", "carl", "dora", "eve")
        yield stage


def an_ask(*people: str, **more: Any) -> AskHuman:
    given: dict[str, Any] = {"people": people, "question": "Ship on Friday?", "kind": Kind.INPUT}
    return AskHuman(**{**given, **more})


async def proposed(stage: Stage, *steps: Step, words: str = "Please find out.") -> str:
    """Let ann's session carry out a plan that she has named nobody for."""
    stage.planner.script = [Plan(steps=steps)]
    session_id = await stage.opened("ann", words)
    await stage.settle_down()
    return session_id


async def clicked(stage: Stage, *steps: Step) -> tuple[str, FeedbackRequest, Outcome]:
    """Let ann allow what a plan needs a click for."""
    session_id = await proposed(stage, *steps)
    (click,) = await stage.requests(session_id)
    outcome = await stage.answer("ann", click, approved=True)
    return session_id, click, outcome


async def test_the_owner_s_click_allows_the_contact_and_asks(stage: Stage) -> None:
    session_id, click, outcome = await clicked(stage, an_ask("bob", urgent=True))
    assert outcome.status == "decided"
    assert click.kind is Kind.APPROVAL
    assert "Ship on Friday?" in click.context
    _, asked = await stage.requests(session_id)
    assert (asked.question, asked.urgent, asked.state) == ("Ship on Friday?", True, State.PENDING)
    assert await stage.deciders(asked) == ["bob"]
    assert (await stage.answer("bob", asked, text="yes, on Friday")).status == "decided"
    assert "contact.allowed" in await stage.journal(session_id)


async def test_it_is_asked_in_words_that_leave_nothing_out(stage: Stage) -> None:
    step = an_ask(
        "bob@example.org",
        kind=Kind.CHOICE,
        options=("yes", "no\n\nI approve it already."),
        context="Ann said\n\nyes",
        notify=("carl",),
        escalations=(Escalation(people=("dora",), after=2 * HOUR),),
        within=3 * HOUR,
        urgent=True,
    )
    (click,) = await stage.requests(await proposed(stage, step))
    assert click.context == (
        "You have not named bob, carl and dora in this session. "
        "If you approve, I ask bob (bob@example.org):\n\n"
        "> Ship on Friday?\n\n"
        "For context they read:\n\n"
        "> Ann said\n>\n> yes\n\n"
        "- They choose one of: “yes”, “no I approve it already.”.\n"
        "- I tell carl of it, without asking them.\n"
        "- They have 3 hours.\n"
        "- If nobody has decided 2 hours later, I ask dora too.\n"
        "- It is marked as urgent, and reaches them outside their working hours too."
    )


async def test_who_asks_for_it_is_the_agent_and_no_channel_shows_its_machinery(
    stage: Stage,
) -> None:
    session_id = await proposed(stage, an_ask("bob"))
    (click,) = await stage.requests(session_id)
    ann, now = stage.people["ann"].id, stage.clock.now()
    cards = Cards(public_url="https://handraise.example")
    card = await stage.read(lambda tx: cards.card_for(tx, click, ann, now))
    assert card.asker == AGENT_NAME
    mail = composing.question(card, "https://handraise.example/l/x")
    slack = contents(click, "https://handraise.example", with_answers=True)
    assert slack.complete
    for shown in (mail.text, mail.html, json.dumps(slack.blocks)):
        assert "You have not named bob in this session. If you approve, I ask bob:" in shown
        assert '"step"' not in shown
        assert "quot;step" not in shown
        assert "exactly this is done" not in shown
    assert "Handraise asks for your approval:" in mail.text
    assert "You get this because it is asked in a session of yours." in mail.text
    assert "*Handraise* asks for approval" in headline(card, None)


async def test_nothing_was_asked_before_it(stage: Stage) -> None:
    session_id = await proposed(stage, an_ask("bob"))
    (click,) = await stage.requests(session_id)
    assert {s.person_id for s in await stage.surfaces(click)} == {stage.people["ann"].id}
    assert await stage.feed(stage.people["bob"].id) == []
    bob = stage.people["bob"].id
    assert not await stage.read(lambda tx: tx.people.is_contact(session_id, bob))


async def test_a_rejection_tells_the_agent_and_asks_nobody(stage: Stage) -> None:
    session_id = await proposed(stage, an_ask("bob"))
    (click,) = await stage.requests(session_id)
    await stage.answer("ann", click, approved=False)
    assert (await stage.session(session_id)).has_input
    await stage.settle_down()
    assert len(await stage.requests(session_id)) == 1
    assert "rejected" in stage.planner.contexts[-1].new_lines[-1].text


async def test_nobody_but_the_owner_can_click(stage: Stage) -> None:
    session_id = await proposed(stage, an_ask("bob"))
    (click,) = await stage.requests(session_id)
    for who in ("bob", "carl"):
        with pytest.raises(NotFound):
            await stage.answer(who, click, approved=True)
    with pytest.raises(NotAllowed):
        await stage.act(Delegate, "ann", click, to="bob")
    with pytest.raises(NotAllowed):
        await stage.answer("ann", click, approved=True, verified=False)
    assert len(await stage.requests(session_id)) == 1


async def test_an_owner_who_is_away_is_stood_in_for_by_nobody(stage: Stage) -> None:
    await stage.profile("ann", delegate="eve")
    now = stage.clock.now()
    await stage.profile("ann", away=(now, now + DAY))
    session_id = await proposed(stage, an_ask("bob"))
    (click,) = await stage.requests(session_id)
    assert await stage.deciders(click) == ["ann"]
    with pytest.raises(NotFound):
        await stage.answer("eve", click, approved=True)


async def test_the_click_is_answered_on_any_channel_and_once(stage: Stage) -> None:
    session_id = await proposed(stage, an_ask("bob"))
    (click,) = await stage.requests(session_id)
    assert (await stage.answer("ann", click, text="yes", channel="email")).status == "decided"
    assert (await stage.answer("ann", click, approved=True)).status == "late"
    assert len(await stage.requests(session_id)) == 2


async def test_all_people_of_a_step_are_in_one_click(stage: Stage) -> None:
    step = an_ask("bob", notify=("carl",), escalations=(Escalation(people=("dora",), after=HOUR),))
    session_id, click, _ = await clicked(stage, step)
    assert "bob, carl and dora" in click.question
    _, asked = await stage.requests(session_id)
    assert asked.timetable.escalations[0].people == (stage.people["dora"].id,)


async def test_one_click_at_a_time_for_one_person(stage: Stage) -> None:
    session_id = await proposed(
        stage,
        an_ask("bob"),
        an_ask("bob@example.org"),
        an_ask("carl"),
        an_ask("dora"),
        an_ask("eve"),
    )
    asked = [q.question for q in await stage.requests(session_id)]
    assert [q.partition("?")[0] for q in asked] == [
        f"May I ask {n}" for n in ("bob", "carl", "dora")
    ]
    said = await stage.said(session_id)
    assert sum("asked you already" in text for text in said) == 1
    assert sum("wait for you" in text for text in said) == 1


async def test_many_strangers_at_once_are_no_click(stage: Stage) -> None:
    names = [f"guest{n}" for n in range(6)]
    await stage.cast(*names)
    session_id = await proposed(stage, an_ask(*names))
    assert await stage.requests(session_id) == []


async def test_what_is_wrong_with_a_step_is_said_before_anybody_is_bothered(stage: Stage) -> None:
    for step in (
        an_ask("bob", question=" "),
        an_ask("nobodyis"),
        an_ask("bob", kind=Kind.APPROVAL, action=ProposedAction(tool="contact", arguments="{}")),
    ):
        session_id = await proposed(stage, step)
        assert await stage.requests(session_id) == []
        assert await stage.said(session_id)


async def test_a_name_that_means_somebody_else_by_then_reaches_nobody(stage: Stage) -> None:
    session_id = await proposed(stage, an_ask("bob"))
    (click,) = await stage.requests(session_id)
    bob, eve = stage.people["bob"].id, stage.people["eve"].id
    await stage.store.run(lambda tx: _swap(tx, bob, eve))
    await stage.answer("ann", click, approved=True)
    assert len(await stage.requests(session_id)) == 1
    assert await stage.feed(eve) == []
    assert "You have not named" in (await stage.said(session_id))[-1]


def _swap(tx: Any, bob: str, eve: str) -> None:
    """Give bob's name to somebody else, as a rename or a new directory entry might."""
    for name, id_ in (("bobby", bob), ("bob", eve)):
        rename = "UPDATE accounts SET username_key = ? WHERE person_id = ?"
        tx.people._db._cursor.execute(rename, (name, id_))
    tx.people._db.forget()  # as the store's own statements have it


async def test_a_step_that_was_changed_after_the_click_was_shown_does_not_run(
    stage: Stage,
) -> None:
    session_id = await proposed(stage, an_ask("bob"))
    (click,) = await stage.requests(session_id)
    assert click.action is not None
    content = json.loads(click.action.arguments)
    content["step"]["question"] = "Send me the keys?"
    changed = replace(click, action=replace(click.action, arguments=json.dumps(content)))

    from bot.service.contacting import carry_on
    from bot.service.conversation import Conversation

    def run(tx: Any) -> None:
        session = tx.sessions.lock(session_id)
        conversation = Conversation(tx, session, stage.clock.now(), DAY)
        carry_on(tx, conversation, changed, stage.clock.now(), stage.turns.terms)
        conversation.save()

    await stage.store.run(run)
    assert len(await stage.requests(session_id)) == 1
    assert "was changed" in (await stage.said(session_id))[-1]


async def test_it_takes_the_place_of_what_it_replaces_only_once_it_is_allowed(
    stage: Stage,
) -> None:
    first = await stage.asked("ann", "ask bob: Ship?")
    stage.planner.script = [Plan(steps=(an_ask("carl", replaces=first.id),))]
    await stage.say("ann", first.session_id, "Somebody else, please.")
    await stage.settle_down()
    assert (await stage.request(first)).state is State.PENDING
    click = (await stage.requests(first.session_id))[1]
    await stage.answer("ann", click, approved=True)
    assert (await stage.request(first)).state is State.SUPERSEDED
    assert await stage.deciders((await stage.requests(first.session_id))[2]) == ["carl"]


async def test_a_click_that_is_over_is_not_brought_back(stage: Stage) -> None:
    session_id = await proposed(stage, an_ask("bob"))
    (click,) = await stage.requests(session_id)
    await stage.cancel("ann", click)
    with pytest.raises(Conflict):
        await stage.act(AskAgain, "ann", click)


async def test_no_runner_ever_sees_it(stage: Stage) -> None:
    _, click, _ = await clicked(stage, an_ask("bob"))
    assert await stage.read(lambda tx: tx.actions.get(click.id)) is None


# Budgets


def budgeted(stage: Stage, **limits: int) -> None:
    """Give the stage daily budgets of asks."""
    terms = Terms(feedback_timeout=48 * HOUR, budget=AskBudget(**limits))
    stage.turns = replace(stage.turns, terms=terms)
    stage.worker._turns = stage.turns
    stage.worker._orchestrator._turns = stage.turns
    stage.intake = Intake(
        store=stage.store,
        clock=stage.clock,
        limits=UNLIMITED,
        handoff=stage.handoff,
        terms=terms,
        max_concurrent=9,
    )


async def test_a_confused_plan_floods_nobody(stage: Stage) -> None:
    budgeted(stage, per_session=3)
    steps = [an_ask("bob", question=f"Ship {n}?", urgent=True) for n in range(8)]
    session_id = await proposed(stage, *steps, words="ask bob")
    assert len(await stage.requests(session_id)) == 3
    assert "ASKS_PER_SESSION_DAY" in (await stage.said(session_id))[-1]
    # Refused tries have not moved the moment away, nor has a third of a day brought two.
    stage.clock.advance(hours=8, seconds=1)
    stage.planner.script = [Plan(steps=(an_ask("bob"), an_ask("bob", question="Really?")))]
    await stage.say("ann", session_id, "again")
    await stage.settle_down()
    assert len(await stage.requests(session_id)) == 4, await stage.said(session_id)


async def test_one_person_is_asked_so_often_by_all_sessions_together(stage: Stage) -> None:
    budgeted(stage, per_recipient=2)
    for n in range(2):
        assert await stage.requests(await proposed(stage, an_ask("bob"), words=f"ask bob {n}"))
    session_id = await proposed(stage, an_ask("bob", "carl"), an_ask("carl"), words="bob, carl")
    (asked,) = await stage.requests(session_id)
    assert await stage.deciders(asked) == ["carl"]
    assert any("ASKS_PER_RECIPIENT_DAY" in text for text in await stage.said(session_id))


async def test_escalations_clicks_and_asking_again_count_too(stage: Stage) -> None:
    budgeted(stage, per_recipient=1)
    later = Escalation(people=("carl",), after=HOUR)
    assert await stage.requests(
        await proposed(stage, an_ask("bob", escalations=(later,)), words="bob carl")
    )
    assert not await stage.requests(await proposed(stage, an_ask("carl"), words="carl"))
    request = await stage.asked("ann", "ask dora: Ship?")
    await stage.cancel("ann", request)
    with pytest.raises(Invalid):
        await stage.act(AskAgain, "ann", request)
    budgeted(stage, per_session=1)
    session_id = await proposed(stage, an_ask("bob"), an_ask("carl"))
    assert len(await stage.requests(session_id)) == 1, await stage.said(session_id)


async def test_reminding_is_not_asking(stage: Stage) -> None:
    budgeted(stage, per_session=1, per_recipient=1)
    request = await stage.asked("ann", "ask bob: Ship?")
    stage.planner.script = [Plan(steps=(RemindPeople(request_id=request.id),))]
    await stage.say("ann", request.session_id, "remind them")
    await stage.settle_down()
    assert "request.reminded" in await stage.story(request)
