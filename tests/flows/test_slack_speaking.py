"""What the agent says in Slack's threads and to people, each word once, whatever goes wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.feedback import Kind
from bot.domain.planning import AskHuman, Reply, Role
from bot.domain.post import PostState
from bot.service.notices import tell
from tests.flows.slack_scene import Scene, buttons_of, slack_scene, text_of
from tests.slack.records import Channel, Message

LONG = "\n\n".join(f"Paragraph {n}: " + "some words of it " * 40 for n in range(1, 11))


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with slack_scene(tmp_path) as scene:
        await scene.join("ann", "ben")
        yield scene


async def opened(scene: Scene) -> Channel:
    return scene.slack.add_channel(
        "ops", scene.users["ann"], scene.users["ben"], scene.slack.installed().bot_user_id
    )


async def asked(scene: Scene, *replies: str) -> tuple[Channel, Message]:
    """Let Ann say something in a channel, to which the agent answers."""
    channel = await opened(scene)
    scene.script(*(Reply(text=reply) for reply in replies))
    message = await scene.talk("ann", channel, "hello")
    await scene.reached()
    return channel, message


def ours(scene: Scene, channel: Channel, ts: str) -> list[Message]:
    return [m for m in scene.thread(channel, ts) if m.bot_id]


async def test_an_answer_stands_in_the_thread_that_it_is_for(scene: Scene) -> None:
    channel, message = await asked(scene, "Hello **Ann**, see <https://example.org>.")
    (said,) = ours(scene, channel, message.ts)
    assert said.thread_ts == message.ts
    assert "*Ann*" in text_of(said)
    assert said.edited is None
    spot = f"{scene.team.id}/{channel.id}/{said.ts}"
    landing = await scene.read(lambda tx: tx.landings.find("slack", spot))
    assert landing is not None
    assert landing.session_id is not None


async def test_a_long_answer_comes_in_several_messages_in_order(scene: Scene) -> None:
    channel, message = await asked(scene, LONG)
    said = ours(scene, channel, message.ts)
    assert len(said) > 2
    text = "\n\n".join(text_of(m) for m in said)
    assert [text.index(f"Paragraph {n}:") for n in range(1, 11)] == sorted(
        text.index(f"Paragraph {n}:") for n in range(1, 11)
    )
    pieces = [m.metadata["event_payload"]["piece"] for m in said if m.metadata]
    assert pieces == list(range(len(said)))


async def test_an_endless_answer_ends_with_the_way_to_the_page(scene: Scene) -> None:
    channel, message = await asked(scene, "\n\n".join([LONG] * 6))
    said = ours(scene, channel, message.ts)
    assert len(said) == 10
    assert buttons_of(said[-1]) == ["Read all of it on its page"]


async def test_nobody_is_called_by_what_the_agent_repeats(scene: Scene) -> None:
    words = "<!channel> @here <!everyone|x> <@U1> &lt;!channel&gt; `<!here>`"
    channel, message = await asked(scene, words)
    assert len(ours(scene, channel, message.ts)) == 1
    assert scene.slack.workspace.mass_mentions == []


async def test_messages_of_a_thread_come_in_their_order_at_slacks_pace(scene: Scene) -> None:
    scene.slack.web_api.rates.enforced = True
    channel, message = await asked(scene, *(f"word {n}" for n in range(6)))
    said = [text_of(m) for m in ours(scene, channel, message.ts)]
    assert said == [f"word {n}" for n in range(6)]
    assert all(call.ok for call in scene.slack.calls("chat.postMessage"))
    assert sum(scene.sender.waited) >= 3


@pytest.mark.parametrize("lost_piece", [0, 1, 2])
@pytest.mark.parametrize("arrived", [True, False])
@pytest.mark.parametrize("restarted", [True, False])
async def test_each_piece_is_said_once_though_an_answer_was_lost(
    scene: Scene, lost_piece: int, arrived: bool, restarted: bool
) -> None:
    scene.slack.fail("chat.postMessage", kind="drop", after_effect=arrived, skip=lost_piece)
    channel, message = await asked(scene, LONG)
    if restarted:
        scene.sender.speaker._said.clear()
    for _ in range(3):
        scene.clock.advance(61)
        await scene.reached()
    said = ours(scene, channel, message.ts)
    pieces = [m.metadata["event_payload"]["piece"] for m in said if m.metadata]
    assert sorted(pieces) == list(range(len(said)))
    assert len(said) > 2


async def test_after_a_wait_that_slack_asked_for_only_the_rest_is_said(scene: Scene) -> None:
    scene.slack.fail("chat.postMessage", kind="ratelimited", retry_after=20, skip=1)
    channel, message = await asked(scene, LONG)
    assert len(ours(scene, channel, message.ts)) == 1
    scene.clock.advance(25)
    await scene.reached()
    said = ours(scene, channel, message.ts)
    pieces = [m.metadata["event_payload"]["piece"] for m in said if m.metadata]
    assert pieces == list(range(len(said)))
    assert scene.slack.calls("conversations.replies") == [], "nothing was unknown"


async def test_a_thread_that_was_deleted_is_told_on_the_page(scene: Scene) -> None:
    channel = await opened(scene)
    scene.script(Reply(text="Hello."))
    message = await scene.talk("ann", channel, "hello")
    channel.messages.clear()
    await scene.reached()
    assert list(channel.messages) == []
    binding = await scene.read(
        lambda tx: tx.bindings.find(f"slack:{scene.team.id}/{channel.id}/{message.ts}")
    )
    assert binding is not None
    said = await scene.said(binding.session_id, Role.SYSTEM)
    assert any("could not be brought to slack (the thread is gone)" in text for text in said)


async def test_a_notice_comes_as_a_direct_message(scene: Scene) -> None:
    await notice(scene, "Your answer came too late.")
    (said,) = scene.cards("ben")
    assert text_of(said) == "Your answer came too late."


async def test_a_notice_about_a_card_stands_in_the_cards_thread(scene: Scene) -> None:
    dm = scene.slack.workspace.direct_channel(scene.users["ben"])
    first = await notice(scene, "This is the card.")
    (card,) = scene.cards("ben")
    await notice(scene, "Please say it in other words.", spot=f"{scene.team.id}/{dm.id}/{card.ts}")
    assert first == PostState.SENT
    assert [m.thread_ts for m in scene.cards("ben")] == [None, card.ts]


async def test_a_notice_whose_card_is_gone_comes_to_its_person_all_the_same(scene: Scene) -> None:
    dm = scene.slack.workspace.direct_channel(scene.users["ben"])
    spot = f"{scene.team.id}/{dm.id}/1700000000.000100"
    assert await notice(scene, "Too late.", spot=spot) == PostState.SENT
    (said,) = scene.cards("ben")
    assert said.thread_ts is None


async def notice(scene: Scene, text: str, spot: str | None = None) -> PostState:
    """Tell Ben something; return what became of it."""
    person, now = scene.people["ben"].id, scene.clock.now()
    await scene.store.run(
        lambda tx: tell(tx, channel="slack", person_id=person, text=text, now=now, spot=spot)
    )
    await scene.reached()
    posts = await scene.read(lambda tx: tx.posts.given_up("", 10))
    return PostState.DEAD if posts else PostState.SENT


async def test_what_the_courier_cut_off_is_looked_up_before_it_is_said_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.service.courier.DELIVERY_TIMEOUT", 0.2)
    scene.slack.fail("chat.postMessage", kind="hang", after_effect=True, skip=1)
    channel, message = await asked(scene, LONG)
    scene.clock.advance(5)
    await scene.reached()
    pieces = [
        m.metadata["event_payload"]["piece"] for m in ours(scene, channel, message.ts) if m.metadata
    ]
    assert len(pieces) > 2
    assert sorted(pieces) == list(range(len(pieces)))


async def test_the_asker_is_told_in_small_print_in_the_thread_who_could_not_be_reached(
    scene: Scene,
) -> None:
    channel = await opened(scene)
    scene.users["ben"].deleted = True
    scene.script(AskHuman(people=("ben",), question="May I?", kind=Kind.APPROVAL))
    message = await scene.talk("ann", channel, "They know: ben.")
    for _ in range(3):
        await scene.reached()
    told = [m for m in ours(scene, channel, message.ts) if "could not reach" in text_of(m)]
    assert len(told) == 1
    assert told[0].blocks[0]["type"] == "context"
    assert "deactivated" in text_of(told[0])
