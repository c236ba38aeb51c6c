"""From Slack's payloads to facts: each kind, each subtype, and whatever else may come."""

from __future__ import annotations

import contextlib
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.slack.facts import (
    AssistantOpened,
    Clicked,
    Closed,
    Commanded,
    Deleted,
    Edited,
    Fact,
    File,
    Gone,
    Heard,
    HomeOpened,
    Ignored,
    Joined,
    Pointed,
    Profile,
    Stopped,
    Submitted,
)
from bot.channels.slack.shape import Malformed, micros_of
from bot.channels.slack.translate import team_of, translate

TS = "1773000000.000100"
THREAD = "1772990000.000200"


def an_event(event: dict[str, Any], **outer: Any) -> dict[str, Any]:
    return {
        "type": "event_callback",
        "team_id": "T1",
        "api_app_id": "A1",
        "event_id": "Ev1",
        "event_time": 1_773_000_000,
        "authorizations": [{"team_id": "T1", "user_id": "UBOT", "is_bot": True}],
        "event": event,
        **outer,
    }


def a_message(**changes: Any) -> dict[str, Any]:
    return {
        "type": "message", "channel": "C1", "channel_type": "channel", "user": "U1", "team": "T1",
        "ts": TS, "text": "hello", **changes,
    }  # fmt: skip


def heard(event: dict[str, Any], **outer: Any) -> Heard:
    fact = translate(an_event(event, **outer))
    assert isinstance(fact, Heard)
    return fact


def test_a_message() -> None:
    assert heard(a_message()) == Heard(
        key=f"slack:T1:C1:{TS}",
        team="T1",
        channel="C1",
        user="U1",
        user_team="T1",
        ts=TS,
        thread_ts=None,
        text="hello",
        mentions_bot=False,
        is_dm=False,
        at=1_773_000_000_000_100,
    )


def test_a_mention_and_its_message_are_one() -> None:
    text = "<@UBOT> help"
    message = heard(a_message(text=text), event_id="Ev1")
    mention = heard(
        {
            "type": "app_mention",
            "channel": "C1",
            "user": "U1",
            "team": "T1",
            "ts": TS,
            "text": text,
        },
        event_id="Ev2",
    )
    assert message == mention
    assert mention.mentions_bot


def test_the_bot_is_known_by_its_own_id_where_slack_does_not_say() -> None:
    event = an_event(a_message(text="<@UBOT> help"), authorizations=[])
    assert translate(event, bot="UBOT").mentions_bot  # type: ignore[union-attr]
    assert not translate(event).mentions_bot  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"thread_ts": THREAD}, "thread_ts", THREAD),
        ({"thread_ts": THREAD}, "thread", THREAD),
        ({"thread_ts": TS}, "thread_ts", None),
        ({}, "thread", TS),
        ({"channel": "D1", "channel_type": "im"}, "is_dm", True),
        ({"channel": "D1"}, "is_dm", True),
        ({"channel": "G1", "channel_type": "mpim"}, "is_dm", False),
        ({"subtype": "me_message"}, "is_me", True),
        ({"subtype": "thread_broadcast", "thread_ts": THREAD}, "thread_ts", THREAD),
        ({"user_team": "T9"}, "user_team", "T9"),
        ({"team": "T8"}, "user_team", "T8"),
        ({"text": None}, "text", ""),
        ({"subtype": "file_share", "files": [
            {"id": "F1", "name": "a.pdf", "mimetype": "application/pdf", "size": 10},
            {"id": "F2", "file_access": "check_file_info"},
        ]}, "files", (
            File(id="F1", name="a.pdf", mimetype="application/pdf", size=10),
            File(id="F2", name="a file", mimetype="", size=0),
        )),
    ],
)  # fmt: skip
def test_what_a_message_tells(changes: dict[str, Any], field: str, value: object) -> None:
    assert getattr(heard(a_message(**changes)), field) == value


@pytest.mark.parametrize(
    "event",
    [
        a_message(bot_id="B1"),
        a_message(subtype="bot_message"),
        a_message(user="UBOT"),
        a_message(user="USLACKBOT"),
        a_message(hidden=True),
        a_message(subtype="channel_join"),
        a_message(subtype="message_replied"),
        a_message(subtype="assistant_app_thread"),
        a_message(subtype="message_changed", message=a_message(bot_id="B1", text="x")),
        a_message(subtype="message_changed", message=a_message(), previous_message=a_message()),
        a_message(subtype="message_changed", message=a_message(text="with a preview")),
        a_message(subtype="message_deleted", deleted_ts=TS, previous_message=a_message(bot_id="B")),
        {"type": "app_mention", "channel": "C1", "user": "UBOT", "ts": TS, "text": "<@UBOT>"},
        {"type": "reaction_added"},
    ],
)
def test_what_is_left_alone_is_left_for_a_reason(event: dict[str, Any]) -> None:
    fact = translate(an_event(event))
    assert isinstance(fact, Ignored)
    assert fact.reason


