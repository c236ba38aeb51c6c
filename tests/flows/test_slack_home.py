"""App Home, the slash command and the message shortcut."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain.planning import Plan, Reply
from tests.flows.slack_office import Office, office


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as acme:
        yield acme


async def home(acme: Office, who: str) -> str:
    """Let somebody open their Home, and return what it says."""
    await acme.slack.open_home(who)
    await acme.settle()
    view = acme.slack.home_of(who)
    assert view is not None
    return str(view.content["blocks"])


async def test_home_shows_sessions_and_ends_one(acme: Office) -> None:
    acme.planner.script += [Plan(steps=(Reply(text="Hi."),))]
    first = await acme.slack.mention("ana", "general", "plan the offsite")
    await acme.settle()
    shown = await home(acme, "ana")
    assert "plan the offsite" in shown
    assert f"p{first.ts.replace('.', '')}" in shown
    await acme.slack.click_in_home("ana", "hr.end")
    await acme.settle()
    session = await acme.session_at(first)
    ended = await acme.store.read(lambda tx: tx.sessions.get(session))
    assert ended.state.value == "ended"
    view = acme.slack.home_of("ana")
    assert view is not None
    assert "plan the offsite" not in str(view.content["blocks"])


async def test_a_question_is_answered_from_home(acme: Office) -> None:
    await acme.slack.mention("ana", "general", "ask @ben for approval: Ship it?")
    await acme.settle()
    assert "Ship it?" in await home(acme, "ben")
    await acme.slack.click_in_home("ben", "hr.approve")
    assert (await acme.request()).state.value == "approved"
    await acme.settle()
    view = acme.slack.home_of("ben")
    assert view is not None
    assert "Nothing waits." in str(view.content["blocks"])


async def test_settings_are_changed_in_a_modal_and_mistakes_stand_beside_them(
    acme: Office,
) -> None:
    await home(acme, "ana")
    await acme.slack.click_in_home("ana", "hr.settings")
    await acme.outlet.asides.settled()
    modal = acme.slack.modal_of("ana")
    assert modal is not None

    def filled(**given: str) -> dict[str, Any]:
        inputs = {b["block_id"]: b["element"] for b in modal.content["blocks"]}
        return {name: {inputs[name]["action_id"]: v} for name, v in given.items()}

    wrong = filled(zone="Mars/Olympus", hours="whenever")
    delivery = await acme.slack.submit("ana", modal.id, wrong)
    assert set(delivery.json["errors"]) == {"zone", "hours"}
    right = filled(zone="Europe/Berlin", hours="mon-fri 09:00-17:00", channel="slack")
    delivery = await acme.slack.submit("ana", modal.id, right)
    assert delivery.ok, delivery.faults
    ana = await acme.person("ana")
    assert (ana.zone, ana.preferred_channel) == ("Europe/Berlin", "slack")
    await acme.settle()
    view = acme.slack.home_of("ana")
    assert view is not None
    assert "Europe/Berlin" in str(view.content["blocks"])


@pytest.mark.parametrize("text", ["", "help", "dance", "ask"])
async def test_help(acme: Office, text: str) -> None:
    delivery = await acme.slack.slash("ana", "/handraise", text)
    assert delivery.ok, delivery.faults
    assert "What you can write" in delivery.json["text"]
    assert delivery.json["response_type"] == "ephemeral"


async def test_ask_by_command_opens_a_thread_in_direct_messages(acme: Office) -> None:
    delivery = await acme.slack.slash(
        "ana", "/handraise", "ask @ben for approval: Ship it?", "general"
    )
    assert "direct messages" in delivery.json["text"]
    await acme.settle()
    opening, *_ = acme.slack.messages(acme.slack.dm("ana"))
    assert "Ship it?" in opening.text
    session = await acme.session_at(opening)
    assert session is not None
    assert await acme.said(session) == ["ask @ben for approval: Ship it?"]
    request = await acme.request()
    assert request.question == "Ship it?"
    (again,) = [d for d in acme.slack.post.deliveries if d.parcel.kind == "command"]
    await acme.slack.post.resend(again)
    await acme.settle()
    assert len(await acme.requests()) == 1


async def test_status_sessions_and_end(acme: Office) -> None:
    await acme.slack.mention("ana", "general", "ask @ben for approval: Ship it?")
    await acme.settle()
    mine = (await acme.slack.slash("ana", "/handraise", "status")).json["text"]
    assert "Ship it? (Ben" in mine
    bens = (await acme.slack.slash("ben", "/handraise", "status")).json["text"]
    assert "• Ship it?, until" in bens
    listed = (await acme.slack.slash("ana", "/handraise", "sessions")).json["text"]
    assert listed.splitlines()[1].startswith("1. ask @ben")
    for wrong in ("end", "end 9", "end x", "end \u0661"):
        said = (await acme.slack.slash("ana", "/handraise", wrong)).json["text"]
        assert "/handraise sessions" in said
    ended = (await acme.slack.slash("ana", "/handraise", "end 1")).json["text"]
    assert "has ended" in ended
    assert (await acme.request()).state.value == "cancelled"


async def shortcut(acme: Office, who: str, where: str, ts: str) -> Any:
    """Use the shortcut on a message, and return the form that opens."""
    await acme.slack.message_shortcut(who, where, ts, "ask_someone")
    await acme.outlet.asides.settled()
    form = acme.slack.modal_of(who)
    assert form is not None
    return form


def answers(form: Any, people: list[str], question: str) -> dict[str, Any]:
    """Return what is filled into the form."""
    inputs = {b["block_id"]: b["element"]["action_id"] for b in form.content["blocks"]}
    return {
        "people": {inputs["people"]: people},
        "question": {inputs["question"]: question},
    }


async def test_somebody_is_asked_about_a_message_in_its_thread(acme: Office) -> None:
    said = await acme.slack.post_as("cleo", "general", "The <!here> build is red again")
    form = await shortcut(acme, "ana", "general", said.ts)
    quoted = form.content["blocks"][1]["element"]["initial_value"]
    assert "build is red again" in quoted
    ben = acme.slack.user("ben").id
    filled = answers(form, [ben], f"{quoted}Can you look at this? options: yes, no")
    delivery = await acme.slack.submit("ana", form.id, filled)
    assert delivery.ok, delivery.faults
    await acme.settle()
    session = await acme.session_at(said)
    assert session is not None
    request = await acme.request()
    assert request.question.endswith("Can you look at this?")
    assert request.options == ("yes", "no")
    assert len(acme.texts("general", said.ts)) == 2
    assert acme.slack.workspace.mass_mentions == [] or all(
        one.by == said.user for one in acme.slack.workspace.mass_mentions
    )


async def test_bots_cannot_be_asked_about_a_message(acme: Office) -> None:
    said = await acme.slack.post_as("cleo", "general", "hello")
    form = await shortcut(acme, "ana", "general", said.ts)
    bot = acme.slack.workspace.bot_of(said.team_id).id
    delivery = await acme.slack.submit("ana", form.id, answers(form, [bot], "What?"))
    assert list(delivery.json["errors"]) == ["people"]


async def test_where_the_bot_is_not_it_asks_from_direct_messages(acme: Office) -> None:
    acme.slack.add_channel("private", "ana", "cleo", kind="group")
    said = await acme.slack.post_as("cleo", "private", "secret")
    form = await shortcut(acme, "ana", "private", said.ts)
    ben = acme.slack.user("ben").id
    await acme.slack.submit("ana", form.id, answers(form, [ben], "Can we ship?"))
    await acme.settle()
    assert await acme.session_at(said) is None
    opening, *_ = acme.slack.messages(acme.slack.dm("ana"))
    assert await acme.session_at(opening) is not None
    assert (await acme.request()).question == "Can we ship?"
