"""A question put into a channel: one card there, claimed and decided by one, told to the others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.commands import Actor, ChangeProfile
from bot.domain.instants import MINUTE
from tests.flows.slack_office import Office, office
from tests.slack.records import Channel, Message
from web.views.questions import question_for


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as acme:
        yield acme


def ops(acme: Office, *people: str) -> Channel:
    """Open #ops, to which nobody has invited the bot."""
    return acme.slack.add_channel("ops", *(people or ("ana", "ben", "cleo", "dana")))


def cards_in(acme: Office, channel: Channel) -> list[Message]:
    """Return the cards that stand in a channel."""
    return [
        message
        for message in acme.slack.messages(channel)
        if (message.metadata or {}).get("event_type") == "handraise_surface"
    ]


def shown(message: Message) -> str:
    return str(message.blocks).replace("*", "")


def value_of(message: Message, action_id: str) -> str:
    """Return what a button of a card carries."""
    return next(
        str(element["value"])
        for block in message.blocks
        for element in block.get("elements", ())
        if element.get("action_id") == action_id
    )


async def test_one_card_in_a_channel_is_claimed_and_decided_and_the_others_told(
    acme: Office,
) -> None:
    room = ops(acme)
    first = await acme.slack.mention(
        "ana", "general", f"ask @ben, @cleo in <#{room.id}|ops> for approval: Ship it?"
    )
    await acme.settle()
    asked = {call.method for call in acme.slack.calls()}
    assert not asked & {"conversations.info", "conversations.list"}
    (card,) = cards_in(acme, room)
    assert card.thread_ts is None
    assert acme.cards("ben") == acme.cards("cleo") == []
    assert (await acme.request()).place == f"slack:{first.team_id}/{first.channel_id}/{first.ts}"

    await acme.slack.click("cleo", room, card.ts, "hr.claim")
    await acme.settle()
    assert (await acme.request()).claimed_by == (await acme.person("cleo")).id
    (card,) = cards_in(acme, room)
    assert "Cleo" in shown(card)
    assert "is on it" in shown(card)

    value = value_of(card, "hr.reject")
    await acme.slack.click("cleo", room, card.ts, "hr.approve")
    await acme.settle()
    request = await acme.request()
    assert (request.state.value, request.decided_via) == ("approved", "slack")
    assert request.decided_by == (await acme.person("cleo")).id
    (card,) = cards_in(acme, room)
    assert "hr.approve" not in shown(card)
    assert "Approved" in shown(card)
    assert "Cleo" in shown(card)
    # The asker is told in their thread; who was asked besides, by the card, the page, and Home.
    assert any("Cleo" in text and "approved" in text for text in acme.texts("general", first.ts))
    for who in ("ana", "ben", "cleo"):
        person = await acme.person(who)
        page = await acme.store.read(lambda tx, id_=person.id: question_for(tx, request.id, id_))
        assert (page.state, page.outcome.by.name) == ("approved", "Cleo"), who
    await acme.slack.open_home("ben")
    await acme.settle()
    home = acme.slack.home_of("ben")
    assert home is not None
    assert "Ship it?" not in str(home.content)
    await acme.slack.forge_click("ben", room, card.ts, {"action_id": "hr.reject", "value": value})
    await acme.settle()
    assert "already answered" in acme.whispers("ben")[-1]
    await acme.pass_time(30 * MINUTE)
    assert acme.cards("ben") == acme.cards("cleo") == []
    assert len(cards_in(acme, room)) == 1


async def test_a_channel_that_was_mentioned_once_is_known_by_its_name(acme: Office) -> None:
    room = ops(acme)
    await acme.slack.mention("ana", "general", f"who reads <#{room.id}|ops>?")
    await acme.settle()
    await acme.slack.mention("ana", "general", "ask @ben in #ops: Who is on duty?")
    await acme.settle()
    assert len(cards_in(acme, room)) == 1


async def test_a_name_that_passed_to_another_channel_means_that_one(acme: Office) -> None:
    old, new = ops(acme), acme.slack.add_channel("ops-2", "ana", "ben")
    await acme.slack.mention("ana", "general", f"who reads <#{old.id}|ops>?")
    await acme.settle()
    await acme.slack.mention("ana", "general", f"ask @ben in <#{new.id}|ops>: Who is on duty?")
    await acme.settle()
    assert cards_in(acme, old) == []
    assert len(cards_in(acme, new)) == 1


async def test_a_channel_without_its_name_is_meant_by_its_id(acme: Office) -> None:
    room = ops(acme)
    await acme.slack.mention("ana", "general", f"ask @ben in <#{room.id}|>: Who is on duty?")
    await acme.settle()
    assert len(cards_in(acme, room)) == 1


async def test_a_command_puts_a_question_into_a_channel(acme: Office) -> None:
    room = ops(acme)
    ben = acme.slack.user("ben")
    text = f"ask <@{ben.id}|ben> in <#{room.id}|ops>: Who is on duty?"
    await acme.slack.slash("ana", "/handraise", text)
    await acme.settle()
    assert len(cards_in(acme, room)) == 1


async def test_channels_are_forgotten_with_the_team_that_takes_the_app_out(acme: Office) -> None:
    room = ops(acme)
    await acme.slack.mention("ana", "general", f"who reads <#{room.id}|ops>?")
    await acme.settle()

    async def known() -> int:
        return len(await acme.store.read(lambda tx: tx.directory.named("slack.room", "ops", 5)))

    assert await known() == 1
    await acme.slack.uninstall(acme.slack.workspace.teams[room.team_id])
    await acme.settle()
    assert await known() == 0