def test_an_edit() -> None:
    event = {
        "type": "message", "subtype": "message_changed", "channel": "C1", "hidden": True,
        "ts": "1773000009.000000",
        "message": a_message(text="new", edited={"user": "U1", "ts": "1773000008.000000"},
                             thread_ts=THREAD),
        "previous_message": a_message(text="old"),
    }  # fmt: skip
    assert translate(an_event(event)) == Edited(
        key=f"slack:T1:C1:{TS}:edited:1773000008.000000", team="T1", channel="C1", user="U1",
        ts=TS, thread_ts=THREAD, before="old", text="new", at=1_773_000_008_000_000,
    )  # fmt: skip


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": TS,
         "previous_message": a_message(thread_ts=THREAD)},
        {"type": "message", "subtype": "message_changed", "channel": "C1",
         "message": {"subtype": "tombstone", "ts": TS, "text": "This message was deleted."},
         "previous_message": a_message(thread_ts=THREAD)},
    ],
)  # fmt: skip
def test_a_message_is_taken_away(event: dict[str, Any]) -> None:
    assert translate(an_event(event)) == Deleted(
        key=f"slack:T1:C1:{TS}:deleted", team="T1", channel="C1", ts=TS, thread_ts=THREAD, user="U1"
    )


def test_other_events() -> None:
    opened = translate(an_event({"type": "app_home_opened", "user": "U1", "channel": "D1",
                                 "tab": "home", "event_ts": TS}))  # fmt: skip
    assert isinstance(opened, HomeOpened)
    assert (opened.user, opened.tab) == ("U1", "home")
    assistant = translate(an_event({"type": "assistant_thread_started", "assistant_thread": {
        "user_id": "U1", "channel_id": "D1", "thread_ts": TS,
        "context": {"channel_id": "C7", "team_id": "T1"}}}))  # fmt: skip
    assert isinstance(assistant, AssistantOpened)
    assert (assistant.thread_ts, assistant.context_channel) == (TS, "C7")
    joined = translate(an_event({"type": "member_joined_channel", "user": "UBOT", "channel": "C1",
                                 "team": "T1", "inviter": "U1"}))  # fmt: skip
    assert isinstance(joined, Joined)
    assert (joined.is_bot, joined.inviter) == (True, "U1")
    revoked = translate(
        an_event({"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": []}})
    )
    assert isinstance(revoked, Gone)
    assert (revoked.bot, revoked.users) == (False, ("U1",))
    gone = translate(an_event({"type": "app_uninstalled"}))
    assert isinstance(gone, Gone)
    assert gone.bot


def test_a_press_on_stop() -> None:
    pressed = {
        "type": "agent_session_stopped",
        "channel": "C1",
        "user": "U1",
        "thread_ts": THREAD,
        "streaming_message_ts": [],
        "event_ts": TS,
    }
    assert translate(an_event(pressed, event_id="Ev7")) == Stopped(
        key="slack:T1:stopped:Ev7", team="T1", user="U1", channel="C1", thread_ts=THREAD
    )
    del pressed["thread_ts"]
    assert isinstance(translate(an_event(pressed)), Ignored)


@pytest.mark.parametrize("kind", ["user_change", "team_join"])
def test_a_user(kind: str) -> None:
    user = {
        "id": "U1", "team_id": "T1", "name": "ana", "deleted": False, "tz": "Europe/Berlin",
        "is_email_confirmed": True, "is_bot": False, "is_restricted": False,
        "is_ultra_restricted": True, "updated": 5,
        "profile": {"real_name": "Ana Silva", "display_name": "ana s", "first_name": "Ana",
                    "email": "ana@example.org"},
    }  # fmt: skip
    assert translate(an_event({"type": kind, "user": user})) == Profile(
        key="slack:T1:user:Ev1", team="T1", user="U1", user_team="T1", handle="ana",
        name="Ana Silva", first_name="Ana", email="ana@example.org", email_confirmed=True,
        zone="Europe/Berlin", deleted=False, is_bot=False, is_guest=True, is_stranger=False,
        updated=5,
    )  # fmt: skip


def test_the_installation_counts_in_a_shared_channel() -> None:
    event = an_event(a_message(team="T9"), team_id="T9")
    assert translate(event).team == "T1"  # type: ignore[union-attr]
    assert heard(a_message(team="T9"), team_id="T9").user_team == "T9"
    assert team_of(event) == "T1"


def a_click(**changes: Any) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "team": {"id": "T1", "domain": "x"},
        "user": {"id": "U1", "team_id": "T1", "username": "ana"},
        "container": {"type": "message", "message_ts": TS, "channel_id": "D1",
                      "is_ephemeral": False},
        "channel": {"id": "D1", "name": "directmessage"},
        "message": {"ts": TS, "text": "…"},
        "trigger_id": "1.2.abc",
        "response_url": "https://hooks.slack.test/1",
        "actions": [{"type": "button", "action_id": "hr.approve", "block_id": "b",
                     "value": "1:r:d::", "action_ts": "1773000100.000001"}],
        **changes,
    }  # fmt: skip


