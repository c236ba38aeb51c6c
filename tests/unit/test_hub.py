"""The hub's parts alone: doublets forgotten, previews cut to what is missing, queues bounded."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


async def test_an_outbox_is_bounded_and_keeps_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Outbox()
    assert box.offer(b"x" * (2 * outbox.MAX_BYTES)), "one frame always fits"
    assert not box.offer(b"y")
    monkeypatch.setattr(outbox, "_PATIENCE", 0.01)
    with pytest.raises(SlowReader):
        await box.put(b"y")

    box, sent = Outbox(), []
    frames = [str(number).encode() for number in range(outbox.MAX_FRAMES)]
    assert all(box.offer(frame) for frame in frames)
    assert box.half_full
    assert not box.offer(b"one too many")

    finished = asyncio.Event()

    async def send(frame: bytes) -> None:
        sent.append(frame)
        await asyncio.sleep(0)
        if frame == b"last":
            finished.set()

    draining = asyncio.create_task(box.drain(send))
    monkeypatch.setattr(outbox, "_PATIENCE", 5)
    await box.put(b"last")
    await asyncio.wait_for(finished.wait(), 5)
    draining.cancel()
    await asyncio.gather(draining, return_exceptions=True)
    assert sent == [*frames, b"last"]


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
