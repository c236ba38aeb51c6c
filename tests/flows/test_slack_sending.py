"""Questions shown in Slack: bytes out to a Slack that checks them, and what then stands there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.channels.slack.pacing import Pace, Rank
from bot.domain.errors import Unavailable
from bot.domain.feedback import Kind, State
from bot.domain.planning import AskHuman
from bot.domain.surface import SurfaceState
from tests.flows.slack_scene import Scene, buttons_of, slack_scene, text_of

QUESTION = AskHuman(people=("ben",), question="May I deploy version 3?", kind=Kind.APPROVAL)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with slack_scene(tmp_path) as scene:
        await scene.join("ann", "ben")
        yield scene


async def test_a_question_comes_as_a_direct_message_and_its_outcome_in_its_place(
    scene: Scene,
) -> None:
    request = await scene.put("ann", QUESTION)
    await scene.reached()
    (card,) = scene.cards("ben")
    assert "May I deploy version 3?" in text_of(card)
    assert {"Approve", "Reject"} <= set(buttons_of(card))
    assert "May I deploy version 3?" in card.text
    assert card.unfurl_links is False
    assert card.unfurl_media is False
    surface = await scene.surface(request, "ben")
    assert surface.state is SurfaceState.SENT
    dm = scene.slack.dm(scene.users["ben"])
    assert json.loads(surface.landed or "{}") == {
        "team": scene.team.id,
        "channel": dm.id,
        "ts": card.ts,
    }
    spot = f"{scene.team.id}/{dm.id}/{card.ts}"
    landing = await scene.read(lambda tx: tx.landings.find("slack", spot))
    assert landing is not None
    assert landing.request_id == request.id

    await scene.answer("ben", await scene.request(request), approved=True)
    await scene.reached()
    (card,) = scene.cards("ben")
    assert "Approved" in text_of(card)
    assert "May I deploy version 3?" in text_of(card)
    assert not {"Approve", "Reject"} & set(buttons_of(card))
    assert len(scene.slack.calls("chat.postMessage")) == 1
    assert len(scene.slack.calls("chat.update")) == 1


async def test_the_direct_messages_of_a_person_are_opened_once(scene: Scene) -> None:
    for _ in range(2):
        await scene.put("ann", QUESTION)
        await scene.reached()
    other = scene.new_sender("second")
    await other.open()
    scene.courier = scene.mouth = scene.new_courier(other)
    await scene.put("ann", QUESTION)
    await scene.reached()
    await other.close()
    assert len(scene.cards("ben")) == 3
    assert len(scene.slack.calls("conversations.open")) == 1


async def test_direct_messages_that_slack_no_longer_knows_are_opened_anew(scene: Scene) -> None:
    await scene.put("ann", QUESTION)
    await scene.reached()
    scene.slack.fail("chat.postMessage", error="channel_not_found")
    await scene.put("ann", QUESTION)
    await scene.reached()
    assert len(scene.cards("ben")) == 2
    assert len(scene.slack.calls("conversations.open")) == 2


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop"},
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 504},
        {"kind": "error", "error": "internal_error"},
        {"kind": "hang", "seconds": 60},
    ],
)
@pytest.mark.parametrize("arrived", [True, False])
async def test_after_an_unknown_result_it_is_found_or_sent_again_and_is_there_once(
    scene: Scene, fault: dict[str, object], arrived: bool
) -> None:
    struck = scene.slack.fail("chat.postMessage", after_effect=arrived, **fault)
    request = await scene.put("ann", QUESTION)
    await scene.reached()
    assert struck.struck == 1
    scene.clock.advance(5)
    await scene.mouth.drain()
    assert len(scene.cards("ben")) == 1
    assert (await scene.surface(request, "ben")).state is SurfaceState.SENT
    assert len(scene.slack.calls("conversations.history")) == 1
    assert len(scene.slack.calls("chat.update")) == (1 if arrived else 0)


async def test_history_is_never_read_when_nothing_is_unknown(scene: Scene) -> None:
    scene.slack.fail("chat.postMessage", kind="ratelimited", retry_after=7)
    scene.slack.fail("chat.postMessage", kind="status", status=503)
    request = await scene.put("ann", QUESTION)
    await scene.reached()
    scene.clock.advance(8)
    await scene.mouth.drain()
    scene.clock.advance(8)
    await scene.mouth.drain()
    assert len(scene.cards("ben")) == 1
    assert (await scene.surface(request, "ben")).state is SurfaceState.SENT
    assert scene.slack.calls("conversations.history") == []


async def test_nothing_is_sent_before_the_time_that_slack_asked_for(scene: Scene) -> None:
    scene.slack.fail("chat.postMessage", kind="ratelimited", retry_after=30)
    await scene.put("ann", QUESTION)
    await scene.reached()
    scene.clock.advance(20)
    await scene.mouth.drain()
    assert len(scene.slack.calls("chat.postMessage")) == 1
    scene.clock.advance(11)
    await scene.mouth.drain()
    assert len(scene.cards("ben")) == 1


async def test_a_card_whose_message_was_deleted_is_posted_anew_while_it_is_open(
    scene: Scene,
) -> None:
    request = await scene.put("ann", QUESTION)
    await scene.reached()
    dm = scene.slack.dm(scene.users["ben"])
    dm.messages.clear()
    await scene.sweep_to_reminder(request)
    (card,) = scene.cards("ben")
    assert {"Approve", "Reject"} <= set(buttons_of(card))
    dm.messages.clear()
    await scene.answer("ben", await scene.request(request), approved=True)
    await scene.reached()
    assert scene.cards("ben") == []
    assert (await scene.surface(request, "ben")).due_at is None


async def test_a_reminder_is_a_message_of_its_own_under_the_card(scene: Scene) -> None:
    request = await scene.put("ann", QUESTION)
    await scene.reached()
    await scene.sweep_to_reminder(request)
    card, ping = scene.cards("ben")
    assert "still waits for your answer" in text_of(ping)
    assert card.ts.replace(".", "") in text_of(ping)
    assert scene.slack.workspace.mass_mentions == []
    dm = scene.slack.dm(scene.users["ben"])
    spot = f"{scene.team.id}/{dm.id}/{ping.ts}"
    landing = await scene.read(lambda tx: tx.landings.find("slack", spot))
    assert landing is not None
    assert landing.request_id == request.id
    await scene.answer("ben", await scene.request(request), approved=True)
    await scene.reached()
    assert len(scene.cards("ben")) == 2


async def test_whoever_has_answered_is_not_reminded(scene: Scene) -> None:
    await scene.join("cid")
    ask = AskHuman(people=("ben", "cid"), question="Both?", kind=Kind.APPROVAL, everybody=True)
    request = await scene.put("ann", ask)
    await scene.reached()
    await scene.answer("ben", await scene.request(request), approved=True)
    await scene.reached()
    await scene.sweep_to_reminder(request)
    assert len(scene.cards("ben")) == 1
    assert len(scene.cards("cid")) == 2


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("user_disabled", "deactivated"),
        ("channel_not_found", "gone"),
        ("is_archived", "archived"),
        ("restricted_action", "only some people"),
    ],
)
async def test_what_slack_refuses_for_good_is_told_to_the_asker(
    scene: Scene, error: str, words: str
) -> None:
    scene.slack.fail("chat.postMessage", error=error, times=3)
    request = await scene.put("ann", QUESTION)
    await scene.reached()
    assert (await scene.surface(request, "ben")).state is SurfaceState.DEAD
    said = await scene.said(request.session_id, role=scene.SYSTEM)
    assert any("could not reach ben" in text and words in text for text in said), said


async def test_what_is_our_mistake_is_logged_without_a_word_of_it(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.slack.fail("chat.postMessage", error="invalid_blocks")
    request = await scene.put("ann", QUESTION)
    await scene.reached()
    assert (await scene.surface(request, "ben")).state is SurfaceState.DEAD
    errors = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
    assert any("invalid_blocks" in line for line in errors)
    assert "deploy" not in caplog.text
    assert "xoxb" not in caplog.text


async def test_a_question_settled_before_it_arrived_is_not_sent(scene: Scene) -> None:
    scene.slack.fail("chat.postMessage", kind="drop")
    request = await scene.put("ann", QUESTION)
    await scene.reached()
    await scene.answer("ben", await scene.request(request), approved=True)
    scene.clock.advance(10)
    await scene.reached()
    assert scene.cards("ben") == []
    assert (await scene.request(request)).state is State.APPROVED


async def test_the_card_leads_to_the_thread_that_it_was_asked_in(scene: Scene) -> None:
    channel = scene.slack.add_channel("ops", "ann", scene.slack.installed().bot_user_id)
    scene.script(QUESTION)
    message = await scene.talk("ann", channel, "They know: ben.")
    await scene.reached()
    (card,) = scene.cards("ben")
    assert f"/archives/{channel.id}/p{message.ts.replace('.', '')}" in text_of(card)


async def test_a_question_into_a_channel_is_posted_there_after_joining_it(scene: Scene) -> None:
    channel = scene.slack.add_channel("ops", "ben")
    request = await scene.put("ann", QUESTION)
    surface, card = await scene.as_if_asked_in(request, "ben", f"#{scene.team.id}/{channel.id}")
    delivery = await scene.sender.channel.deliver(surface, request, card)
    assert delivery.fate == "shown", delivery
    (message,) = [m for m in scene.slack.messages(channel) if m.bot_id]
    assert "May I deploy" in text_of(message)
    assert len(scene.slack.calls("conversations.join")) == 1
    assert delivery.spots == (f"{scene.team.id}/{channel.id}/{message.ts}",)


async def test_a_private_channel_that_we_are_not_in_is_refused_in_words(scene: Scene) -> None:
    channel = scene.slack.add_channel("board", "ben", kind="group")
    request = await scene.put("ann", QUESTION)
    surface, card = await scene.as_if_asked_in(request, "ben", f"#{scene.team.id}/{channel.id}")
    delivery = await scene.sender.channel.deliver(surface, request, card)
    assert delivery.fate == "failed"
    assert "Slack" in delivery.detail or "channel" in delivery.detail


async def test_an_address_that_is_none_is_refused(scene: Scene) -> None:
    request = await scene.put("ann", QUESTION)
    for address in ("", "T1", "T1/", "#T1", "T1/C1", "T1/U1/../x", "#T1/C1/x"):
        surface, card = await scene.as_if_asked_in(request, "ben", address)
        delivery = await scene.sender.channel.deliver(surface, request, card)
        assert delivery.fate == "failed", address
    assert scene.slack.calls("chat.postMessage") == []


async def test_nobody_is_called_by_a_question_or_by_a_name(scene: Scene) -> None:
    await scene.join("eve")
    nasty = "<!channel> @here <!subteam^S1> <@U1> \u202e now"
    ask = AskHuman(people=("ben",), question=nasty, context=nasty, kind=Kind.CHOICE,
                   options=("<!here>", "@everyone"))  # fmt: skip
    person = scene.people["eve"].id
    await scene.store.run(lambda tx: tx.people.rename(person, "<!channel> Eve @here"))
    request = await scene.put("eve", ask)
    await scene.reached()
    await scene.sweep_to_reminder(request)
    assert len(scene.cards("ben")) == 2
    await scene.answer("ben", await scene.request(request), choices=("<!here>",))
    await scene.reached()
    assert "<!here>" not in scene.cards("ben")[0].text
    assert scene.slack.workspace.mass_mentions == []


async def test_two_servers_show_one_card_and_one_outcome(scene: Scene) -> None:
    second = scene.new_sender("second")
    await second.open()
    other = scene.new_courier(second, "other")
    try:
        request = await scene.put("ann", QUESTION)
        scene.clock.advance(3)
        await asyncio.gather(scene.mouth.drain(), other.drain())
        assert len(scene.cards("ben")) == 1
        await scene.answer("ben", await scene.request(request), approved=True)
        await asyncio.gather(scene.mouth.drain(), other.drain())
    finally:
        await second.close()
    (card,) = scene.cards("ben")
    assert "Approved" in text_of(card)
    assert len(scene.slack.calls("chat.update")) == 1


async def test_a_card_that_is_decided_while_it_is_on_its_way_shows_the_outcome(
    scene: Scene,
) -> None:
    gate = scene.slack.fail("chat.postMessage", kind="gate")
    request = await scene.put("ann", QUESTION)
    scene.clock.advance(3)
    sending = asyncio.ensure_future(scene.mouth.drain())
    await gate.reached.wait()
    await scene.answer("ben", await scene.request(request), approved=False)
    gate.release.set()
    await sending
    await scene.reached()
    (card,) = scene.cards("ben")
    assert "Rejected" in text_of(card)
    assert not {"Approve", "Reject"} & set(buttons_of(card))


async def test_decisions_are_repainted_though_the_channel_is_busy(scene: Scene) -> None:
    scene.slack.web_api.rates.enforced = True
    requests = [await scene.put("ann", QUESTION) for _ in range(2)]
    await scene.reached()
    dm = scene.slack.dm(scene.users["ben"])
    key = f"{scene.team.id}/{dm.id}"
    while scene.sender.pacing.take(Pace.POST, key, Rank.DECISION, scene.clock.now()) == 0:
        pass
    before = scene.clock.now()
    for request in requests:
        await scene.answer("ben", await scene.request(request), approved=True)
    await scene.mouth.drain()
    assert all("Approved" in text_of(card) for card in scene.cards("ben"))
    assert scene.clock.now() == before, "nothing was waited for"


async def test_a_question_comes_by_slack_though_the_database_was_down_for_a_moment(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await scene.put("ann", QUESTION)

    async def down(*_: object) -> None:
        raise Unavailable("down")

    monkeypatch.setattr(scene.sender.landing, "room_of", down)
    await scene.reached()
    monkeypatch.undo()
    scene.clock.advance(5)
    await scene.reached()
    assert len(scene.cards("ben")) == 1
    assert (await scene.surface(request, "ben")).state is SurfaceState.SENT
    assert scene.slack.calls("conversations.history") == []


async def test_cards_are_found_though_slack_lets_history_be_read_once_a_minute(
    scene: Scene,
) -> None:
    await scene.join("cid")
    scene.slack.web_api.rates.reads_a_minute = 1
    scene.slack.fail("chat.postMessage", kind="drop", after_effect=True, times=2)
    request = await scene.put("ann", replace(QUESTION, people=("ben", "cid")))
    await scene.reached()
    for _ in range(4):
        scene.clock.advance(61)
        await scene.mouth.drain()
    for who in ("ben", "cid"):
        assert len(scene.cards(who)) == 1
        assert (await scene.surface(request, who)).state is SurfaceState.SENT


async def test_where_history_may_not_be_read_twice_is_better_than_never(scene: Scene) -> None:
    scene.slack.fail("conversations.history", error="missing_scope")
    scene.slack.fail("chat.postMessage", kind="drop", after_effect=True)
    request = await scene.put("ann", QUESTION)
    await scene.reached()
    scene.clock.advance(5)
    await scene.mouth.drain()
    assert len(scene.cards("ben")) == 2
    assert (await scene.surface(request, "ben")).state is SurfaceState.SENT
