"""Bytes from anybody become a frame or one `ProtocolError`, and frames become commands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain import commands
from bot.domain.commands import Actor, Offer, Outcome
from bot.domain.errors import NotFound, RateLimited
from bot.domain.instants import MINUTE
from web.chat import frames, protocol
from web.chat.acts import command_of
from web.chat.protocol import MAX_TEXT, ProtocolError, decode

ACTOR = Actor(person_id="p", channel="chat")

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
TYPES = [
    "auth", "renew", "watch", "unwatch", "visible", "ping", "seen", "start", "message", "resume",
    "answer", "cancel", "end", "stop", "comment", "delegate", "claim", "release", "ask_again",
    "reopen",
]  # fmt: skip
FIELDS = [
    "token", "cursor", "session_id", "client_id", "text", "end", "request_id", "digest",
    "approved", "choices", "version", "visible", "values", "changes", "to", "within_hours",
    "response_id",
]  # fmt: skip
NEARLY_FRAMES = st.builds(
    lambda kind, rest: {"type": kind, **rest},
    st.sampled_from(TYPES),
    st.dictionaries(st.sampled_from(FIELDS), ANY_JSON),
)


def decoded(data: bytes | str) -> protocol.ClientFrame | ProtocolError:
    try:
        return decode(data)
    except ProtocolError as refused:
        return refused


@given(st.binary() | st.text(st.characters(), max_size=200))
@example(b"[" * 100_000)
@example(b'{"a":' * 30_000)
@example(b"9" * 100_000)
@example(b'{"type":"ping","x":' + b"9" * 10_000 + b"}")
@example(b'{"type":"watch","session_id":"s","cursor":' + b"9" * 10_000 + b"}")
@example(b'{"type":"watch","session_id":"s","cursor":NaN}')
@example(b'\xff\xfe{"type":"ping"}')
@example(b'{"type":"message","client_id":"c","session_id":"s","text":"\\ud800"}')
@example('{"type":"message","client_id":"c","session_id":"s","text":"\ud800"}')
@example(b'{"type":["message"]}')
@example(b'{"type":{"a":1}}')
@example(b"")
def test_any_bytes_are_a_frame_or_a_protocol_error(data: bytes | str) -> None:
    decoded(data)


@given(NEARLY_FRAMES | ANY_JSON)
def test_any_json_is_a_frame_or_a_protocol_error_that_can_be_sent(frame: Any) -> None:
    result = decoded(json.dumps(frame))
    if isinstance(result, ProtocolError):
        sent = json.loads(frames.error(result, result.client_id))
        assert sent["type"] == "error"
        assert len(sent["error"]["message"]) < 500


@pytest.mark.parametrize(
    ("frame", "code", "says"),
    [
        ({"type": "message", "client_id": "c", "session_id": "s"}, "invalid_frame", "text"),
        ({"type": "ping", "extra": 1}, "invalid_frame", "extra"),
        ({"type": "watch", "session_id": "s", "cursor": "1"}, "invalid_frame", "cursor"),
        ({"type": "watch", "session_id": "s", "cursor": -1}, "invalid_frame", "cursor"),
        ({"type": "watch", "session_id": "s", "cursor": 2**53}, "invalid_frame", "cursor"),
        ({"type": "watch", "session_id": "s", "cursor": True}, "invalid_frame", "cursor"),
        ({"type": "watch", "session_id": "s\x00"}, "invalid_frame", "session_id"),
        ({"type": "watch", "session_id": "s\n"}, "invalid_frame", "session_id"),
        ({"type": "seen", "request_id": "r", "version": 2**40}, "invalid_frame", "version"),
        ({"type": "nonsense"}, "unknown_type", "type"),
        ({"client_id": "c"}, "unknown_type", "type"),
        ([], "invalid_frame", "object"),
        (
            {"type": "message", "client_id": "c" * 65, "session_id": "s", "text": "x"},
            "invalid_frame",
            "client_id",
        ),
        (
            {"type": "message", "client_id": "c\n", "session_id": "s", "text": "x"},
            "invalid_frame",
            "client_id",
        ),
        (
            {"type": "message", "client_id": "c", "session_id": "s", "text": "a\x00b"},
            "invalid_frame",
            "NUL",
        ),
        (
            {"type": "answer", "client_id": "c", "request_id": "r", "digest": "d"},
            "invalid_frame",
            "approved",
        ),
        (
            {"type": "answer", "client_id": "c", "request_id": "r", "approved": True},
            "invalid_frame",
            "digest",
        ),
        (
            {
                "type": "answer",
                "client_id": "c",
                "request_id": "r",
                "digest": "d",
                "approved": True,
                "choices": ["a"],
            },
            "invalid_frame",
            "not more",
        ),
        (
            {
                "type": "answer",
                "client_id": "c",
                "request_id": "r",
                "digest": "d",
                "values": {},
                "choices": ["a"],
            },
            "invalid_frame",
            "not more",
        ),
        (
            {
                "type": "answer",
                "client_id": "c",
                "request_id": "r",
                "digest": "d",
                "values": {"name": 7},
            },
            "invalid_frame",
            "values.name",
        ),
        (
            {
                "type": "answer",
                "client_id": "c",
                "request_id": "r",
                "digest": "d",
                "values": {"name": "a\x00"},
            },
            "invalid_frame",
            "NUL",
        ),
        ({"type": "comment", "client_id": "c", "request_id": "r"}, "invalid_frame", "text"),
        (
            {"type": "comment", "client_id": "c", "request_id": "r", "text": "x", "changes": 1},
            "invalid_frame",
            "changes",
        ),
        ({"type": "delegate", "client_id": "c", "request_id": "r"}, "invalid_frame", "to"),
        (
            {"type": "delegate", "client_id": "c", "request_id": "r", "to": "x" * 255},
            "invalid_frame",
            "to",
        ),
        ({"type": "claim", "client_id": "c"}, "invalid_frame", "request_id"),
        (
            {"type": "ask_again", "client_id": "c", "request_id": "r", "within_hours": "2"},
            "invalid_frame",
            "within_hours",
        ),
        (
            {"type": "ask_again", "client_id": "c", "request_id": "r", "within_hours": 1e300},
            "invalid_frame",
            "within_hours",
        ),
        ({"type": "reopen", "client_id": "c", "request_id": "r"}, "invalid_frame", "response_id"),
    ],
)
def test_what_is_wrong_is_said(frame: Any, code: str, says: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        decode(json.dumps(frame))
    assert refused.value.code == code
    assert says in refused.value.message


def test_the_text_limit_counts_bytes() -> None:
    def say(text: str) -> str:
        frame = {"type": "message", "client_id": "c", "session_id": "s", "text": text}
        return json.dumps(frame, ensure_ascii=False)

    assert isinstance(decode(say("🙂" * (MAX_TEXT // 4))), protocol.Say)
    with pytest.raises(ProtocolError) as refused:
        decode(say("🙂" * (MAX_TEXT // 4) + "x"))
    assert refused.value.code == "too_large"
    assert refused.value.client_id == "c"
    assert "🙂" not in refused.value.message


def test_a_refusal_names_the_act_only_where_its_id_can_be_read() -> None:
    good, bad = decoded('{"type":"end","client_id":"a-1"}'), decoded('{"type":"end","client_id":7}')
    assert isinstance(good, ProtocolError)
    assert good.client_id == "a-1"
    assert isinstance(bad, ProtocolError)
    assert bad.client_id is None


def test_a_refusal_does_not_repeat_the_senders_text_or_token() -> None:
    refused = decoded('{"type":"auth","token":"se cret","cursor":0}')
    assert isinstance(refused, ProtocolError)
    assert "cret" not in refused.message + str(refused.details)
    assert "secret" not in repr(decode('{"type":"auth","token":"secret"}'))


@pytest.mark.parametrize(
    ("frame", "command"),
    [
        (
            {"type": "start", "text": "hi", "end": "s"},
            commands.StartSession(external_key="k", actor=ACTOR, text="hi", end="s"),
        ),
        (
            {"type": "message", "session_id": "s", "text": "hi"},
            commands.ReceiveMessage(external_key="k", actor=ACTOR, session_id="s", text="hi"),
        ),
        (
            {"type": "resume", "session_id": "s"},
            commands.ResumeSession(external_key="k", actor=ACTOR, session_id="s"),
        ),
        (
            {"type": "answer", "request_id": "r", "digest": "d", "approved": False, "text": "no"},
            commands.AnswerRequest(
                external_key="k", actor=ACTOR, request_id="r", digest="d", approved=False,
                text="no",
            ),
        ),
        (
            {"type": "answer", "request_id": "r", "digest": "d", "choices": ["a", "b"]},
            commands.AnswerRequest(
                external_key="k", actor=ACTOR, request_id="r", digest="d", choices=("a", "b")
            ),
        ),
        (
            {"type": "answer", "request_id": "r", "digest": "d", "values": {"a": "1", "b": ""}},
            commands.AnswerRequest(
                external_key="k", actor=ACTOR, request_id="r", digest="d",
                values=(("a", "1"), ("b", "")),
            ),
        ),
        (
            {"type": "answer", "request_id": "r", "digest": "d", "values": {}},
            commands.AnswerRequest(
                external_key="k", actor=ACTOR, request_id="r", digest="d", values=()
            ),
        ),
        (
            {"type": "comment", "request_id": "r", "text": "hm", "changes": True},
            commands.CommentOn(
                external_key="k", actor=ACTOR, request_id="r", text="hm", changes=True
            ),
        ),
        (
            {"type": "delegate", "request_id": "r", "to": "@bob"},
            commands.Delegate(external_key="k", actor=ACTOR, request_id="r", to="@bob"),
        ),
        (
            {"type": "claim", "request_id": "r"},
            commands.ClaimRequest(external_key="k", actor=ACTOR, request_id="r"),
        ),
        (
            {"type": "release", "request_id": "r"},
            commands.ReleaseRequest(external_key="k", actor=ACTOR, request_id="r"),
        ),
        (
            {"type": "ask_again", "request_id": "r"},
            commands.AskAgain(external_key="k", actor=ACTOR, request_id="r"),
        ),
        (
            {"type": "ask_again", "request_id": "r", "within_hours": 1.5},
            commands.AskAgain(
                external_key="k", actor=ACTOR, request_id="r", within=90 * MINUTE
            ),
        ),
        (
            {"type": "reopen", "request_id": "r", "response_id": "a"},
            commands.ReopenWith(
                external_key="k", actor=ACTOR, request_id="r", response_id="a"
            ),
        ),
        (
            {"type": "cancel", "request_id": "r"},
            commands.CancelRequest(external_key="k", actor=ACTOR, request_id="r"),
        ),
        (
            {"type": "end", "session_id": "s"},
            commands.CloseSession(external_key="k", actor=ACTOR, session_id="s"),
        ),
        (
            {"type": "stop", "session_id": "s"},
            commands.StopTurn(external_key="k", actor=ACTOR, session_id="s"),
        ),
    ],
)  # fmt: skip
def test_frames_become_commands(frame: dict[str, Any], command: commands.Command) -> None:
    decoded_frame = decode(json.dumps({"client_id": "c", **frame}))
    assert isinstance(decoded_frame, protocol.Act)
    assert command_of(decoded_frame, ACTOR, "k") == command  # type: ignore[arg-type]


def test_an_ack_says_null_for_what_is_not_set() -> None:
    sent = json.loads(frames.ack("c", Outcome(status="stored", session_id="s", seq=3)))
    assert sent == {
        "type": "ack",
        "client_id": "c",
        "outcome": {
            "status": "stored", "session_id": "s", "request_id": None, "seq": 3, "text": None,
            "replayed": False, "offer": None,
        },
    }  # fmt: skip
    held = Outcome(status="held", offer=(Offer(session_id="s", title="Old"),))
    assert json.loads(frames.ack("c", held))["outcome"]["offer"] == [
        {"session_id": "s", "title": "Old"}
    ]


def test_an_error_frame_says_when_to_come_back() -> None:
    limited = RateLimited("Slow down.", retry_after=7, limit=30, scope="user")
    sent = json.loads(frames.error(limited, "c"))
    assert sent["retry_after"] == 7
    assert sent["client_id"] == "c"
    plain = json.loads(frames.error(NotFound("No.")))
    assert plain == {
        "type": "error",
        "error": {"code": "not_found", "message": "No.", "details": {}},
    }