def clicked(payload: dict[str, Any]) -> Clicked:
    fact = translate(payload)
    assert isinstance(fact, Clicked)
    return fact


def test_a_click() -> None:
    click = clicked(a_click())
    assert click.key == f"slack:T1:click:{TS}:1773000100.000001:U1"
    assert (click.action_id, click.value, click.channel) == ("hr.approve", "1:r:d::", "D1")
    assert click.at == 1_773_000_100_000_001
    assert click.view_id is None
    assert not click.is_home


def test_a_select_and_what_was_picked() -> None:
    base = {"action_id": "hr.pick", "block_id": "b", "action_ts": "1773000100.000001"}
    one = clicked(a_click(actions=[{**base, "type": "static_select",
                                    "selected_option": {"value": "v3"}}]))  # fmt: skip
    assert one.value == "v3"
    picked = [{"value": "v1"}, {"value": "v2"}]
    several = clicked(a_click(
        actions=[{**base, "action_id": "hr.submit", "type": "button", "value": "x"}],
        state={"values": {"b": {"hr.pick": {"type": "multi_static_select",
                                            "selected_options": picked}}}},
    ))  # fmt: skip
    assert dict(several.inputs) == {"hr.pick": ("v1", "v2")}


def test_a_click_on_home() -> None:
    payload = a_click(
        view={"id": "V1", "type": "home", "app_installed_team_id": "T1"},
        container={"type": "view", "view_id": "V1"},
    )
    del payload["message"], payload["channel"]
    click = clicked(payload)
    assert click.is_home
    assert click.key == "slack:T1:click:V1:1773000100.000001:U1"


def a_view(**changes: Any) -> dict[str, Any]:
    return {
        "type": "view_submission",
        "team": {"id": "T1"},
        "user": {"id": "U1", "team_id": "T1"},
        "trigger_id": "t",
        "view": {
            "id": "V1", "type": "modal", "callback_id": "hr.answer", "private_metadata": "{}",
            "state": {"values": {
                "words": {"v": {"type": "plain_text_input", "value": "yes"}},
                "empty": {"v": {"type": "plain_text_input", "value": None}},
                "field.0": {"v": {"type": "datepicker", "selected_date": "2026-03-14"}},
                "field.1": {"v": {"type": "static_select", "selected_option": {"value": "2"}}},
                "field.2": {"v": {"type": "radio_buttons", "selected_option": None}},
                "user": {"v": {"type": "users_select", "selected_user": "U2"}},
                "people": {"v": {"type": "multi_users_select", "selected_users": ["U2", "U3"]}},
            }},
        },
        **changes,
    }  # fmt: skip


def test_a_modal_that_was_sent() -> None:
    fact = translate(a_view())
    assert isinstance(fact, Submitted)
    assert dict(fact.inputs) == {
        "words": "yes", "field.0": "2026-03-14", "field.1": "2", "user": "U2",
        "people": ("U2", "U3"),
    }  # fmt: skip
    assert fact == translate(a_view())


def test_a_modal_that_was_mended_is_another_act() -> None:
    mended = deepcopy(a_view())
    mended["view"]["state"]["values"]["words"]["v"]["value"] = "no"
    assert translate(mended).key != translate(a_view()).key  # type: ignore[union-attr]


def test_the_other_interactions() -> None:
    closed = translate(a_view(type="view_closed"))
    assert isinstance(closed, Closed)
    pointed = translate({
        "type": "message_action", "callback_id": "hr.ask", "trigger_id": "t", "action_ts": TS,
        "team": {"id": "T1"}, "user": {"id": "U1"}, "channel": {"id": "C1"},
        "message": {"ts": TS, "thread_ts": THREAD, "text": "is it so?", "user": "U2"},
    })  # fmt: skip
    assert isinstance(pointed, Pointed)
    assert (pointed.text, pointed.author, pointed.thread_ts) == ("is it so?", "U2", THREAD)
    anywhere = translate({"type": "shortcut", "callback_id": "hr.ask", "trigger_id": "t",
                          "action_ts": TS, "team": {"id": "T1"}, "user": {"id": "U1"}})  # fmt: skip
    assert isinstance(anywhere, Pointed)
    assert anywhere.channel is None
    command = translate({"command": "/handraise", "text": "status", "team_id": "T1",
                         "user_id": "U1", "channel_id": "C1", "trigger_id": "t",
                         "response_url": "https://hooks.slack.test/2"})  # fmt: skip
    assert isinstance(command, Commanded)
    assert (command.command, command.text) == ("/handraise", "status")
    assert isinstance(translate({"type": "block_suggestion"}), Ignored)


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
