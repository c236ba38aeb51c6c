"""Sessions in Slack threads: a mention begins one, replies go on, and who may speak."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.planning import Plan, Reply
from tests.flows.slack_office import Office, office, team_of


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as acme:
        yield acme


def hello(*texts: str) -> list[Plan]:
    """Return plans that say these texts, one a turn."""
    return [Plan(steps=(Reply(text=text),)) for text in texts]


async def test_a_mention_opens_a_session_and_a_reply_goes_on_with_it(acme: Office) -> None:
    first = await acme.slack.mention("ana", "general", "help")
    await acme.settle()
    session = await acme.session_at(first)
    assert session is not None
    assert await acme.said(session) == ["help"]
    assert len(acme.texts("general", first.ts)) == 1
    await acme.slack.post_as("ana", "general", "status", thread_ts=first.ts)
    await acme.settle()
    assert await acme.said(session) == ["help", "status"]
    assert len(acme.texts("general", first.ts)) == 2


async def test_no_event_of_a_known_user_costs_a_call(acme: Office) -> None:
    first = await acme.slack.mention("ana", "general", "help")
    await acme.slack.post_as("ben", "general", "me too", thread_ts=first.ts)
    before = len(acme.slack.calls("users.info")) + len(acme.slack.calls("auth.test"))
    await acme.slack.post_as("ana", "general", "status", thread_ts=first.ts)
    await acme.settle()
    assert len(acme.slack.calls("users.info")) + len(acme.slack.calls("auth.test")) == before
    assert acme.slack.calls("users.info") == []
    assert len(acme.slack.calls("auth.test")) == 1  # at the start


async def test_messages_that_concern_nobody_here_are_ignored(acme: Office) -> None:
    said = await acme.slack.post_as("ana", "general", "lunch?")
    await acme.slack.post_as("ben", "general", "yes", thread_ts=said.ts)
    acme.clock.advance(20)
    await acme.settle()
    assert await acme.session_at(said) is None
    assert acme.texts("general") == []
    assert acme.slack.ephemerals("ben") == []


async def test_a_message_that_comes_doubled_and_in_both_events_is_one(acme: Office) -> None:
    acme.slack.post.copies = 2
    first = await acme.slack.mention("ana", "general", "help")
    await acme.settle()
    session = await acme.session_at(first)
    assert session is not None
    assert await acme.said(session) == ["help"]
    for delivery in list(acme.slack.post.deliveries):
        again = await acme.slack.post.resend(delivery)
        assert again.ok
    await acme.settle()
    assert await acme.said(session) == ["help"]
    assert len(acme.texts("general", first.ts)) == 1


async def test_a_reply_that_overtakes_the_mention_is_not_lost(acme: Office) -> None:
    acme.planner.script += hello("One.", "Two.")
    acme.slack.post.holding = True
    first = await acme.slack.mention("ana", "general", "hello")
    await acme.slack.post_as("ana", "general", "and this", thread_ts=first.ts)
    held = len(acme.slack.post.held)
    deliveries = await acme.slack.post.release(reversed(range(held)))
    assert all(delivery.ok for delivery in deliveries)
    await acme.settle()
    acme.clock.advance(6)
    await acme.settle()
    session = await acme.session_at(first)
    assert session is not None
    assert await acme.said(session) == ["hello", "and this"]


async def test_a_bystander_contributes_and_does_not_own(acme: Office) -> None:
    acme.planner.script += hello("Hello.", "Noted.")
    first = await acme.slack.mention("ana", "general", "hello")
    await acme.settle()
    await acme.slack.post_as("ben", "general", "I am here too", thread_ts=first.ts)
    await acme.settle()
    session = await acme.session_at(first)
    assert session is not None
    assert await acme.said(session) == ["hello", "I am here too"]
    ben = await acme.person("ben")
    role = await acme.store.read(lambda tx: tx.sessions.role_of(session, ben.id))
    assert role is None  # who may read along here may not read what is said elsewhere
    kept = await acme.store.read(lambda tx: tx.sessions.get(session))
    assert kept.owner_id == (await acme.person("ana")).id


async def test_a_direct_message_is_a_thread_of_its_own(acme: Office) -> None:
    acme.planner.script += hello("Hi.", "Hi again.", "Still here.")
    one = await acme.slack.post_as("ana", "dm", "hello")
    two = await acme.slack.post_as("ana", "dm", "something else")
    await acme.settle()
    await acme.slack.post_as("ana", "dm", "go on", thread_ts=one.ts)
    await acme.settle()
    first, second = await acme.session_at(one), await acme.session_at(two)
    assert first is not None
    assert second is not None
    assert first != second
    assert await acme.said(first) == ["hello", "go on"]
    assert len(acme.texts(one.channel_id, one.ts)) == 2
    titles = acme.slack.workspace.titles
    assert titles[one.channel_id, one.ts] == "hello"
    assert titles[two.channel_id, two.ts] == "something else"
    assert len(acme.slack.calls("assistant.threads.setTitle")) == 2


async def test_the_assistants_container_gets_prompts_a_title_and_a_session(acme: Office) -> None:
    acme.planner.script += hello("Hi.")
    root = await acme.slack.open_assistant("ana", "general")
    await acme.settle()
    (prompts,) = acme.slack.calls("assistant.threads.setSuggestedPrompts")
    assert prompts.ok, prompts.response
    assert all(call.ok for call in acme.slack.calls("assistant.threads.setTitle"))
    await acme.slack.post_as("ana", "dm", "hello", thread_ts=root.ts)
    await acme.settle()
    assert acme.slack.workspace.titles[root.channel_id, root.ts] == "hello"
    session = await acme.session_at(root)
    assert session is not None
    assert await acme.said(session) == ["hello"]


async def test_who_is_not_known_yet_is_looked_up_once(acme: Office) -> None:
    emil = acme.slack.add_user("emil", team_of(acme.slack))
    acme.slack.channel("general").members.append(emil.id)
    acme.planner.script += hello("Hi.", "Hi again.")
    first = await acme.slack.mention("emil", "general", "hello")
    assert await acme.session_at(first) is None
    await acme.settle()
    session = await acme.session_at(first)
    assert session is not None
    await acme.slack.post_as("emil", "general", "more", thread_ts=first.ts)
    await acme.settle()
    assert await acme.said(session) == ["hello", "more"]
    assert len(acme.slack.calls("users.info")) == 1


async def test_an_unknown_user_is_not_lost_while_slack_is_down(acme: Office) -> None:
    emil = acme.slack.add_user("emil", team_of(acme.slack))
    acme.slack.channel("general").members.append(emil.id)
    acme.planner.script += hello("Hi.")
    acme.slack.fail("users.info", kind="status", status=503, times=2)
    first = await acme.slack.mention("emil", "general", "hello")
    for _ in range(4):
        await acme.settle()
        acme.clock.advance(10)
    session = await acme.session_at(first)
    assert session is not None
    assert await acme.said(session) == ["hello"]


@pytest.mark.parametrize("fact", ["is_restricted", "is_ultra_restricted", "is_stranger"])
async def test_guests_and_strangers_are_told_why_not(acme: Office, fact: str) -> None:
    guest = acme.slack.add_user("gus", team_of(acme.slack), **{fact: True})
    acme.slack.channel("general").members.append(guest.id)
    first = await acme.slack.mention("gus", "general", "ask ana: what is the password?")
    await acme.settle()
    assert await acme.session_at(first) is None
    assert acme.texts("general") == []
    (told,) = acme.whispers("gus")
    assert "of this workspace" in told


async def test_somebody_of_another_workspace_is_told_why_not(acme: Office) -> None:
    other = acme.slack.workspace.add_team("Other")
    eve = acme.slack.add_user("eve", other)
    acme.slack.channel("general").members.append(eve.id)
    acme.slack.channel("general").shared_with.append(other.id)
    first = await acme.slack.mention("eve", "general", "help")
    await acme.settle()
    assert await acme.session_at(first) is None


async def test_bots_are_not_heard(acme: Office) -> None:
    robot = acme.slack.add_user("robot", team_of(acme.slack), is_bot=True, bot_id="B0ROBOT")
    acme.slack.channel("general").members.append(robot.id)
    first = await acme.slack.mention("robot", "general", "help")
    await acme.settle()
    assert await acme.session_at(first) is None
    assert acme.texts("general") == []


async def test_who_has_left_is_not_heard_even_late(acme: Office) -> None:
    acme.slack.post.holding = True
    first = await acme.slack.mention("ben", "general", "hello")
    held, acme.slack.post.held = acme.slack.post.held, []
    acme.slack.post.holding = False
    await acme.slack.change_user("ben", deleted=True)
    for parcel in held:
        await acme.slack.post.send(parcel)
    await acme.settle()
    assert await acme.session_at(first) is None


async def test_a_file_is_noted_by_name_and_its_sender_told(acme: Office) -> None:
    acme.planner.script += hello("Thanks.")
    file = acme.slack.add_file("ana", "plan <!channel>.pdf", b"%PDF")
    first = await acme.slack.post_as("ana", "dm", "look at this", files=(file,))
    await acme.settle()
    session = await acme.session_at(first)
    assert session is not None
    (said,) = await acme.said(session)
    assert said.startswith("look at this\n[File, not read: plan")
    assert file.id in said
    assert "cannot read" in acme.whispers("ana")[0]
    assert acme.slack.workspace.mass_mentions == []


async def test_an_edit_before_the_turn_is_told_to_the_agent(acme: Office) -> None:
    session, first = await _busy(acme)
    said = await acme.slack.post_as("ana", "general", "ship on Friday", thread_ts=first.ts)
    await acme.slack.edit_as("ana", "general", said.ts, "ship on Monday")
    await acme.hear()
    assert await acme.said(session) == [
        "hello",
        "ship on Friday",
        "I have changed my message to: ship on Monday",
    ]


async def _busy(acme: Office) -> tuple[str, object]:
    """Open a session whose worker is stopped, so that nothing more is read."""
    acme.planner.script += hello("Hi.")
    first = await acme.slack.mention("ana", "general", "hello")
    await acme.settle()
    session = await acme.session_at(first)
    assert session is not None
    from web.keys import AGENT

    await acme.app[AGENT].worker.close()
    return session, first


async def test_an_edit_after_the_turn_is_answered_to_its_author(acme: Office) -> None:
    acme.planner.script += hello("Hi.")
    first = await acme.slack.mention("ana", "general", "hello")
    await acme.settle()
    bot = acme.slack.workspace.bot_of(first.team_id)
    await acme.slack.edit_as("ana", "general", first.ts, f"<@{bot.id}> good-bye")
    await acme.settle()
    session = await acme.session_at(first)
    assert session is not None
    assert await acme.said(session) == ["hello"]
    assert "already" in acme.whispers("ana")[0]


async def test_a_deletion_before_the_turn_is_told_to_the_agent(acme: Office) -> None:
    session, first = await _busy(acme)
    said = await acme.slack.post_as("ana", "general", "fire everybody", thread_ts=first.ts)
    await acme.slack.delete_as("ana", "general", said.ts)
    await acme.hear()
    assert (await acme.said(session))[-1] == "I have deleted my last message: ignore it."


async def test_too_many_sessions_are_offered_to_be_ended(acme: Office) -> None:
    acme.planner.script += hello("A.", "B.", "C.", "D.")
    for text in ("one", "two", "three"):
        await acme.slack.mention("ana", "general", text)
        await acme.settle()
    fourth = await acme.slack.mention("ana", "general", "four")
    await acme.settle()
    session = await acme.session_at(fourth)
    assert session is not None
    (offer,) = acme.slack.ephemerals("ana")
    assert offer.thread_ts == fourth.ts
    assert "3 sessions" in offer.text
    rows = [block for block in offer.blocks if block["type"] == "actions"]
    (end,) = [one for one in rows[0]["elements"] if "End one and" in one["text"]["text"]]
    await acme.slack.click("ana", "general", offer.ts, end["action_id"])
    await acme.settle()
    state = await acme.store.read(lambda tx: tx.sessions.get(session))
    assert state.state.value == "active"
    assert acme.texts("general", fourth.ts) == ["D."]
    assert "running" in acme.whispers("ana")[-1]


async def test_a_mention_that_says_nothing_is_answered(acme: Office) -> None:
    bot = acme.slack.workspace.bot_of(team_of(acme.slack).id)
    first = await acme.slack.post_as("ana", "general", f"<@{bot.id}>")
    await acme.settle()
    assert await acme.session_at(first) is None
    assert len(set(acme.whispers("ana"))) == 1


async def test_people_are_found_by_mention_name_and_address(acme: Office) -> None:
    ben = acme.slack.user("ben")
    for whom in (f"<@{ben.id}>", "@ben", ben.real_name, ben.email):
        await acme.slack.mention("ana", "general", f"ask {whom} for approval: Ship it?")
        await acme.settle()
    requests = await acme.requests()
    asked = [
        [r.name for r in await acme.store.read(lambda tx, id_=q.id: tx.requests.recipients(id_))]
        for q in requests
    ]
    assert asked == [[ben.real_name]] * 3, (asked, acme.texts("general"))


async def test_control_signs_and_mass_mentions_mention_nobody(acme: Office) -> None:
    acme.planner.script += hello("You said <!channel> and @here and <@everyone>.")
    first = await acme.slack.mention("ana", "general", "a\x00b\x1bc <!channel> \u202e")
    await acme.settle()
    session = await acme.session_at(first)
    assert session is not None
    assert (await acme.said(session))[0].startswith("abc @channel")
    assert [one for one in acme.slack.workspace.mass_mentions if one.by != first.user] == []


async def test_a_very_long_message_is_refused_with_a_sentence(acme: Office) -> None:
    await acme.slack.post_as("ana", "dm", "é" * 39_000)
    await acme.settle()
    assert "64 KiB" in acme.whispers("ana")[0]


async def test_a_rate_limited_message_is_kept_and_its_sender_told_once(tmp_path: Path) -> None:
    async with office(tmp_path, rate_limit_per_session=5) as acme:
        acme.planner.script += hello(*"ABCDEFGHIJ")
        first = await acme.slack.mention("ana", "general", "0")
        for number in range(1, 8):
            await acme.slack.post_as("ana", "general", str(number), thread_ts=first.ts)
        async with asyncio.timeout(10):
            while (session := await acme.session_at(first)) is None:
                continue
        few = len(await acme.said(session))
        assert few < 8
        for _ in range(12):
            acme.clock.advance(30)
            await acme.settle()
        assert sorted(await acme.said(session)) == [str(n) for n in range(8)]
        assert len([text for text in acme.whispers("ana") if "is kept" in text]) == 1


async def test_a_thread_that_was_deleted_meanwhile(acme: Office) -> None:
    acme.planner.script += hello("Hi.", "Gone?")
    first = await acme.slack.mention("ana", "general", "hello")
    await acme.settle()
    session = await acme.session_at(first)
    await acme.slack.delete_thread("general", first.ts)
    await acme.settle()
    assert session is not None
    assert await acme.said(session) == ["hello"]
