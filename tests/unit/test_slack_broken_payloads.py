"""Payloads of Slack's with parts gone or of another kind: understood or refused, never quoted."""

from __future__ import annotations

import contextlib
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.slack.facts import (
    Fact,
    Ignored,
)
from bot.channels.slack.shape import Malformed, micros_of
from bot.channels.slack.translate import team_of, translate
from tests.unit.slack_payloads import THREAD, TS, a_click, a_message, a_view, an_event

GOOD: list[dict[str, Any]] = [
    an_event(a_message(thread_ts=THREAD, files=[{"id": "F1", "size": 1}])),
    an_event(a_message(subtype="message_changed", previous_message=a_message(text="o"),
                       message=a_message(edited={"ts": TS}))),
    an_event(a_message(subtype="message_deleted", deleted_ts=TS, previous_message=a_message())),
    an_event({"type": "user_change", "user": {"id": "U1", "profile": {"email": "a@b"}}}),
    an_event({"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": ["U2"]}}),
    an_event({"type": "assistant_thread_started", "assistant_thread": {
        "user_id": "U1", "channel_id": "D1", "thread_ts": TS, "context": {}}}),
    a_click(state={"values": {"b": {"a": {"selected_options": [{"value": "v"}]}}}}),
    a_click(view={"id": "V1", "type": "home"}, container={"type": "view"}),
    a_view(),
    {"command": "/h", "team_id": "T1", "user_id": "U1", "channel_id": "C1", "trigger_id": "t"},
]  # fmt: skip


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for name, inner in value.items():
            found += places(inner, (*path, name))
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            found += places(inner, (*path, n))
    return found


PLACES = [(n, path) for n, payload in enumerate(GOOD) for path in places(payload)]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=6,
)


def understood(payload: object) -> None:
    with contextlib.suppress(Malformed):
        assert isinstance(translate(payload), Fact | Ignored)
    with contextlib.suppress(Malformed):
        assert team_of(payload)


@pytest.mark.parametrize("payload", GOOD)
def test_the_payloads_that_are_broken_below_are_good(payload: dict[str, Any]) -> None:
    assert isinstance(translate(payload), Fact)


@given(JSON)
def test_any_payload_is_understood_or_refused(payload: object) -> None:
    understood(payload)


@given(st.sampled_from(PLACES), JSON)
def test_any_member_of_the_wrong_kind_is_refused(place: tuple[int, Any], value: object) -> None:
    number, path = place
    payload = deepcopy(GOOD[number])
    holder: Any = payload
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    understood(payload)


@given(st.sampled_from(PLACES))
def test_any_member_may_be_missing(place: tuple[int, Any]) -> None:
    number, path = place
    payload = deepcopy(GOOD[number])
    holder: Any = payload
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    understood(payload)


@pytest.mark.parametrize(
    "ts", ["", "1", "1.", "٣.1", "1.0000001", "-1.0", "1.0 ", "9" * 12 + ".0", "nan", "1e5.0"]
)
def test_what_is_no_timestamp(ts: str) -> None:
    with pytest.raises(Malformed):
        micros_of(ts)
    with pytest.raises(Malformed):
        translate(an_event(a_message(ts=ts)))


def test_a_refusal_quotes_nothing() -> None:
    with pytest.raises(Malformed) as refused:
        translate(an_event(a_message(user={"secret": "words"})))
    assert refused.value.message == "payload.event.user is not a text."
