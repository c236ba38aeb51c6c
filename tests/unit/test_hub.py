"""The hub's parts alone: doublets forgotten, previews cut to what is missing, queues bounded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.store.previews import Previews
from web.chat import outbox
from web.chat.origin import is_allowed
from web.chat.outbox import Outbox, SlowReader
from web.chat.preview import PreviewState, Streamed
from web.chat.wakes import Wakes


def streamed(text: str, *, turn: str = "t", offset: int = 0) -> Streamed:
    return Streamed(session_id="s", turn_id=turn, offset=offset, text=text)


def units(text: str, end: int | None = None) -> str:
    """Cut `text` as JavaScript's `slice(0, end)` does."""
    raw = text.encode("utf-16-le")
    return raw[: None if end is None else 2 * end].decode("utf-16-le")


@given(st.lists(st.tuples(st.text(max_size=8), st.booleans(), st.booleans()), max_size=20))
def test_previews_rebuild_the_text_whatever_gets_lost(
    pieces: list[tuple[str, bool, bool]],
) -> None:
    state, whole, shown = PreviewState(), "", ""
    for piece, grows, arrives in pieces:
        whole = whole + piece if grows else piece
        step = state.next(streamed(whole))
        if step is None or not arrives:
            continue
        state.sent("t", step[1])
        frame = json.loads(step[0])
        shown = units(shown, frame["offset"]) + frame["text"]
        assert shown == whole == step[1]


def test_a_part_that_builds_on_what_was_missed_waits_for_the_message() -> None:
    state = PreviewState()
    assert state.next(streamed("lo", offset=3)) is None
    first = state.next(streamed("Hel"))
    assert first is not None
    state.sent("t", first[1])
    second = state.next(streamed("lo", offset=3))
    assert second is not None
    assert second[1] == "Hello"
    state.finish("t")
    assert state.next(streamed("Hello!")) is None
    assert state.next(streamed("Next", turn="u")) is not None


@given(st.lists(st.text(st.sampled_from("a\u00fc\U0001f64b"), max_size=60), max_size=8))
def test_what_another_server_streams_arrives_whole(parts: list[str]) -> None:
    """Both sides count what is too long for one frame between servers in the same units."""
    previews, state = Previews(lambda key: len(key.encode()) <= 160), PreviewState()
    text, shown, now = "", "", 0.0
    frame = {"type": "preview", "session_id": "s", "turn_id": "t", "offset": 0}
    for part in parts:
        text += part
        previews.offer(json.dumps({**frame, "text": text}))
        keys, pause = previews.take(now)
        while keys or pause is not None:
            for key in keys:
                told = json.loads(key)
                step = state.next(streamed(told["text"], offset=told["offset"]))
                if step is not None:
                    state.sent("t", step[1])
                    sent = json.loads(step[0])
                    shown = units(shown, sent["offset"]) + sent["text"]
            now += 1.0
            keys, pause = previews.take(now)
        assert shown == text


async def test_a_feed_waits_once_and_is_read_by_one_at_a_time() -> None:
    wakes = Wakes()
    for _ in range(5):
        wakes.mark("a")
    wakes.mark("b")
    assert await wakes.take() == "a"
    wakes.mark("a")
    wakes.mark("a")
    assert await wakes.take() == "b"
    other = asyncio.create_task(wakes.take())
    await asyncio.sleep(0)
    assert not other.done()
    wakes.done("b")
    wakes.done("a")
    assert await other == "a"
    wakes.done("a")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wakes.take(), 0.01)


class FakeLine:
    """Keeps what is sent over it, once it is open; breaks at a frame that says so."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.writes: list[int] = []
        self.open = asyncio.Event()
        self.errors: list[Exception] = []

    async def send(self, frames: Sequence[bytes]) -> None:
        await self.open.wait()
        if b"break" in frames:
            raise ConnectionResetError
        self.sent += frames
        self.writes.append(len(frames))

    def broke(self, error: Exception) -> None:
        self.errors.append(error)

    async def has_sent(self, number: int) -> None:
        async with asyncio.timeout(5):
            while len(self.sent) < number:  # noqa: ASYNC110 - nothing tells it
                await asyncio.sleep(0)


async def test_an_outbox_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Outbox(FakeLine())
    large = b"x" * (2 * outbox.MAX_BYTES)
    assert box.offer(large), "one frame always fits"
    assert not box.offer(b"y")
    await asyncio.sleep(0)
    assert box.offer(large), "the first is being sent"
    assert not box.offer(b"y")
    monkeypatch.setattr(outbox, "_PATIENCE", 0.01)
    with pytest.raises(SlowReader):
        await box.put(b"y")
    await box.close()


async def test_an_outbox_keeps_the_order_and_waits_for_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "AT_ONCE", 1)
    line = FakeLine()
    box = Outbox(line)
    frames = [str(number).encode() for number in range(outbox.MAX_FRAMES)]
    assert all(box.offer(frame) for frame in frames)
    assert box.half_full
    assert not box.offer(b"one too many")
    waiting = asyncio.create_task(box.put(b"last"))
    await asyncio.sleep(0)
    assert not waiting.done()
    line.open.set()
    await asyncio.wait_for(waiting, 5)
    await line.has_sent(len(frames) + 1)
    assert line.sent == [*frames, b"last"]
    assert not box.half_full
    assert box.offer(b"and another, after it had nothing to do")
    await line.has_sent(len(frames) + 2)
    await box.close()


async def test_what_waits_is_sent_together_but_not_without_end() -> None:
    line = FakeLine()
    box = Outbox(line)
    small, large = b"x" * 1_000, b"y" * (2 * outbox.AT_ONCE)
    for frame in (*([small] * 100), large, b"last"):
        assert box.offer(frame)
    line.open.set()
    await line.has_sent(102)
    assert line.sent == [*([small] * 100), large, b"last"]
    assert line.writes == [65, 35, 1, 1]
    await box.close()


async def test_a_broken_line_is_told_once_and_a_closed_outbox_sends_nothing() -> None:
    line = FakeLine()
    line.open.set()
    box = Outbox(line)
    assert box.offer(b"break")
    assert box.offer(b"what comes after it")
    await asyncio.sleep(0)
    assert [type(error) for error in line.errors] == [ConnectionResetError]
    assert box.offer(b"and later")
    await asyncio.sleep(0)
    await box.close()
    closed = Outbox(line)
    assert closed.offer(b"waits")
    await closed.close()
    assert closed.offer(b"comes too late")
    await asyncio.sleep(0)
    assert line.sent == []
    assert len(line.errors) == 1


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (None, "a.example", True),
        ("https://a.example", "x", True),
        ("https://A.example:443", "x", True),
        ("http://a.example", "x", False),
        ("https://b.example", "x", True),
        ("http://x:8000", "x:8000", True),
        ("http://x:8001", "x:8000", False),
        ("https://x.evil.example", "x", False),
        ("https://a.example.evil.example", "x", False),
        ("null", "null", False),
        ("", "x", False),
        ("https://a.example:99999", "x", False),
        ("javascript://a.example", "a.example", False),
    ],
)
def test_origins(origin: str | None, host: str, allowed: bool) -> None:
    found = is_allowed(origin, host, "https://a.example", ["https://b.example"])
    assert found is allowed
