"""The agent's text while it grows in a thread, and its status: best effort, never in the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.slack.growing import calm
from bot.domain.feedback import Kind
from bot.domain.planning import AskHuman, Plan, PlanContext, Reply, Spoken
from bot.domain.session import Status
from bot.service.ports.planner import ShowText
from tests.flows.slack_scene import Scene, slack_scene, text_of
from tests.slack.records import Channel, Message
from tests.slack.texts import mass_mentions


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with slack_scene(tmp_path) as scene:
        await scene.join("ann", "ben")
        yield scene


async def opened(scene: Scene) -> Channel:
    return scene.slack.add_channel(
        "ops", scene.users["ann"], scene.users["ben"], scene.slack.installed().bot_user_id
    )


class Typist:
    """Implements the port `Planner`: writes word by word, each once the one before was shown."""

    name = "typist"

    def __init__(self, scene: Scene, texts: tuple[str, ...], plan: Plan, between: Any) -> None:
        self.scene = scene
        self.texts = texts
        self.result = plan
        self.between = between
        self.began = ""

    async def plan(self, context: PlanContext, show: ShowText) -> Plan:
        for number, text in enumerate(self.texts):
            before = self.traffic()
            show(text)
            await self.until(lambda before=before: self.traffic() > before)
            if self.between is not None:
                await self.between(number)
        return self.result

    def traffic(self) -> int:
        names = ("chat.startStream", "chat.appendStream", "chat.update", "chat.postMessage")
        return sum(len(self.scene.slack.calls(name)) for name in names)

    async def until(self, done: Callable[[], bool]) -> None:
        for _ in range(75):
            if done():
                return
            await asyncio.sleep(0.002)

    async def summarise(self, summary: str, messages: Sequence[Spoken]) -> str:
        return summary

    async def name_session(self, text: str) -> str | None:
        return None

    async def aclose(self) -> None:
        pass


async def typed(
    scene: Scene,
    *texts: str,
    between: Any = None,
    plan: Plan | None = None,
    where: Channel | None = None,
) -> tuple[Channel, Message]:
    """Let Ann ask, and the answer grow in the thread before it is said."""
    channel = where or await opened(scene)
    message = await scene.slack.post_as("ann", channel, "hello")
    said = plan or Plan(steps=(Reply(text=texts[-1]),))
    scene.use(Typist(scene, texts, said, between))
    await scene.speak("ann", channel, message.ts, "hello")
    await scene.worker.drain()
    await scene.sender.stage.settle()
    return channel, message


def ours(scene: Scene, channel: Channel, message: Message) -> list[Message]:
    return [m for m in scene.thread(channel, message.ts) if m.bot_id]


async def test_a_text_grows_in_the_thread_and_its_message_takes_its_place(scene: Scene) -> None:
    seen: list[str] = []

    async def look(_: int) -> None:
        (live,) = (m for c in scene.slack.workspace.channels.values()
                   for m in c.messages.values() if m.bot_id)  # fmt: skip
        assert scene.slack.is_streaming(live.channel_id, live.ts)
        seen.append(live.text)

    texts = ("Hello", "Hello **Ann**, here", "Hello **Ann**, here is all of it.")
    channel, message = await typed(scene, *texts, between=look)
    (live,) = ours(scene, channel, message)
    assert seen[0] == "Hello"
    assert seen == sorted(seen, key=len)
    assert not scene.slack.is_streaming(channel, live.ts)
    await scene.mouth.drain()
    (said,) = ours(scene, channel, message)
    assert said.ts == live.ts
    assert text_of(said) == "Hello *Ann*, here is all of it."
    assert scene.slack.calls("chat.postMessage") == []
    assert said.metadata is not None
    (start,) = scene.slack.calls("chat.startStream")
    assert start.args["recipient_user_id"] == scene.users["ann"].id
    assert start.args["recipient_team_id"] == scene.team.id


async def test_it_is_stopped_before_the_agent_waits_for_somebody(scene: Scene) -> None:
    ask = AskHuman(people=("ben",), question="May I?", kind=Kind.APPROVAL)
    plan = Plan(steps=(Reply(text="I will ask Ben."), ask))
    channel, message = await typed(scene, "I will", "I will ask Ben.", plan=plan)
    (live,) = ours(scene, channel, message)
    assert not scene.slack.is_streaming(channel, live.ts)
    await scene.mouth.drain()
    assert text_of(ours(scene, channel, message)[0]) == "I will ask Ben."


async def test_a_stream_that_has_died_goes_on_as_changes_of_its_message(scene: Scene) -> None:
    async def die(number: int) -> None:
        if number == 0:
            (call,) = scene.slack.calls("chat.startStream")
            assert call.response is not None
            scene.slack.end_stream(call.response["channel"], call.response["ts"])

    channel, message = await typed(scene, "One", "One two", "One two three", between=die)
    assert scene.slack.calls("chat.update") != []
    await scene.mouth.drain()
    (said,) = ours(scene, channel, message)
    assert text_of(said) == "One two three"


async def test_where_nothing_can_be_streamed_a_message_is_written_again(scene: Scene) -> None:
    scene.slack.fail("chat.startStream", error="method_not_supported_for_channel_type")
    channel, message = await typed(scene, "One", "One two", "One two three")
    (live,) = ours(scene, channel, message)
    await scene.mouth.drain()
    (said,) = ours(scene, channel, message)
    assert said.ts == live.ts
    assert text_of(said) == "One two three"
    assert len(scene.slack.calls("chat.postMessage")) == 1


async def test_a_text_that_is_begun_anew_is_written_again(scene: Scene) -> None:
    channel, message = await typed(scene, "One thing", "Another thing", "Another thing.")
    await scene.mouth.drain()
    (said,) = ours(scene, channel, message)
    assert text_of(said) == "Another thing."


@pytest.mark.parametrize("method", ["chat.startStream", "chat.appendStream", "chat.stopStream"])
@pytest.mark.parametrize("kind", ["drop", "status", "ratelimited", "error"])
async def test_the_message_is_said_once_whatever_happens_to_its_preview(
    scene: Scene, method: str, kind: Any
) -> None:
    scene.slack.fail(method, kind=kind, status=500, error="fatal_error", retry_after=1)
    channel, message = await typed(scene, "One", "One two", "One two three.")
    await scene.mouth.drain()
    said = [m for m in ours(scene, channel, message) if m.metadata]
    assert [text_of(m) for m in said] == ["One two three."]


async def test_nothing_is_streamed_before_there_is_text(scene: Scene) -> None:
    await typed(scene, "", "  \n", plan=Plan(steps=(Reply(text="Done."),)))
    assert scene.slack.calls("chat.startStream") == []


async def test_a_preview_whose_message_never_came_is_taken_away(scene: Scene) -> None:
    channel, message = await typed(scene, "I was about to", plan=Plan(steps=()))
    assert len(ours(scene, channel, message)) == 1
    await scene.sender.stage.clean()
    assert len(ours(scene, channel, message)) == 1, "its message may still come"
    scene.clock.advance(minutes=16)
    await scene.sender.stage.clean()
    assert ours(scene, channel, message) == []
    calls = len(scene.slack.calls())
    await scene.sender.stage.clean()
    assert len(scene.slack.calls()) == calls


async def test_a_preview_that_somebody_deleted_does_not_keep_its_message_away(
    scene: Scene,
) -> None:
    channel, message = await typed(scene, "One", "One two.")
    (live,) = ours(scene, channel, message)
    del channel.messages[live.ts]
    await scene.mouth.drain()
    assert [text_of(m) for m in ours(scene, channel, message)] == ["One two."]


async def test_in_direct_messages_nobody_needs_to_be_named(scene: Scene) -> None:
    dm = scene.slack.workspace.direct_channel(scene.users["ann"], scene.team.id)
    channel, message = await typed(scene, "One", "One two.", where=dm)
    await scene.mouth.drain()
    assert [text_of(m) for m in ours(scene, channel, message)] == ["One two."]
    (start,) = scene.slack.calls("chat.startStream")
    assert "recipient_user_id" not in start.args


async def test_while_it_thinks_the_thread_says_so(scene: Scene) -> None:
    channel = await opened(scene)
    message = await scene.slack.post_as("ann", channel, "hello")
    place = f"slack:{scene.team.id}/{channel.id}/{message.ts}"
    stage = scene.sender.stage
    stage.status(place, Status.THINKING)
    await stage.settle()
    assert scene.slack.status_of(channel, message.ts) == "is thinking…"
    for status in (Status.ASKING, Status.THINKING, Status.IDLE):
        stage.status(place, status)
    await stage.settle()
    assert scene.slack.status_of(channel, message.ts) == ""
    assert len(scene.slack.calls("assistant.threads.setStatus")) == 2, "only the newest is sent"


async def test_a_team_whose_app_takes_no_status_is_left_alone(scene: Scene) -> None:
    channel = await opened(scene)
    message = await scene.slack.post_as("ann", channel, "hello")
    place = f"slack:{scene.team.id}/{channel.id}/{message.ts}"
    scene.slack.fail("assistant.threads.setStatus", error="missing_scope")
    for _ in range(3):
        scene.sender.stage.status(place, Status.THINKING)
        await scene.sender.stage.settle()
    assert len(scene.slack.calls("assistant.threads.setStatus")) == 1


async def test_places_that_are_none_harm_nothing(scene: Scene) -> None:
    for place in ("", "email:x", "slack:", "slack:T1", "slack:T1/C1", "slack:T1/C1/x"):
        live = scene.sender.stage.begin(place, "turn")
        live.show("words")
        await live.stop()
        scene.sender.stage.status(place, Status.THINKING)
    await scene.sender.stage.settle()
    assert scene.slack.calls("chat.startStream") == []


async def test_a_server_that_stops_ends_what_it_streams(scene: Scene) -> None:
    channel = await opened(scene)
    message = await scene.slack.post_as("ann", channel, "hello")
    await scene.speak("ann", channel, message.ts, "hello")
    place = f"slack:{scene.team.id}/{channel.id}/{message.ts}"
    scene.sender.stage.begin(place, "turn").show("One")
    await scene.slack.wait_for_call("chat.startStream")
    await scene.sender.stage.close()
    (live,) = ours(scene, channel, message)
    assert not scene.slack.is_streaming(channel, live.ts)


@given(st.text(alphabet="<>!@#|& aboechnlrvyuU1\n\u2060", max_size=40), st.integers(0, 40))
def test_what_is_streamed_calls_nobody_and_only_grows(text: str, at: int) -> None:
    assert mass_mentions(calm(text), link_names=True) == []
    assert calm(text).startswith(calm(text[:at]))


async def test_a_stream_of_whose_beginning_nobody_knows_is_found_and_taken_over(
    scene: Scene,
) -> None:
    scene.slack.fail("chat.startStream", kind="drop", after_effect=True)
    channel, message = await typed(scene, "One", "One two", "One two three.")
    (live,) = ours(scene, channel, message)
    assert not scene.slack.is_streaming(channel, live.ts)
    await scene.mouth.drain()
    (said,) = ours(scene, channel, message)
    assert said.ts == live.ts
    assert text_of(said) == "One two three."


async def test_a_stream_that_cannot_be_looked_for_is_not_begun_twice(scene: Scene) -> None:
    scene.slack.fail("chat.startStream", kind="drop")
    scene.slack.fail("conversations.replies", kind="ratelimited", retry_after=1)
    channel, message = await typed(scene, "One", "One two.")
    assert len(scene.slack.calls("chat.startStream")) <= 1
    await scene.mouth.drain()
    assert [text_of(m) for m in ours(scene, channel, message)] == ["One two."]


async def test_a_turn_that_is_over_at_once_shows_no_status(scene: Scene) -> None:
    channel = await opened(scene)
    message = await scene.slack.post_as("ann", channel, "hello")
    place = f"slack:{scene.team.id}/{channel.id}/{message.ts}"
    scene.sender.stage.status(place, Status.THINKING)
    scene.sender.stage.status(place, Status.IDLE)
    await scene.sender.stage.settle()
    assert scene.slack.calls("assistant.threads.setStatus") == []


async def test_a_turn_that_says_nothing_leaves_no_status_behind(scene: Scene) -> None:
    async def wait(number: int) -> None:
        await scene.slack.wait_for_call("assistant.threads.setStatus")

    channel, message = await typed(scene, "I was about to", plan=Plan(steps=()), between=wait)
    calls = scene.slack.calls("assistant.threads.setStatus")
    assert [call.args["status"] for call in calls] == ["is thinking…", ""]
    assert scene.slack.status_of(channel, message.ts) == ""
