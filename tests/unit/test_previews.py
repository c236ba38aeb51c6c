"""Previews for other servers: few, newest, and within what NOTIFY carries."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.store.notices import PAYLOAD_BYTES, fits, payloads, received
from bot.adapters.store.previews import INTERVAL, Previews
from bot.service.ports.store import EVERYTHING, Topic


def small(key: str) -> bool:
    return len(key.encode()) <= 200


def frame(text: str, offset: int = 0, session: str = "s", turn: str = "t") -> str:
    return json.dumps(
        {
            "type": "preview",
            "session_id": session,
            "turn_id": turn,
            "offset": offset,
            "text": text,
        }
    )


def shown(frames: list[str]) -> str:
    """Do what a page does with previews; JavaScript's strings count UTF-16 units."""
    units = b""
    for key in frames:
        one: dict[str, Any] = json.loads(key)
        assert len(units) // 2 >= one["offset"], "a gap"
        units = units[: one["offset"] * 2] + one["text"].encode("utf-16-le")
    return units.decode("utf-16-le")


def drain(previews: Previews, now: float = 100.0) -> tuple[list[str], list[float]]:
    frames: list[str] = []
    times: list[float] = []
    while True:
        keys, pause = previews.take(now)
        frames += keys
        times += [now] * len(keys)
        if pause is None:
            return frames, times
        now += max(pause, 0.001)


def test_only_the_newest_is_sent_and_not_too_often() -> None:
    previews = Previews(small)
    sent: list[str] = []
    for n in range(100):  # one second
        previews.offer(frame("x" * (n + 1)))
        sent += previews.take(n / 100)[0]
    assert 1.0 / INTERVAL <= len(sent) <= 1.0 / INTERVAL + 1
    assert shown(sent + drain(previews)[0]) == "x" * 100


def test_sessions_do_not_wait_for_one_another() -> None:
    previews = Previews(small)
    for session in "abc":
        previews.offer(frame("hello", session=session))
    keys, pause = previews.take(0.0)
    assert {json.loads(key)["session_id"] for key in keys} == {"a", "b", "c"}
    assert pause is None


@given(st.lists(st.text(max_size=120), max_size=8))
def test_a_long_text_arrives_in_pieces_that_fit(parts: list[str]) -> None:
    previews = Previews(lambda key: len(key.encode()) <= 160)
    text = ""
    frames: list[str] = []
    times: list[float] = []
    for n, part in enumerate(parts):
        text += part
        previews.offer(frame(text))
        keys, _ = previews.take(float(n))
        frames += keys
        times += [float(n)] * len(keys)
    rest, later = drain(previews, float(len(parts)))
    frames += rest
    times += later
    assert shown(frames) == text
    assert all(len(key.encode()) <= 160 for key in frames)
    assert all(b - a >= INTERVAL - 1e-6 for a, b in pairwise(times))


def test_pieces_with_offsets_are_put_together() -> None:
    previews = Previews(small)
    previews.offer(frame("a🙋b"))
    previews.offer(frame("c", offset=3))
    previews.offer(frame("gap", offset=99))
    assert shown(drain(previews)[0]) == "a🙋c"
    previews.offer(frame("next", turn="u"))
    assert json.loads(drain(previews, 200.0)[0][0])["text"] == "next"


def test_other_frames_go_whole_and_nonsense_not_at_all() -> None:
    previews = Previews(small)
    status = json.dumps({"type": "status", "session_id": "s", "status": "thinking"})
    for key in ("", "[]", "{}", "3", '{"session_id": "s", "type": "' + "x" * 300 + '"}', status):
        previews.offer(key)
    frames, _ = drain(previews)
    assert [json.loads(key) for key in frames] == [json.loads(status)]


@given(st.lists(st.tuples(st.sampled_from(Topic), st.text(max_size=60)), max_size=400))
def test_announcements_are_packed_and_unpacked(announcements: list[tuple[Topic, str]]) -> None:
    packed = list(payloads("here", announcements))
    assert all(len(payload.encode()) <= PAYLOAD_BYTES for payload in packed)
    arrived = [one for payload in packed for one in received("there", payload)]
    assert arrived == list(dict.fromkeys(announcements))
    assert [one for payload in packed for one in received("here", payload)] == []


@pytest.mark.parametrize("character", ["x", "ü", "🙋", '"'])
def test_a_key_that_fits_nowhere_becomes_everything(character: str) -> None:
    short, long = (Topic.FEED, character * 1_000), (Topic.FEED, character * 8_000)
    assert fits("s", short)
    assert not fits("s", long)
    packed = list(payloads("s", [short, long]))
    assert [one for p in packed for one in received("t", p)] == [short, (Topic.FEED, EVERYTHING)]
