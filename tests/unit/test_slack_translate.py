"""From Slack's events to facts: each kind and each subtype."""

from __future__ import annotations

from typing import Any

import pytest

from bot.channels.slack.facts import (
    AssistantOpened,
    Deleted,
    Edited,
    File,
    Gone,
    Heard,
    HomeOpened,
    Ignored,
    Joined,
    Profile,
    Stopped,
)
from bot.channels.slack.translate import team_of, translate
from tests.unit.slack_payloads import THREAD, TS, a_message, an_event


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