async def test_what_a_guest_mentions_is_not_learnt(acme: Office) -> None:
    room = ops(acme)
    await acme.slack.change_user("dana", is_restricted=True)
    await acme.slack.mention("dana", "general", f"who reads <#{room.id}|ops>?")
    await acme.settle()
    assert await acme.store.read(lambda tx: tx.directory.named("slack.room", "ops", 5)) == []


async def test_handing_on_takes_the_buttons_from_nobody_in_the_channel(acme: Office) -> None:
    room = ops(acme)
    await acme.slack.mention(
        "ana", "general", f"ask @ben, @cleo in <#{room.id}|ops> for approval: Ship it?"
    )
    await acme.settle()
    (card,) = cards_in(acme, room)
    await acme.slack.click("ben", room, card.ts, "hr.delegate")
    await acme.outlet.asides.settled()
    modal = acme.slack.modal_of("ben")
    assert modal is not None
    dana = acme.slack.user("dana")
    assert (await acme.slack.submit("ben", modal.id, {"user": {"v": dana.id}})).ok
    await acme.settle()
    (card,) = cards_in(acme, room)
    await acme.slack.click("cleo", room, card.ts, "hr.approve")
    assert (await acme.request()).state.value == "approved"


async def test_an_asker_who_is_asked_too_takes_nothing_from_the_others(acme: Office) -> None:
    room = ops(acme)
    await acme.slack.mention(
        "ana", "general", f"ask @ana, @ben in <#{room.id}|ops>: Where? options: here, there"
    )
    await acme.settle()
    (card,) = cards_in(acme, room)
    assert "You asked" not in shown(card)
    assert "hr.cancel" not in shown(card)
    assert (await acme.slack.click("ben", room, card.ts, "hr.choose.1")).ok
    assert (await acme.request()).state.value == "answered"


async def test_words_beside_a_card_in_the_sessions_thread_are_asked_about(acme: Office) -> None:
    first = await acme.slack.mention("ana", "general", "ask @ben, @cleo here for approval: Ship?")
    await acme.settle()
    session = await acme.session_at(first)
    assert session is not None
    await acme.slack.post_as("dana", "general", "yes", thread_ts=first.ts)
    await acme.slack.post_as("cleo", "general", "what a fine day", thread_ts=first.ts)
    await acme.settle()
    assert await acme.said(session) == [
        "ask @ben, @cleo here for approval: Ship?",
        "yes",
        "what a fine day",
    ]
    await acme.slack.post_as("cleo", "general", "yes", thread_ts=first.ts)
    await acme.settle()
    assert (await acme.request()).is_open
    assert len(await acme.said(session)) == 3
    back = acme.slack.messages("general", thread_ts=first.ts)[-1]
    assert "Is this your answer to “Ship?”?" in shown(back)
    await acme.slack.click("cleo", "general", back.ts, "hr.confirm")
    request = await acme.request()
    assert request.state.value == "approved"
    assert request.decided_by == (await acme.person("cleo")).id


async def test_here_in_direct_messages_is_said_to_reach_nobody(acme: Office) -> None:
    first = await acme.slack.post_as("ana", "dm", "ask @ben here: Who is on duty?", by_hand=True)
    await acme.settle()
    assert await acme.requests() == []
    assert "nobody else reads" in acme.texts(first.channel_id, first.ts)[-1]


async def test_a_private_channel_that_we_are_not_in_is_told_to_the_asker(acme: Office) -> None:
    room = acme.slack.add_channel("board", "ana", "ben", kind="private")
    first = await acme.slack.mention(
        "ana", "general", f"ask @ben in <#{room.id}|board>: Who is on duty?"
    )
    await acme.settle()
    acme.clock.advance(3)  # nobody looks at a page: he is asked alone, and not in a quarter hour
    await acme.settle()
    assert cards_in(acme, room) == []
    assert len(acme.cards("ben")) == 1
    told = acme.texts("general", first.ts)
    assert any("invite" in text for text in told), told


async def test_who_prefers_slack_is_not_asked_alone_while_somebody_is_on_it(acme: Office) -> None:
    room = ops(acme)
    await acme.slack.open_home("ben")
    await acme.settle()
    await acme.intake.submit(
        ChangeProfile(
            external_key="prefers",
            actor=Actor(person_id=(await acme.person("ben")).id, channel="slack"),
            preferred_channel="slack",
        )
    )
    await acme.slack.mention("ana", "general", f"ask @ben, @cleo in <#{room.id}|ops>: Who is it?")
    await acme.settle()
    (card,) = cards_in(acme, room)
    await acme.slack.click("cleo", room, card.ts, "hr.claim")
    await acme.pass_time(30 * MINUTE)
    assert acme.cards("ben") == []
    (card,) = cards_in(acme, room)
    await acme.slack.click("cleo", room, card.ts, "hr.release")
    await acme.pass_time(30 * MINUTE)
    assert len(acme.cards("ben")) == 1


async def test_each_who_clicks_hears_of_it_though_slack_asks_to_wait(acme: Office) -> None:
    people = [f"dev{n}" for n in range(6)]
    for name in people:
        acme.slack.add_user(name, acme.slack.workspace.teams[acme.slack.user("ana").team_id])
    await acme.outlet.watching.roster.list_team(acme.slack.user("ana").team_id)
    room = ops(acme, "ana", *people)
    names = ", ".join(f"@{name}" for name in people)
    await acme.slack.mention("ana", "general", f"ask {names} in <#{room.id}|ops>: Who is it?")
    await acme.settle()
    (card,) = cards_in(acme, room)
    acme.slack.rates.enforced = True
    value = value_of(card, "hr.claim")
    for name in people:
        forged = {"action_id": "hr.claim", "value": value}
        await acme.slack.forge_click(name, room, card.ts, forged)
    await acme.outlet.asides.settled()
    heard = [acme.whispers(name) for name in people]
    assert [len(each) for each in heard] == [1] * len(people), heard
